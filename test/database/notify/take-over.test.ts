/** What a new owner of a lane reads of its predecessor: every unfinished delivery once, however the lane is cut into parts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../../src/infra/database.ts';
import { enqueueNotification } from '../../../src/notify/enqueue.ts';
import { expandDue } from '../../../src/notify/expand-audience.ts';
import { loadUnfinished } from '../../../src/notify/ready-store.ts';
import { announcement, deps, hourMs, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

let database: Database;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ database, close } = await openDatabase());
});
afterAll(() => close());

async function laneOf(tenant: NotifyTenant, people: number): Promise<string> {
  const laneId = await tenant.registration('slack');
  await tenant.crowd(people, laneId);
  await tenant.within((tx) => enqueueNotification(tx, { ...announcement, to: [{ everyone: true }] }, now));
  await expandDue({ ...deps, database, clock: { now: () => now } });
  return laneId;
}

test('reads the same whatever the size of the parts, in the order in which they go', async () => {
  const tenant = await NotifyTenant.create(database);
  const other = await NotifyTenant.create(database);
  const laneId = await laneOf(tenant, 25);
  await laneOf(other, 5);
  const later = new Date(now.getTime() + hourMs);
  const expected = await tenant.within(async (tx) => {
    const rows = await tx.query<{ delivery_id: string }>(
      'select delivery_id from delivery_ready where tenant_id = $1 and lane_id = $2 order by rank, delivery_id',
      [tx.tenantId, laneId],
    );
    const ids = rows.map((row) => row.delivery_id);
    const every = (step: number, offset: number) => ids.filter((_, index) => index % step === offset);
    const set = (change: string, chosen: string[]) =>
      tx.execute(`update delivery_ready set ${change} where tenant_id = $1 and delivery_id = any($2)`, [
        tx.tenantId,
        chosen,
      ]);
    await set(`phase = 'sending', try_no = 1`, every(4, 0));
    await set(`phase = 'unknown', try_no = 1`, every(7, 6));
    await tx.execute(
      'update delivery_ready set try_no = 1, due_at = $3 where tenant_id = $1 and delivery_id = any($2)',
      [tx.tenantId, every(5, 3), later],
    );
    await set('try_no = 1', every(9, 7));
    const unfinished = new Set([...every(4, 0), ...every(7, 6), ...every(5, 3)]);
    return ids.filter((id) => unfinished.has(id));
  });
  expect(expected.length).toBeGreaterThan(9);
  for (const partSize of [1, 2, 7, 24, 25, 26, 100_000]) {
    const rows = await tenant.within((tx) => loadUnfinished(tx, laneId, now, partSize));
    expect(rows.map((row) => row.delivery_id)).toEqual(expected);
  }
});

test('finds nothing in an empty lane', async () => {
  const tenant = await NotifyTenant.create(database);
  const laneId = await tenant.registration('slack');
  expect(await tenant.within((tx) => loadUnfinished(tx, laneId, now))).toEqual([]);
});
