/** A PostgreSQL of one test's own that can be restarted under load; its address stays the same. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { connectionString } from '../../src/infra/embedded-postgres.ts';
import { findInstalledPackage, prepareBinaries } from '../../src/infra/embedded-postgres-binaries.ts';
import { defaultAccount } from '../../src/infra/embedded-postgres-place.ts';
import { readPostmasterFile, stopPostmaster } from '../../src/infra/embedded-postgres-postmaster.ts';
import { initCluster, launchPostmaster } from '../../src/infra/embedded-postgres-process.ts';
import { makeFolder, removeFolder } from './cluster.ts';
import { startTcpGate, type TcpGate } from './tcp-gate.ts';

export interface RestartablePostgres {
  /** Connection string of a superuser, for the database `postgres`. */
  adminUrl: string;
  /** Before it stands another gate, so that only those who use it lose the database. */
  gate: TcpGate;
  /** Fast shutdown, which breaks every connection, and a start on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Commits survive the end of the process; nothing here has to survive a power cut. */
const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '100' };

/** @param parent folder that is removed with the run */
export async function startRestartablePostgres(parent: string): Promise<RestartablePostgres> {
  const account = defaultAccount();
  const folder = await makeFolder(parent);
  const cluster = { dataDirectory: join(folder, 'data'), logFile: join(folder, 'postgres.log'), account };
  const binaries = await prepareBinaries(await findInstalledPackage(), folder, account);
  const password = randomBytes(24).toString('hex');
  await initCluster(binaries.initdb, cluster, password, { durable: false });
  const { port } = await launchPostmaster(binaries.postgres, cluster, settings);
  const own = await startTcpGate(port);
  const gate = await startTcpGate(port);
  return {
    adminUrl: own.url(connectionString(port, password, 'postgres')),
    gate,
    async restart() {
      const running = await readPostmasterFile(cluster.dataDirectory);
      if (running !== undefined) await stopPostmaster(running.pid, cluster.dataDirectory);
      const { port: next } = await launchPostmaster(binaries.postgres, cluster, settings);
      await own.open(next);
      await gate.open(next);
    },
    async close() {
      await Promise.all([own.close(), gate.close()]);
      await removeFolder(folder);
    },
  };
}
