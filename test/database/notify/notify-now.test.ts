/** Notifications whose deliveries are made as they are accepted: the same ones that the notifier would make. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTicket } from '../../../src/desk/create-ticket.ts';
import type { AnnouncedWork, Database } from '../../../src/infra/database.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { enqueueNotification, type NotificationRequest } from '../../../src/notify/enqueue.ts';
import { expandNotification } from '../../../src/notify/expand-audience.ts';
import { notifyNow } from '../../../src/notify/notify-now.ts';
import type { Recipient } from '../../../src/notify/recipients.ts';
import { updateTenant } from '../../../src/tenants/tenant-store.ts';
import { announcement, at, deps, hourMs, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: NotifyTenant;
let to: Recipient[];
let announced: AnnouncedWork[] = [];
let stopListening: () => void;

beforeAll(async () => {
  ({ database, close } = await openDatabase());
  stopListening = database.onAnnounced((work) => announced.push(work));
});
afterAll(async () => {
  stopListening();
  await close();
});
beforeEach(async () => {
  tenant = await NotifyTenant.create(database);
  const slack = await tenant.registration('slack');
  const [linked = '', gone = ''] = await tenant.people(2, slack);
  await tenant.within((tx) =>
    tx.execute(`update users set status = 'deactivated' where tenant_id = $1 and user_id = $2`, [
      tx.tenantId,
      gone,
    ]),
  );
  to = [
    { user: linked },
    { user: gone },
    { user: linked.toUpperCase() },
    { user: await tenant.person('unlinked') },
    { conversation: await tenant.conversation(slack, 'slack', { group: 'C1' }) },
    { registration: slack, address: 'C2' },
    { registration: slack, address: '?' },
  ];
  announced = [];
});

const tell = (over: Partial<NotificationRequest> = {}, limit = 1_000) =>
  tenant.within((tx) => notifyNow(tx, deps, { ...announcement, to, ...over }, limit, now));

async function leave(over: Partial<NotificationRequest> = {}): Promise<string> {
  const request = { ...announcement, to, ...over };
  const { notificationId } = await tenant.within((tx) => enqueueNotification(tx, request, now));
  await expandNotification({ ...deps, database, clock: { now: () => now } }, tenant.tenantId, notificationId);
  return notificationId;
}

/** What two notifications have in common when the same became of them. */
async function outcome(notificationId: string) {
  const [row] = await tenant.within((tx) =>
    tx.query<Record<string, unknown>>(
      `select category, content, recipients, priority, on_unknown, expanded_at, created_at, send_at, expires_at
         from notifications where tenant_id = $1 and notification_id = $2`,
      [tx.tenantId, notificationId],
    ),
  );
  const deliveries = await tenant.deliveries(notificationId);
  const facts = deliveries.map(({ delivery_id, notification_id, ...rest }) => rest);
  return { row, deliveries: facts.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))) };
}

test.each<[string, () => Promise<Partial<NotificationRequest>>]>([
  ['an announcement', async () => ({})],
  ['one to nobody', async () => ({ to: [] })],
  ['one for later', async () => ({ sendAt: at(hourMs), expiresAt: at(2 * hourMs) })],
  ['one at a local time', async () => ({ sendAtLocal: '2026-11-21T09:00' })],
  ['an urgent one about a ticket', async () => ({ priority: 1, ...(await aboutATicket()) })],
  ['one about an approval that is gone', async () => aboutNothing()],
])('%s has the deliveries that the notifier would make', async (_what, make) => {
  const over = await make();
  const { notificationId, recipients, deliveries } = await tell(over);
  const told = await outcome(notificationId);
  expect(told).toEqual(await outcome(await leave(over)));
  expect(told.row?.recipients).toBe(recipients);
  expect(deliveries).toHaveLength(told.deliveries.length);
});

test('so it is where the tenant is suspended, and where the category is switched off', async () => {
  await tenant.within((tx) =>
    tx.execute(`update tenant_settings set disabled_categories = '{announcement}' where tenant_id = $1`, [
      tx.tenantId,
    ]),
  );
  const off = await outcome((await tell()).notificationId);
  expect(new Set(off.deliveries.map(({ reason }) => reason))).toEqual(new Set(['category_disabled']));
  expect(off).toEqual(await outcome(await leave()));
  await updateTenant(database.directory, tenant.tenantId, { status: 'suspended' }, now);
  const suspended = await outcome((await tell()).notificationId);
  expect(new Set(suspended.deliveries.map(({ reason }) => reason))).toEqual(new Set(['tenant_suspended']));
  expect(suspended).toEqual(await outcome(await leave()));
});

test('nothing of it waits to be worked through, and nobody is asked to', async () => {
  await tell();
  expect(await tenant.count('notification_audience')).toBe(0);
  expect(await tenant.count('due_work')).toBe(0);
  expect(announced.map(({ kind }) => kind)).toEqual(['lane']);
});

test('a newer one replaces what is unsent of an older one', async () => {
  const first = await tell({ collapseKey: 'status' });
  const second = await tell({ collapseKey: 'status' });
  const unsent = (await tenant.deliveries(first.notificationId)).filter(({ due_at }) => due_at !== null);
  expect(unsent).toEqual([]);
  expect((await tenant.deliveries(second.notificationId)).some(({ status }) => status === 'queued')).toBe(
    true,
  );
});

test('a larger audience, and one that is not named, are worked through from the table', async () => {
  const left = await tell({}, 2);
  expect(left).toMatchObject({ recipients: 6, deliveries: [] });
  expect(await tenant.count('notification_audience')).toBe(6);
  const everyone = await tell({ to: [{ everyone: true }] });
  expect(everyone).toMatchObject({ recipients: 2 });
  expect(everyone.deliveries).toHaveLength(2);
});

test('the same key has the same notification, and nobody is told twice', async () => {
  const request = { key: 'k', fingerprint: 'f' };
  const first = await tell({ request });
  const again = await tell({ request });
  expect(again).toEqual({ ...first, repeated: true, deliveries: [] });
  expect(await tenant.count('deliveries')).toBe(first.deliveries.length);
});

test('a recipient that there is not is named, and nothing is written', async () => {
  await expect(tell({ to: [...to, { user: newId() }] })).rejects.toMatchObject({
    code: 'validation_error',
    fields: [{ path: 'to.7', message: 'is no user' }],
  });
  expect(await tenant.count('notifications')).toBe(0);
});

async function aboutATicket(): Promise<Partial<NotificationRequest>> {
  const ticket = await tenant.within((tx) =>
    createTicket(tx, { title: 'Printer' }, { actorUserId: null, now }),
  );
  return { target: { kind: 'ticket', id: ticket.ticketId } };
}

function aboutNothing(): Partial<NotificationRequest> {
  return {
    category: 'approval_request',
    content: { kind: 'event', noteId: null },
    target: { kind: 'approval', id: newId() },
  };
}
