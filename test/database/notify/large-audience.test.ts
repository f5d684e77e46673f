/** Audiences of 100,000 and more: accepted and worked through by few statements, in bounded chunks. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../../src/infra/database.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { type Enqueued, enqueueNotification } from '../../../src/notify/enqueue.ts';
import { chunkSize, expandChunk } from '../../../src/notify/expand-audience.ts';
import { insertGroup } from '../../../src/notify/group-store.ts';
import type { Recipient } from '../../../src/notify/recipients.ts';
import { announcement, counted, deps, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: NotifyTenant;
let registration: string;
const size = 100_000;
/** The store's batches of 20,000, each with a look-up, and a few statements besides. */
const mostStatements = (size / 20_000) * 2 + 7;

beforeAll(async () => {
  ({ database, close } = await openDatabase());
  tenant = await NotifyTenant.create(database);
  registration = await tenant.registration('slack');
  await tenant.crowd(size, registration);
}, 180_000);
afterAll(() => close());

function enqueue(to: readonly Recipient[]): Promise<Enqueued & { statements: number }> {
  return tenant.within(async (tx) => {
    const counting = counted(tx);
    const enqueued = await enqueueNotification(counting.tx, { ...announcement, to }, now);
    return { ...enqueued, statements: counting.statements() };
  });
}

const users = (limit: number) =>
  tenant.within((tx) =>
    tx.query<{ user: string }>('select user_id as user from users where tenant_id = $1 limit $2', [
      tx.tenantId,
      limit,
    ]),
  );

test('everyone is accepted by a handful of statements, and worked through in chunks of 1,000', async () => {
  const { notificationId, recipients, statements } = await enqueue([{ everyone: true }]);
  expect(recipients).toBe(size);
  expect(statements).toBeLessThanOrEqual(mostStatements);
  const told = new Set<string>();
  for (let chunks = 0; chunks * chunkSize < size; ) {
    const chunk = await tenant.within(async (tx) => {
      const counting = counted(tx);
      const expanded = await expandChunk(counting.tx, deps, [notificationId], 5_000, now);
      expect(counting.statements()).toBeLessThanOrEqual(20);
      return expanded;
    });
    chunks += 1;
    expect(chunk.deliveries).toHaveLength(chunkSize);
    expect(chunk.unfinished).toEqual(chunks * chunkSize < size ? [notificationId] : []);
    for (const { userId } of chunk.deliveries) told.add(userId ?? '');
  }
  expect(told.size).toBe(size);
  expect(await tenant.count('delivery_ready')).toBe(size);
  expect(await tenant.count('notification_audience')).toBe(0);
}, 300_000);

test('as many who are named are accepted by a handful of statements', async () => {
  const { recipients, statements } = await enqueue(await users(size));
  expect(recipients).toBe(size);
  expect(statements).toBeLessThanOrEqual(mostStatements);
}, 120_000);

test('everyone, named people and groups together are each there once, without a gap', async () => {
  const left = await tenant.person('left', { active: false });
  const named = await users(25_000);
  const group = newId();
  const members = [left, ...named.slice(0, 10).map(({ user }) => user)];
  await tenant.within((tx) => insertGroup(tx, { groupId: group, name: 'on call', members }, now));
  const { notificationId, recipients } = await enqueue([...named, { everyone: true }, { group }]);
  expect(recipients).toBe(size + 1);
  const [row] = await tenant.within((tx) =>
    tx.query<Record<string, number>>(
      `select count(*) as rows, count(distinct user_id) as people, min(ordinal) as first, max(ordinal) as last
         from notification_audience where tenant_id = $1 and notification_id = $2`,
      [tx.tenantId, notificationId],
    ),
  );
  expect(row).toEqual({ rows: size + 1, people: size + 1, first: 1, last: size + 1 });
}, 120_000);

test('as many addresses as fit into 16 MB are accepted', async () => {
  const to = Array.from({ length: 190_000 }, (_, index) => ({
    registration,
    address: `C${String(index).padStart(10, '0')}`,
  }));
  expect(JSON.stringify(to).length).toBeGreaterThan(14_000_000);
  expect((await enqueue(to)).recipients).toBe(190_000);
}, 120_000);
