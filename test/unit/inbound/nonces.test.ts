/** Nonces of cards: genuine, of one tenant, for thirty days; and what an interaction is compared by. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interactionHash, Nonces, nonceDays } from '../../../src/inbound/nonces.ts';

const tenant = '00000000-0000-4000-8000-000000000001';
const other = '00000000-0000-4000-8000-000000000002';
const now = new Date('2026-11-21T10:00:00Z');
const nonces = new Nonces('key');
const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000);

describe('nonces', () => {
  it('are valid for their tenant until their life is over', () => {
    const nonce = nonces.issue(tenant, now);
    expect(nonces.isValid(tenant, nonce, now)).toBe(true);
    expect(nonces.isValid(tenant, nonce, inDays(nonceDays - 0.01))).toBe(true);
    expect(nonces.isValid(tenant, nonce, inDays(nonceDays + 0.01))).toBe(false);
    expect(nonces.isValid(other, nonce, now)).toBe(false);
    expect(new Nonces('another key').isValid(tenant, nonce, now)).toBe(false);
  });

  it('are never the same twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => nonces.issue(tenant, now))).size).toBe(1000);
  });

  it('cannot be made up or changed', () => {
    const nonce = nonces.issue(tenant, now);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.string().map((tail) => `${nonce.split('.')[0]}.${tail}`),
        ),
        (text) => {
          fc.pre(text !== nonce);
          expect(nonces.isValid(tenant, text, now)).toBe(false);
        },
      ),
    );
    const [body = '', mac = ''] = nonce.split('.');
    // Another spelling of the same bytes would be another key of what is used up.
    for (const spelling of [`${nonce}.`, `${nonce}.x`, `${body}=.${mac}`, ` ${nonce}`, `${body}\n.${mac}`]) {
      expect(nonces.isValid(tenant, spelling, now)).toBe(false);
    }
    const older = Buffer.from(body, 'base64url');
    older.writeUInt32BE(older.readUInt32BE(12) + 86_400, 12);
    expect(nonces.isValid(tenant, `${older.toString('base64url')}.${mac}`, now)).toBe(false);
  });
});

describe('interactionHash', () => {
  it('is the same for the same input in any order, and another for another input', () => {
    expect(interactionHash('a', { x: 1, y: [2] })).toBe(interactionHash('a', { y: [2], x: 1 }));
    expect(interactionHash('a', { x: 1 })).not.toBe(interactionHash('a', { x: '1' }));
    expect(interactionHash('a', {})).not.toBe(interactionHash('b', {}));
  });
});
