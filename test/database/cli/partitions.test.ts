/** Partitions from the command line, and as the service shows them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose, type Running } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import { monthStart, partitionName } from '../../../src/infra/partitions.ts';
import { createTestDatabase, type TestDatabase } from '../../support/databases.ts';
import { silentLog } from '../../support/log.ts';
import { withClient } from '../../support/schema.ts';
import { run } from '../../unit/cli/run.ts';

let test: TestDatabase;
let running: Running | null = null;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(async () => {
  await running?.close();
  await test.drop();
});

const now = new Date();
const monthOf = (months: number) => monthStart(now, months).toISOString().slice(0, 7);

function partitions(args: string[], env: Record<string, string> = {}) {
  return run(['partitions', ...args], { DATABASE_URL: test.ownerUrl, ...env });
}

async function json(args: string[], env: Record<string, string> = {}): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await partitions([...args, '--json'], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

function both(...months: number[]): string[] {
  return ['deliveries', 'delivery_attempts'].flatMap((table) =>
    months.map((month) => partitionName(table, monthStart(now, month))),
  );
}

describe('partitions', () => {
  it('are made where they are missing', async () => {
    expect((await partitions(['ensure'])).stdout).toBe('No partition is missing.\n');
    const [lost = ''] = both(3);
    await withClient(test.ownerUrl, (client) => client.query(`drop table ${lost}`));
    expect((await partitions(['ensure', '--dry-run'])).stdout).toBe(
      `These partitions are missing:\n  ${lost}\n`,
    );
    expect(await json(['ensure'])).toEqual({ dry_run: false, made: [lost] });
    expect(await json(['ensure'])).toEqual({ dry_run: false, made: [] });
  });

  it('are dropped by month or by the days of retention, after a look at what would go', async () => {
    const past = both(-1);
    expect(await json(['drop'])).toMatchObject({ dropped: [], kept: [] });
    expect((await partitions(['drop', '--before', monthOf(0), '--dry-run'])).stdout).toBe(
      `These would be dropped:\n  ${past[0]}\n  ${past[1]}\n`,
    );
    // One day of retention ends last month's at the latest on the second of this one.
    const { dropped } = await json(['drop', '--dry-run'], { DESKBRIDGE_DELIVERY_RETENTION_DAYS: '32' });
    expect(dropped).toEqual([]);
    expect(await json(['drop', '--before', monthOf(0)])).toEqual({
      dry_run: false,
      before: monthOf(0),
      dropped: past,
      kept: [],
      erased: { notifications: 0, notification_requests: 0, delivery_idempotency: 0 },
    });
    expect(await json(['ensure'])).toMatchObject({ made: past });
  });

  it('that hold a queued delivery are kept and named', async () => {
    const at = new Date(monthStart(now, 0).getTime() - 86_400_000);
    await withClient(test.ownerUrl, (client) =>
      client.query(
        `insert into deliveries (tenant_id, delivery_id, created_at, notification_id, category, status)
         values (gen_random_uuid(), gen_random_uuid(), $1, gen_random_uuid(), 'test', 'queued')`,
        [at],
      ),
    );
    const { stdout } = await partitions(['drop', '--before', monthOf(0)]);
    expect(stdout).toContain(`No partition lies before ${monthOf(0)} and may go.`);
    expect(stdout).toMatch(new RegExp(`^ {2}${both(-1)[0]} \\(1 queued\\)$`, 'm'));
    await withClient(test.ownerUrl, (client) => client.query('delete from deliveries'));
  });

  it.each([['2026-13'], ['next'], [monthOf(1)]])('are not dropped before %s', async (month) => {
    const { code, stderr } = await partitions(['drop', '--before', month]);
    expect(code).toBe(2);
    expect(stderr).toContain('--before takes');
  });
});

describe('the service', () => {
  const options = (roles: string, clock = { now: () => new Date() }) => ({
    config: readConfig({ PORT: '0', DESKBRIDGE_ROLES: roles, DESKBRIDGE_DEMO: '0' }),
    ownerUrl: test.ownerUrl,
    adminToken: 'operator-token-for-tests',
    secretKeys: [Buffer.alloc(32, 9)],
    log: silentLog,
    clock,
  });
  const shown = async () => {
    const url = running?.url ?? '';
    const { degraded } = (await (await fetch(`${url}/readyz`)).json()) as { degraded: string[] };
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const ahead = /^deskbridge_partition_months_ahead (\S+)$/m.exec(metrics)?.[1];
    return { degraded, ahead };
  };

  it('is degraded with fewer than two months ahead, in a process that does not make them itself', async () => {
    // The first look falls into a later month; the clock is right again before anything is late.
    let months = 2;
    const clock = { now: () => (months === 0 ? new Date() : monthStart(now, months)) };
    running = await compose(options('web', clock));
    await expect.poll(async () => (await shown()).ahead).toBe('1');
    months = 0;
    expect(await shown()).toEqual({ degraded: ['partitions'], ahead: '1' });
    await running.close();
  });

  it('makes them as a worker, under a lease that it gives back', async () => {
    const clock = { now: () => monthStart(now, 2) };
    running = await compose(options('web,worker', clock));
    await expect.poll(async () => (await shown()).ahead).toBe('3');
    const leases = () =>
      withClient(test.ownerUrl, async (client) => (await client.query('select name from leases')).rows);
    expect(await leases()).toEqual([{ name: 'partitions' }]);
    await running.close();
    running = null;
    expect(await leases()).toEqual([]);
  });
});
