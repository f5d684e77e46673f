/** New deliveries on a real database: each once, ready to go, with its lane awake. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database, Transaction } from '../../../src/infra/database.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { attemptKey, createdAtOf, newDeliveryId } from '../../../src/notify/delivery-id.ts';
import { insertDeliveries, insertFallback } from '../../../src/notify/delivery-store.ts';
import { insertNotification } from '../../../src/notify/enqueue-store.ts';
import { writePreferences } from '../../../src/notify/preference-store.ts';
import type { Channel, NewDelivery } from '../../../src/notify/records.ts';
import { at, counted, hourMs, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: NotifyTenant;
const notificationId = newId();
const lane = newId();

beforeAll(async () => {
  ({ database, close } = await openDatabase());
});
afterAll(() => close());
beforeEach(async () => {
  await database.directory.execute('delete from active_lanes');
  tenant = await NotifyTenant.create(database);
});

const dm = (id: string, registrationId = lane): Channel => ({
  type: 'slack_dm',
  id,
  registrationId,
  platform: 'slack',
});

function delivery(over: Partial<NewDelivery> = {}): NewDelivery {
  return {
    deliveryId: newDeliveryId(now),
    createdAt: now,
    notificationId,
    category: 'announcement',
    userId: null,
    channel: dm('U1'),
    fallback: [],
    fallbackOf: null,
    skipped: null,
    dueAt: now,
    expiresAt: null,
    priority: 0,
    onUnknown: 'hold',
    ...over,
  };
}

const write = (...deliveries: NewDelivery[]) => tenant.within((tx) => insertDeliveries(tx, deliveries));
const lanes = () =>
  database.directory.query<{ lane_id: string; wake_at: Date }>(
    'select lane_id, wake_at from active_lanes order by wake_at',
  );

test('a delivery is queued, ready and wakes its lane from its earliest time on', async () => {
  const fallback = [{ ...dm('U2'), type: 'teams_chat' as const, platform: 'teams' }];
  const first = delivery({ dueAt: at(hourMs), fallback, priority: 1, expiresAt: at(9 * hourMs) });
  const other = newId();
  const second = delivery({ channel: dm('U3'), dueAt: at(60) });
  const third = delivery({ channel: dm('U4', other), dueAt: at(5) });
  expect(await write(first, second, third)).toEqual([first, second, third]);
  const stored = await tenant.deliveries();
  expect(stored).toHaveLength(3);
  expect(stored[0]).toMatchObject({
    delivery_id: first.deliveryId,
    status: 'queued',
    destination_id: 'U1',
    platform: 'slack',
    created_at: now,
    due_at: at(hourMs),
    // One level of priority counts like an hour of waiting.
    rank: now.getTime(),
    fallback,
    expires_at: at(9 * hourMs),
  });
  expect(createdAtOf(first.deliveryId)).toEqual(now);
  expect(await lanes()).toEqual([
    { lane_id: other, wake_at: at(5) },
    { lane_id: lane, wake_at: at(60) },
  ]);
});

test('the same destination of a notification gets one delivery, in one call or in two', async () => {
  const first = delivery();
  expect(await write(first, delivery({ userId: newId() }))).toEqual([first]);
  expect(await write(delivery())).toEqual([]);
  const elsewhere = [
    delivery({ notificationId: newId() }),
    delivery({ channel: { ...dm('U1'), type: 'lark_user' } }),
  ];
  expect(await write(...elsewhere)).toHaveLength(2);
  expect(await tenant.count('deliveries')).toBe(3);
  expect(await tenant.count('delivery_ready')).toBe(3);
  const key = attemptKey({
    notificationId,
    tenantId: tenant.tenantId,
    destinationType: 'slack_dm',
    destinationId: 'U1',
    attemptNo: 1,
  });
  const keys = await tenant.within((tx) =>
    tx.query('select delivery_id from delivery_idempotency where tenant_id = $1 and idempotency_key = $2', [
      tx.tenantId,
      key,
    ]),
  );
  expect(keys).toEqual([{ delivery_id: first.deliveryId }]);
});

test('of many who write the same at once each delivery is written by one', async () => {
  const destinations = Array.from({ length: 200 }, (_, index) => dm(`U${index}`));
  const written = await Promise.all(
    [0, 1, 2, 3].map((worker) => {
      const own = destinations.map((channel) => delivery({ channel }));
      return write(...(worker % 2 === 0 ? own : own.reverse()));
    }),
  );
  expect(written.flat()).toHaveLength(200);
  expect(await tenant.count('deliveries')).toBe(200);
  expect(await tenant.count('delivery_ready')).toBe(200);
});

test('a skipped one is recorded with its reason and goes nowhere', async () => {
  const userId = newId();
  const unmapped = delivery({ channel: null, userId, skipped: 'user_not_mapped' });
  expect(await write(unmapped, delivery({ skipped: 'muted' }))).toHaveLength(2);
  expect(await write(delivery({ channel: null, userId, skipped: 'user_not_mapped' }))).toEqual([]);
  expect(
    (await tenant.deliveries()).map(({ status, reason, error_code }) => [status, reason, error_code]),
  ).toEqual([
    ['skipped', 'muted', null],
    ['skipped', 'user_not_mapped', 'user_not_mapped'],
  ]);
  expect(await tenant.count('delivery_ready')).toBe(0);
  expect(await lanes()).toEqual([]);
});

test('thousands are written by a handful of statements', async () => {
  const many = Array.from({ length: 5_000 }, (_, index) => delivery({ channel: dm(`U${index}`) }));
  await tenant.within(async (tx) => {
    const counting = counted(tx);
    expect(await insertDeliveries(counting.tx, many)).toHaveLength(5_000);
    expect(counting.statements()).toBe(4);
  });
});

/** Without an audience. */
function notification(tx: Transaction, notificationId: string): void {
  insertNotification(tx, {
    notificationId,
    category: 'announcement',
    content: { kind: 'test' },
    target: null,
    actorUserId: null,
    onUnknown: 'hold',
    priority: 0,
    collapseKey: null,
    sendAt: null,
    sendAtLocal: null,
    expiresAt: null,
    recipients: 1,
    createdBy: { kind: 'operator', id: null },
    createdAt: now,
    expandedAt: null,
  });
}

