/** The database believes a queue to be empty, which it mostly is: its statements read no more than what they are about. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database, Transaction } from '../../../src/infra/database.ts';
import { deleteAudience, readAudience } from '../../../src/notify/audience-store.ts';
import { expandNotification } from '../../../src/notify/expand-audience.ts';
import { writeIntents } from '../../../src/notify/intent-store.ts';
import { laneTransaction } from '../../../src/notify/lane.ts';
import { leaseLane } from '../../../src/notify/lane-store.ts';
import { finishReady, requeue } from '../../../src/notify/outcome-store.ts';
import { at, deps, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

const people = 2_000;
const few = 10;
let database: Database;
let close: () => Promise<void>;
let tenant: NotifyTenant;
let lane: { laneId: string; epoch: number };
let ids: string[];

beforeAll(async () => {
  ({ database, close } = await openDatabase());
  tenant = await NotifyTenant.create(database);
  const laneId = await tenant.registration('slack');
  await tenant.crowd(people, laneId);
  await tellAll();
  await believeEmpty('delivery_ready');
  await tellAll();
  const owner = { laneId, platform: 'slack', owner: 'test' };
  const epoch = await tenant.within((tx) => leaseLane(tx, owner, now, at(60_000)));
  lane = { laneId, epoch: epoch ?? 0 };
});
afterAll(() => close());
beforeEach(async () => {
  const rows = await tenant.within((tx) =>
    tx.query<{ delivery_id: string }>(
      `select delivery_id from delivery_ready where tenant_id = $1 and phase = 'ready' order by delivery_id limit $2`,
      [tx.tenantId, few],
    ),
  );
  ids = rows.map((row) => row.delivery_id);
});

async function tellAll(): Promise<void> {
  const notificationId = await tenant.enqueue([{ everyone: true }]);
  const expanding = { ...deps, database, clock: { now: () => now } };
  await expandNotification(expanding, tenant.tenantId, notificationId);
}

/** Leaves its last row on its last page, so that the pages stay, and counts the rows. */
async function believeEmpty(table: string): Promise<void> {
  await database.maintenance.execute(`delete from ${table} where ctid <> (select max(ctid) from ${table})`);
  await database.maintenance.execute(`vacuum (analyze) ${table}`);
}

/** Entries of a table's indexes that the work looked at. */
async function lookedAt(table: string, work: (tx: Transaction) => Promise<unknown>): Promise<number> {
  const looked = async (tx: Transaction) => {
    const [row] = await tx.query<{ count: number }>(
      `select sum(pg_stat_get_xact_tuples_returned(indexrelid))::int as count from pg_index where indrelid = $1::regclass`,
      [table],
    );
    return row?.count ?? 0;
  };
  return await database.inTenant(
    tenant.tenantId,
    async (tx) => {
      const before = await looked(tx);
      await work(tx);
      return (await looked(tx)) - before;
    },
    laneTransaction,
  );
}

const intend = (tx: Transaction) =>
  writeIntents(
    tx,
    lane,
    ids.map((deliveryId) => ({ deliveryId, startedAt: now, notAfter: at(5_000), tryNo: 0, repeats: false })),
    now,
  );

test('to write intents', async () => {
  expect(await lookedAt('delivery_ready', intend)).toBeLessThan(few * 5);
});

test('to put tries back', async () => {
  await tenant.within(intend);
  const put = { tryNo: 1, phase: 'ready' as const, dueAt: now, attemptNo: 2, reduced: false };
  const looked = await lookedAt('delivery_ready', async (tx) => {
    expect(
      await requeue(
        tx,
        ids.map((deliveryId) => ({ ...put, deliveryId })),
      ),
    ).toEqual(new Set(ids));
  });
  expect(looked).toBeLessThan(few * 5);
});

test('to take off what is over', async () => {
  const looked = await lookedAt('delivery_ready', async (tx) => {
    expect(
      await finishReady(
        tx,
        ids.map((deliveryId) => ({ deliveryId, tryNo: 0 })),
      ),
    ).toEqual(new Set(ids));
  });
  expect(looked).toBeLessThan(few * 5);
});

test('to take off the part of an audience that is worked through', async () => {
  await tenant.enqueue([{ everyone: true }]);
  await believeEmpty('notification_audience');
  const notificationId = await tenant.enqueue([{ everyone: true }]);
  const looked = await lookedAt('notification_audience', async (tx) =>
    deleteAudience(tx, [{ notificationId, upTo: few }]),
  );
  expect(looked).toBeLessThan(few * 5);
  const [next] = await tenant.within((tx) => readAudience(tx, [notificationId], 1));
  expect(next?.ordinal).toBe(few + 1);
});
