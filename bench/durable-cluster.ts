/** A throw-away PostgreSQL with the settings of the embedded one, fsync included: a commit must cost what it costs. */
import { join } from 'node:path';
import { connectionString } from '../src/infra/embedded-postgres.ts';
import { findInstalledPackage, prepareBinaries } from '../src/infra/embedded-postgres-binaries.ts';
import { tryLock } from '../src/infra/embedded-postgres-lock.ts';
import { defaultAccount } from '../src/infra/embedded-postgres-place.ts';
import { initCluster, launchPostmaster } from '../src/infra/embedded-postgres-process.ts';
import { makeFolder, removeFolder, sweepDeadRuns, temporaryFolder } from '../test/support/cluster.ts';

export interface DurableCluster {
  /** Connection string of the superuser, for the database `postgres`. */
  url: string;
  /** Readable by PostgreSQL's account; removed with everything in it. */
  folder: string;
  /** The postmaster, whose children are the backends. */
  pid: number;
  stop(): Promise<void>;
}

/** Starts it, after removing what killed runs left. @param settings of the server, added to our own */
export async function startDurableCluster(settings: Record<string, string> = {}): Promise<DurableCluster> {
  const temporary = await temporaryFolder();
  await sweepDeadRuns(temporary);
  const folder = await makeFolder(temporary);
  // The lock says that this run lives; without it the next run sweeps the folder.
  const lock = tryLock(join(folder, 'run.lock'), 'exclusive');
  const stop = async () => {
    await removeFolder(folder);
    lock?.release();
  };
  try {
    const account = defaultAccount();
    const cluster = { dataDirectory: join(folder, 'data'), logFile: join(folder, 'postgres.log'), account };
    const binaries = await prepareBinaries(await findInstalledPackage(), folder, account);
    const password = 'benchmark';
    await initCluster(binaries.initdb, cluster, password);
    const { child, port } = await launchPostmaster(binaries.postgres, cluster, settings);
    return { url: connectionString(port, password, 'postgres'), folder, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