test('a notification that was withdrawn has no fallback', async () => {
  const failed = delivery({ fallback: [dm('U2')] });
  await write(failed);
  await tenant.within(async (tx) => {
    notification(tx, failed.notificationId);
    await tx.execute(
      'update notifications set withdrawn_at = $3 where tenant_id = $1 and notification_id = $2',
      [tx.tenantId, failed.notificationId, now],
    );
  });
  expect(await tenant.within((tx) => insertFallback(tx, [failed], at(hourMs)))).toEqual([]);
});

test('a fallback goes to the next channel and keeps the rest, unless that place has a delivery', async () => {
  const fallback = [dm('U2'), dm('U3')];
  const failed = delivery({ fallback, priority: 1, onUnknown: 'resend', userId: newId() });
  await write(failed, delivery({ channel: dm('U9'), fallback: [] }));
  const { notificationId } = failed;
  await tenant.within(async (tx) => notification(tx, notificationId));
  const later = at(hourMs);
  const [next, ...others] = await tenant.within((tx) => insertFallback(tx, [failed, delivery()], later));
  expect(others).toEqual([]);
  expect(next).toMatchObject({
    fallbackOf: failed.deliveryId,
    userId: failed.userId,
    channel: dm('U2'),
    fallback: [dm('U3')],
    dueAt: later,
    createdAt: later,
    priority: 1,
    onUnknown: 'resend',
    skipped: null,
  });
  expect(next && createdAtOf(next.deliveryId)).toEqual(later);
  expect(await tenant.within((tx) => insertFallback(tx, [failed], later))).toEqual([]);
  expect(await tenant.within((tx) => insertFallback(tx, [], later))).toEqual([]);
});

test("a fallback waits for the end of the person's quiet hours, or is skipped where that is too late", async () => {
  const userId = await tenant.person('ann');
  // `now` is 09:00 UTC.
  const quietHours = { from: '08:00', to: '11:30' };
  await tenant.within((tx) => writePreferences(tx, userId, { quietHours, categories: {} }, now));
  const failed = (over: Partial<NewDelivery> = {}) =>
    delivery({ notificationId: newId(), userId, fallback: [dm('U2')], ...over });
  const [waiting, late, test] = [
    failed(),
    failed({ expiresAt: at(hourMs) }),
    failed({ category: 'test', notificationId: newId() }),
  ];
  await write(waiting, late, test);
  const next = await tenant.within(async (tx) => {
    for (const { notificationId } of [waiting, late, test]) notification(tx, notificationId);
    return await insertFallback(tx, [waiting, late, test], now);
  });
  const end = at(2.5 * hourMs);
  expect(next).toMatchObject([
    { fallbackOf: waiting.deliveryId, dueAt: end, skipped: null },
    { fallbackOf: late.deliveryId, skipped: 'quiet_hours_expired' },
    { fallbackOf: test.deliveryId, dueAt: now, skipped: null },
  ]);
});

test('another tenant sees nothing of it, and may send to the same place', async () => {
  await write(delivery());
  const other = await NotifyTenant.create(database);
  expect(await other.deliveries()).toEqual([]);
  expect(await other.within((tx) => insertDeliveries(tx, [delivery()]))).toHaveLength(1);
});
