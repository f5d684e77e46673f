/** Partitions made ahead and dropped behind, on a real database: months, retention, races, what is still queued. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../../src/infra/database.ts';
import {
  countMonthsAhead,
  ensurePartitions,
  listPartitions,
  missingPartitions,
  monthStart,
  partitionName,
  rowsOf,
  withOwnerSession,
} from '../../../src/infra/partitions.ts';
import { eraseNotificationRows } from '../../../src/notify/erase-notifications.ts';
import {
  dropOldPartitions,
  type PartitionDependencies,
  PartitionKeeper,
  retentionCutoff,
} from '../../../src/notify/keep-partitions.ts';
import { createTestDatabase, type TestDatabase } from '../../support/databases.ts';
import { silentLog } from '../../support/log.ts';

let test: TestDatabase;
let owner: pg.Client;
let database: Database;
const tenantId = randomUUID();
const otherTenantId = randomUUID();
const now = new Date();

beforeEach(async () => {
  test = await createTestDatabase();
  owner = new pg.Client({ connectionString: test.ownerUrl });
  owner.on('error', () => undefined);
  await owner.connect();
  database = new Database({ appUrl: test.ownerUrl, ownerUrl: test.ownerUrl, log: silentLog });
});

afterEach(async () => {
  await database.close();
  await owner.end();
  await test.drop();
});

/** A moment in the middle of the month so many months from now. */
function inMonth(months: number): Date {
  return new Date(monthStart(now, months).getTime() + 14 * 86_400_000);
}

function named(table: string, ...months: number[]): string[] {
  return months.map((month) => partitionName(table, monthStart(now, month)));
}

async function names(): Promise<string[]> {
  return (await listPartitions(rowsOf(owner))).map(({ name }) => name);
}

/** Makes what existed half a year ago, and what has come since. */
async function aged(): Promise<void> {
  for (let months = -6; months < 0; months += 1) await ensurePartitions(owner, inMonth(months));
}

interface Sent {
  deliveryId: string;
  notificationId: string;
}

/** A notification with one delivery, its attempt and its keys. */
async function insert(options: {
  at: Date;
  status?: 'queued' | 'sent';
  /** When the notification was accepted; with the delivery without it. */
  acceptedAt?: Date;
  tenant?: string;
  ready?: boolean;
}): Promise<Sent> {
  const { at, status = 'sent', acceptedAt = at, tenant = tenantId, ready = status === 'queued' } = options;
  const [deliveryId, notificationId] = [idAt(at), idAt(acceptedAt)];
  await owner.query(
    `insert into notifications (tenant_id, notification_id, category, content, on_unknown, priority, recipients,
       created_by_kind, expanded_at, created_at)
     values ($1, $2, 'announcement', '{"kind":"test"}', 'hold', 0, 1, 'operator', $3, $3)`,
    [tenant, notificationId, acceptedAt],
  );
  await owner.query(
    `insert into notification_requests (tenant_id, key, fingerprint, notification_id, created_at)
     values ($1, $2, 'f', $3, $4)`,
    [tenant, randomUUID(), notificationId, acceptedAt],
  );
  await owner.query(
    `insert into deliveries (tenant_id, delivery_id, created_at, notification_id, category, status)
     values ($1, $2, $3, $4, 'announcement', $5)`,
    [tenant, deliveryId, at, notificationId, status],
  );
  await owner.query(
    `insert into delivery_idempotency (tenant_id, idempotency_key, delivery_id, created_at) values ($1, $2, $3, $4)`,
    [tenant, randomUUID(), deliveryId, at],
  );
  await owner.query(
    `insert into delivery_attempts (tenant_id, delivery_id, at, attempt_id, attempt_no, try_no, lane_id, outcome)
     values ($1, $2, $3, $4, 1, 1, $4, 'sent')`,
    [tenant, deliveryId, at, randomUUID()],
  );
  if (ready) await queue(tenant, deliveryId, notificationId, at);
  return { deliveryId, notificationId };
}

async function queue(tenant: string, deliveryId: string, notificationId: string, at: Date): Promise<void> {
  await owner.query(
    `insert into delivery_ready (tenant_id, delivery_id, created_at, notification_id, lane_id, category,
       destination_type, destination_id, on_unknown, priority, rank, due_at)
     values ($1, $2, $3, $4, $2, 'announcement', 'slack_dm', 'U1', 'hold', 0, 0, $3)`,
    [tenant, deliveryId, at, notificationId],
  );
}

