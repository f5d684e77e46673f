/** The tests' own PostgreSQL: databases are apart, and a run that is killed leaves nothing behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { isPostmaster, readPostmasterFile } from '../../src/infra/embedded-postgres-postmaster.ts';
import { sweepDeadRuns } from '../support/cluster.ts';
import { createTestDatabase } from '../support/databases.ts';
import { query } from '../support/embedded-programs.ts';

test('databases cloned at once are migrated, apart, and gone when dropped', async () => {
  const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  try {
    const applied = 'select count(*)::int > 0 as migrated from schema_migrations';
    expect(await query(first.ownerUrl, applied)).toEqual([{ migrated: true }]);
    await query(first.ownerUrl, 'create table only_here as select 1');
    await expect(query(second.ownerUrl, 'select from only_here')).rejects.toMatchObject({ code: '42P01' });
  } finally {
    await Promise.all([first.drop(), second.drop()]);
  }
  await expect(query(first.ownerUrl, 'select 1')).rejects.toMatchObject({ code: '3D000' });
});

test('a run that is killed loses its server and its folder', async () => {
  const run = await startRun();
  await run.kill();
  await expect.poll(() => exists(run.folder), { timeout: 20_000 }).toBe(false);
  expect(isPostmaster(run.postmaster, join(run.folder, 'data'))).toBe(false);
});

test('a run that was killed with its guard is swept by a later one, a live run is not', async () => {
  const [dead, live] = await Promise.all([startRun(), startRun()]);
  const longAgo = new Date(Date.now() - 3_600_000);
  process.kill(dead.guard, 'SIGKILL');
  await dead.kill();
  await Promise.all([dead, live].map(({ folder }) => utimes(folder, longAgo, longAgo)));
  await sweepDeadRuns(dirname(dead.folder));
  expect(await exists(dead.folder)).toBe(false);
  expect(isPostmaster(dead.postmaster, join(dead.folder, 'data'))).toBe(false);
  expect(isPostmaster(live.postmaster, join(live.folder, 'data'))).toBe(true);
  await live.kill();
  await expect.poll(() => exists(live.folder), { timeout: 20_000 }).toBe(false);
});

const runs = new Set<Run>();

afterAll(async () => {
  for (const run of runs) await run.kill();
});

interface Run {
  folder: string;
  postmaster: number;
  guard: number;
  /** Kills it and waits for its end; its guard may still be at work. */
  kill(): Promise<void>;
}

/** Another test run, as far as its cluster goes. */
async function startRun(): Promise<Run> {
  const program = `
    import { startTestCluster } from ${JSON.stringify(join(import.meta.dirname, '..', 'support', 'cluster.ts'))};
    const { folder, guard } = await startTestCluster();
    console.log(JSON.stringify({ folder, guard }));
    process.stdin.once('end', () => process.exit()).resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(20_000) })) as [string];
  const { folder, guard } = JSON.parse(line) as { folder: string; guard: number };
  const file = await readPostmasterFile(join(folder, 'data'));
  const run: Run = {
    folder,
    guard,
    postmaster: file?.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
  runs.add(run);
  return run;
}

async function exists(path: string): Promise<boolean> {
  await sleep(50);
  return stat(path).then(
    () => true,
    () => false,
  );
}
