/** Ids of deliveries hold their time; keys of attempts tell attempts apart. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isUuid } from '../../../src/kernel/ids.ts';
import { attemptKey, createdAtOf, newDeliveryId } from '../../../src/notify/delivery-id.ts';

const instant = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });

test('an id holds the very millisecond at which it was made', () => {
  fc.assert(
    fc.property(instant, (at) => {
      const id = newDeliveryId(at);
      expect(isUuid(id)).toBe(true);
      expect(id[14]).toBe('7');
      expect(createdAtOf(id)).toEqual(at);
    }),
  );
});

test('ids sort as their times do, and those of one millisecond differ', () => {
  fc.assert(
    fc.property(instant, instant, (a, b) => {
      const [first, second] = [newDeliveryId(a), newDeliveryId(b)];
      expect(first).not.toBe(second);
      if (a.getTime() !== b.getTime()) expect(first < second).toBe(a < b);
    }),
  );
});

test('the key is the published hash', () => {
  const attempt = {
    notificationId: 'n',
    tenantId: 't',
    destinationType: 'slack_dm' as const,
    destinationId: 'U1',
    attemptNo: 1,
  };
  // printf 'n|t|slack_dm|U1|1' | sha256sum
  expect(attemptKey(attempt)).toBe('8e5649270cd5baeb1bae716669aee4feeb8f4aa4aff58c52f7632df96d3a9929');
  for (const other of [
    { attemptNo: 2 },
    { destinationId: 'U2' },
    { notificationId: 'm' },
    { tenantId: 'u' },
  ]) {
    expect(attemptKey({ ...attempt, ...other })).not.toBe(attemptKey(attempt));
  }
});
