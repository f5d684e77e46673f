/** What each role may do. */
import { describe, expect, test } from 'vitest';
import { capabilities, capabilitiesOf, roles } from '../../../src/tenants/capabilities.ts';

describe('roles', () => {
  test('let a viewer read everything but the audit, and nothing else', () => {
    const held = [...capabilitiesOf(['viewer'])];
    expect(held.sort()).toEqual(capabilities.filter((c) => c.endsWith(':read') && c !== 'audit:read').sort());
  });

  test('let a technician work on tickets without managing anything or speaking for others', () => {
    const held = capabilitiesOf(['technician']);
    for (const may of [
      'ticket:create',
      'ticket:update',
      'time_entry:create',
      'approval:respond',
      'operation:run',
    ] as const) {
      expect(held.has(may)).toBe(true);
    }
    expect([...held].filter((c) => /manage|run_as|audit|restore|backup:create|send/.test(c))).toEqual([]);
  });

  test('let an admin do everything in the tenant', () => {
    expect(capabilitiesOf(['admin'])).toEqual(new Set(capabilities));
  });

  test('add up, in any order', () => {
    expect(capabilitiesOf([])).toEqual(new Set());
    expect(capabilitiesOf([...roles])).toEqual(capabilitiesOf(['admin']));
    expect(capabilitiesOf(['technician', 'viewer'])).toEqual(capabilitiesOf(['technician']));
  });
});
