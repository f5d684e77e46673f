/** Before the tests: one PostgreSQL for the whole run, with one migrated template to clone. */
import type { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/infra/migrate.ts';
import type { Log } from '../../src/kernel/ports.ts';
import { startTestCluster } from './cluster.ts';
import { dropDatabase, TEST_DATABASE_PREFIX, withAdmin } from './databases.ts';

/** What tests get by `inject('cluster')`. */
export interface ProvidedCluster {
  /** Connection string of a role that may create databases. */
  adminUrl: string;
  /** Name of the migrated database to clone. */
  template: string;
  /** A folder that is removed after the run, with the servers in it, even when the run is killed. */
  folder: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ProvidedCluster;
  }
}

/** Every project of a run calls this file, each with modules of its own: what they share is kept globally. */
interface SharedCluster {
  ready: Promise<ProvidedCluster & { stop(): Promise<void> }>;
  users: number;
}

const TEMPLATE = 'template_deskbridge';
const slot = Symbol.for('deskbridge.test.cluster');
const shared = globalThis as { [slot]?: SharedCluster };

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const current: SharedCluster = shared[slot] ?? { ready: prepare(), users: 0 };
  shared[slot] = current;
  current.users += 1;
  const { adminUrl, template, folder } = await current.ready;
  project.provide('cluster', { adminUrl, template, folder });
  return async () => {
    current.users -= 1;
    if (current.users > 0) return;
    delete shared[slot];
    await (await current.ready).stop();
  };
}

/** A server that is not ours is left as it was found; one run at a time may use it. */
async function prepare(): Promise<ProvidedCluster & { stop(): Promise<void> }> {
  const foreign = process.env.TEST_DATABASE_URL;
  const { adminUrl, folder, stop } = await startTestCluster(foreign);
  try {
    await makeTemplate(adminUrl);
  } catch (error) {
    await stop();
    throw error;
  }
  const clear = async () => {
    if (foreign) await withAdmin(adminUrl, dropEverything);
    await stop();
  };
  return { adminUrl, folder, template: TEMPLATE, stop: clear };
}

async function makeTemplate(adminUrl: string): Promise<void> {
  await withAdmin(adminUrl, async (admin) => {
    await dropEverything(admin);
    await admin.query(`create database ${TEMPLATE}`);
  });
  const url = new URL(adminUrl);
  url.pathname = `/${TEMPLATE}`;
  await migrate({ ownerUrl: url.href, log: silent });
}

/** Removes the template and the test databases, also those of an earlier run that was killed. */
async function dropEverything(admin: Client): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    'select datname as name from pg_database where datname = $1 or starts_with(datname, $2)',
    [TEMPLATE, TEST_DATABASE_PREFIX],
  );
  for (const { name } of rows) await dropDatabase(admin, name);
}

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
