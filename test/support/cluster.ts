/** A throw-away PostgreSQL cluster in the temporary folder, gone with the run that made it however that ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionString } from '../../src/infra/embedded-postgres.ts';
import { findInstalledPackage, prepareBinaries } from '../../src/infra/embedded-postgres-binaries.ts';
import { tryLock } from '../../src/infra/embedded-postgres-lock.ts';
import { canReach, defaultAccount } from '../../src/infra/embedded-postgres-place.ts';
import {
  endOrphans,
  readPostmasterFile,
  stopPostmaster,
} from '../../src/infra/embedded-postgres-postmaster.ts';
import { initCluster, launchPostmaster } from '../../src/infra/embedded-postgres-process.ts';

/** A running throw-away cluster. */
export interface TestCluster {
  /** Connection string of a superuser, for the database `postgres`. */
  adminUrl: string;
  /** The folder that holds everything of the cluster; what else lies in it goes with it. */
  folder: string;
  /** The process that removes it all when the run is killed. */
  guard: number | undefined;
  /** Ends the server and removes the folder. */
  stop(): Promise<void>;
}

const PREFIX = 'deskbridge-test-';
/** A younger folder may belong to a run that has not locked it yet. */
const SWEEP_AGE_MS = 60_000;
const GUARD_TIMEOUT_MS = 60_000;
/** Nothing here has to survive a power cut. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

/**
 * Starts a cluster, after removing what dead runs left.
 * @param foreign connection string of a server to use instead; then only the folder is ours
 */
export async function startTestCluster(foreign?: string): Promise<TestCluster> {
  const temporary = await temporaryFolder();
  await sweepDeadRuns(temporary);
  const folder = await makeFolder(temporary);
  const lock = tryLock(lockOf(folder), 'exclusive');
  const guard = startGuard(folder);
  const stop = async () => {
    await dismiss(guard);
    lock?.release();
  };
  try {
    return { adminUrl: foreign || (await launchIn(folder)), folder, guard: guard.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A folder of its own that PostgreSQL's account can pass through. */
export async function makeFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, PREFIX));
  await chmod(folder, 0o711);
  return folder;
}

/** Ends every server whose data lie under a folder, and removes the folder. */
export async function removeFolder(folder: string): Promise<void> {
  // A run that was killed while an initdb worked leaves a program that goes on making files for a moment.
  for (let attempt = 1; ; attempt++) {
    try {
      await endServersUnder(folder);
      await rm(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (attempt === 20) throw error;
      await sleep(250);
    }
  }
}

async function endServersUnder(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names.filter((each) => basename(each) === 'PG_VERSION')) {
    const dataDirectory = dirname(join(folder, name));
    const file = await readPostmasterFile(dataDirectory);
    if (file) await stopPostmaster(file.pid, dataDirectory);
    await endOrphans(dataDirectory);
  }
}

/** Removes the clusters in `temporary` whose run is dead. */
export async function sweepDeadRuns(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(temporary, name);
    // Another account's folder, or one that another run removes at this moment, is left to others.
    await sweep(folder).catch(() => undefined);
  }
}

async function sweep(folder: string): Promise<void> {
  if (Date.now() - (await stat(folder)).mtimeMs < SWEEP_AGE_MS) return;
  const lock = tryLock(lockOf(folder), 'exclusive');
  if (lock === undefined) return;
  try {
    await removeFolder(folder);
  } finally {
    lock.release();
  }
}

/** The first temporary folder that PostgreSQL's account can reach. */
export async function temporaryFolder(): Promise<string> {
  const account = defaultAccount();
  for (const folder of [tmpdir(), '/tmp', '/var/tmp']) {
    const real = await realpath(folder).catch(() => undefined);
    if (real !== undefined && (account === undefined || (await canReach(real, account)))) return real;
  }
  throw new Error(`the account ${account?.uid} can reach no temporary folder: set TMPDIR`);
}

async function launchIn(folder: string): Promise<string> {
  const account = defaultAccount();
  const cluster = { dataDirectory: join(folder, 'data'), logFile: join(folder, 'postgres.log'), account };
  const binaries = await prepareBinaries(await findInstalledPackage(), folder, account);
  const password = randomBytes(24).toString('hex');
  await initCluster(binaries.initdb, cluster, password, { durable: false });
  const { port } = await launchPostmaster(binaries.postgres, cluster, FAST);
  return connectionString(port, password, 'postgres');
}

/** A run that is killed tears nothing down, so a process of its own waits for the end of a pipe from the run. */
function startGuard(folder: string): ChildProcess {
  const program = join(import.meta.dirname, 'cluster-guard.ts');
  const guard = spawn(process.execPath, [program, folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  const pipe = guard.stdin as unknown as { unref(): void };
  pipe.unref();
  return guard;
}

async function dismiss(guard: ChildProcess): Promise<void> {
  if (guard.exitCode !== null || guard.signalCode !== null) return;
  guard.ref();
  const ended = once(guard, 'exit', { signal: AbortSignal.timeout(GUARD_TIMEOUT_MS) });
  guard.stdin?.end();
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the guard of the test cluster ended with ${code}`);
}

function lockOf(folder: string): string {
  return join(folder, 'run.lock');
}