/** A UUIDv7 of that time. */
function idAt(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${randomUUID().slice(15)}`;
}

async function counts(tenant = tenantId): Promise<Record<string, number>> {
  const { rows } = await owner.query(
    `select (select count(*)::int from notifications where tenant_id = $1) as notifications,
            (select count(*)::int from notification_requests where tenant_id = $1) as requests,
            (select count(*)::int from deliveries where tenant_id = $1) as deliveries,
            (select count(*)::int from delivery_idempotency where tenant_id = $1) as keys,
            (select count(*)::int from delivery_attempts where tenant_id = $1) as attempts`,
    [tenant],
  );
  return rows[0];
}

function erase(cutoff: Date) {
  return eraseNotificationRows({ database, tenantIds: async () => [tenantId, otherTenantId] }, cutoff);
}

describe('making', () => {
  it('has three months ahead from the migration on, and adds one as a month begins', async () => {
    const existing = await names();
    for (const table of ['deliveries', 'delivery_attempts']) {
      expect(existing).toEqual(expect.arrayContaining(named(table, -1, 0, 1, 2, 3)));
    }
    expect(await ensurePartitions(owner, now)).toEqual([]);
    expect(await ensurePartitions(owner, inMonth(1))).toEqual([
      ...named('deliveries', 4),
      ...named('delivery_attempts', 4),
    ]);
    await insert({ at: inMonth(4) });
    expect(countMonthsAhead(await listPartitions(rowsOf(owner)), now)).toBe(4);
  });

  it('is done once by processes that race', async () => {
    const later = inMonth(9);
    const expected = (await missingPartitions(rowsOf(owner), later)).map(({ name }) => name);
    const made = await Promise.all(
      Array.from({ length: 4 }, () =>
        withOwnerSession(test.ownerUrl, (session) => ensurePartitions(session, later)),
      ),
    );
    expect(made.flat().sort()).toEqual(expected.sort());
    expect(expected).toHaveLength(10);
  });

  it('counts the months up to the first gap of any table', async () => {
    const ahead = async () => countMonthsAhead(await listPartitions(rowsOf(owner)), now);
    expect(await ahead()).toBe(3);
    await owner.query(`drop table ${named('delivery_attempts', 2)[0]}`);
    expect(await ahead()).toBe(1);
    await owner.query(`drop table ${named('deliveries', 0)[0]}`);
    expect(await ahead()).toBe(-1);
  });

  it('ignores what somebody attached under another name', async () => {
    const [from, to] = [monthStart(now, 9), monthStart(now, 10)].map((date) => date.toISOString());
    await owner.query(
      `create table by_hand partition of deliveries for values from ('${from}') to ('${to}')`,
    );
    expect(await names()).not.toContain('by_hand');
  });
});

describe('dropping', () => {
  it('takes whole months before the cut-off, with the rows of the same age, of every tenant', async () => {
    await aged();
    for (const months of [-5, -4, -3, 0]) await insert({ at: inMonth(months) });
    await insert({ at: inMonth(-5), tenant: otherTenantId });
    const cutoff = monthStart(now, -3);
    const { dropped, kept } = await dropOldPartitions(owner, cutoff);
    expect(dropped).toEqual([
      ...named('deliveries', -7, -6, -5, -4),
      ...named('delivery_attempts', -7, -6, -5, -4),
    ]);
    expect(kept).toEqual([]);
    expect(await erase(cutoff)).toEqual({ notifications: 3, requests: 3, attemptKeys: 3 });
    expect(await counts()).toEqual({ notifications: 2, requests: 2, deliveries: 2, keys: 2, attempts: 2 });
    expect(await counts(otherTenantId)).toMatchObject({ notifications: 0, keys: 0 });
    expect(await dropOldPartitions(owner, cutoff)).toEqual({ dropped: [], kept: [] });
    expect(await names()).toEqual(expect.arrayContaining(named('deliveries', -3, -2, -1, 0, 1, 2, 3)));
  });

  it('keeps a month in which a delivery is still queued, and says so, until it is not', async () => {
    await aged();
    const waiting = await insert({ at: inMonth(-5), status: 'queued' });
    await insert({ at: inMonth(-5) });
    await insert({ at: inMonth(-4) });
    const cutoff = monthStart(now, -3);
    const { dropped, kept } = await dropOldPartitions(owner, cutoff);
    const [month = '', attempts = ''] = [...named('deliveries', -5), ...named('delivery_attempts', -5)];
    expect(kept).toEqual([
      { name: month, queued: 1 },
      { name: attempts, queued: 0 },
    ]);
    expect(dropped).toEqual([...named('deliveries', -7, -6, -4), ...named('delivery_attempts', -7, -6, -4)]);
    await erase(cutoff);
    // Of the kept month all is there, but for the callers' keys.
    expect(await counts()).toEqual({ notifications: 2, requests: 0, deliveries: 2, keys: 2, attempts: 2 });
    await owner.query(`update deliveries set status = 'sent' where delivery_id = $1`, [waiting.deliveryId]);
    await owner.query('delete from delivery_ready');
    expect((await dropOldPartitions(owner, cutoff)).dropped).toEqual([month, attempts]);
    await erase(cutoff);
    expect(await counts()).toMatchObject({ notifications: 0, keys: 0, attempts: 0 });
  });

  it('keeps a month also when its delivery is queued again at the last moment', async () => {
    await aged();
    const { deliveryId, notificationId } = await insert({ at: inMonth(-5) });
    // As an administrator's retry leaves it, committed after the partition was read.
    await queue(tenantId, deliveryId, notificationId, inMonth(-5));
    const { dropped } = await dropOldPartitions(owner, monthStart(now, -3));
    expect(dropped).not.toContain(named('deliveries', -5)[0]);
    expect(dropped).not.toContain(named('delivery_attempts', -5)[0]);
    expect((await counts()).deliveries).toBe(1);
  });

  it('leaves a notification whose deliveries came a month later, or whose audience is still to be told', async () => {
    await aged();
    await insert({ at: inMonth(-3), acceptedAt: inMonth(-4) });
    const { notificationId } = await insert({ at: inMonth(-4) });
    await owner.query('update notifications set expanded_at = null where notification_id = $1', [
      notificationId,
    ]);
    const cutoff = monthStart(now, -3);
    await dropOldPartitions(owner, cutoff);
    expect(await erase(cutoff)).toMatchObject({ notifications: 0 });
    expect(await counts()).toMatchObject({ notifications: 2, deliveries: 1 });
  });

  it('says what it would do, and does nothing', async () => {
    await aged();
    await insert({ at: inMonth(-5), status: 'queued' });
    const before = await names();
    const report = await dropOldPartitions(owner, monthStart(now, -4), { dryRun: true });
    expect(report.dropped).toEqual([...named('deliveries', -7, -6), ...named('delivery_attempts', -7, -6)]);
    expect(report.kept).toHaveLength(2);
    expect(await names()).toEqual(before);
  });

  it('gives up rather than wait long behind a transaction, and comes again', async () => {
    await aged();
    const cutoff = monthStart(now, -5);
    const reader = new pg.Client({ connectionString: test.ownerUrl });
    await reader.connect();
    try {
      await reader.query('begin');
      await reader.query('select count(*) from deliveries');
      const dropping = withOwnerSession(test.ownerUrl, (session) => dropOldPartitions(session, cutoff));
      dropping.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 300));
      // Traffic that comes behind the waiting drop goes on within its lock timeout.
      const startedAt = Date.now();
      await insert({ at: now });
      expect(Date.now() - startedAt).toBeLessThan(4_000);
      await expect(dropping).rejects.toMatchObject({ code: '55P03' });
      await reader.query('commit');
      expect((await dropOldPartitions(owner, cutoff)).dropped.length).toBeGreaterThan(0);
    } finally {
      await reader.end();
    }
  });

  it('goes by whole months before the retention began', () => {
    expect(retentionCutoff(new Date('2026-11-21T12:00:00Z'), 90).toISOString()).toBe(
      '2026-08-01T00:00:00.000Z',
    );
    expect(retentionCutoff(new Date('2026-01-10T00:00:00Z'), 9).toISOString()).toBe(
      '2026-01-01T00:00:00.000Z',
    );
    expect(retentionCutoff(new Date('2026-01-10T00:00:00Z'), 10).toISOString()).toBe(
      '2025-12-01T00:00:00.000Z',
    );
  });
});

it('erases in batches, to the end', async () => {
  await aged();
  await owner.query(
    `insert into notifications (tenant_id, notification_id, category, content, on_unknown, priority, recipients,
       created_by_kind, expanded_at, created_at)
     select $1, gen_random_uuid(), 'test', '{"kind":"test"}', 'hold', 0, 1, 'operator', $2, $2 from generate_series(1, 4100)`,
    [tenantId, inMonth(-5)],
  );
  await owner.query(
    `insert into delivery_idempotency (tenant_id, idempotency_key, delivery_id, created_at)
     select $1, n::text, gen_random_uuid(), $2 from generate_series(1, 4100) n`,
    [tenantId, inMonth(-5)],
  );
  expect(await erase(monthStart(now, -3))).toEqual({ notifications: 4100, requests: 0, attemptKeys: 4100 });
});

describe('the keeper', () => {
  function keeperAt(at: () => Date, overrides: Partial<PartitionDependencies> = {}) {
    const shown: { monthsAhead: number; overdue: number }[] = [];
    const warned: Record<string, unknown>[] = [];
    let failures = 0;
    const keeper = new PartitionKeeper({
      database,
      ownerUrl: test.ownerUrl,
      clock: { now: at },
      log: { ...silentLog, warn: (fields) => void warned.push(fields) },
      retentionDays: 90,
      tenantIds: async () => [tenantId],
      show: (state) => void shown.push(state),
      onFailed: () => {
        failures += 1;
      },
      ...overrides,
    });
    const turn = () => keeper.turn(() => keeper.keep(new AbortController().signal));
    return { keeper, turn, shown, warned, failures: () => failures };
  }

  it('goes through the months: always three ahead, old ones gone', async () => {
    let at = now;
    const { keeper, turn, shown } = keeperAt(() => at);
    for (let months = 0; months <= 7; months += 1) {
      at = inMonth(months);
      await insert({ at });
      await turn();
      expect(shown.at(-1)).toEqual({ monthsAhead: 3, overdue: 0 });
    }
    expect(keeper.isBehind).toBe(false);
    const first = monthStart(retentionCutoff(at, 90), 0);
    expect((await listPartitions(rowsOf(owner))).every(({ month }) => month >= first)).toBe(true);
    expect((await counts()).deliveries).toBeLessThan(8);
  });

  it('is behind with fewer than two months ahead, in a process that only looks too', async () => {
    let at = inMonth(1);
    const { keeper, shown } = keeperAt(() => at);
    await keeper.turn();
    expect([keeper.isBehind, shown.at(-1)?.monthsAhead]).toEqual([false, 2]);
    at = inMonth(2);
    await keeper.turn();
    expect([keeper.isBehind, shown.at(-1)?.monthsAhead]).toEqual([true, 1]);
  });

  it('is behind after a failed turn, until one ends well', async () => {
    const url = new URL(test.ownerUrl);
    url.pathname = '/no_such_database';
    const broken = keeperAt(() => now, { ownerUrl: url.href });
    await expect(broken.turn()).rejects.toThrow();
    expect([broken.keeper.isBehind, broken.failures()]).toEqual([true, 1]);
    // What can be shown is shown all the same.
    expect(broken.shown.at(-1)).toEqual({ monthsAhead: 3, overdue: 0 });
    await broken.keeper.turn();
    expect(broken.keeper.isBehind).toBe(false);
  });

  it('names a partition that has to stay once, and counts it', async () => {
    await aged();
    await insert({ at: inMonth(-5), status: 'queued' });
    const { turn, warned, shown, keeper } = keeperAt(() => now);
    await turn();
    await turn();
    expect(warned).toEqual([{ partition: named('deliveries', -5)[0], queued: 1 }]);
    expect(shown.at(-1)).toEqual({ monthsAhead: 3, overdue: 2 });
    expect(keeper.isBehind).toBe(false);
  });

  it('stops between two steps when the lease is lost', async () => {
    await aged();
    const { keeper } = keeperAt(() => now);
    await expect(keeper.keep(AbortSignal.abort(new Error('lost')))).rejects.toThrow('lost');
    expect(await names()).toContain(named('deliveries', -6)[0]);
  });
});
