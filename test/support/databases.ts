/** One database per test file, cloned from the migrated template of the run. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { inject } from 'vitest';

/** A migrated database of one test file. */
export interface TestDatabase {
  /** Connection string of the owner. */
  ownerUrl: string;
  name: string;
  /** Removes the database, with whatever is still connected to it, and its application role. */
  drop(): Promise<void>;
}

/** Names of test databases begin so; a run against a foreign server removes those of earlier runs. */
export const TEST_DATABASE_PREFIX = 'deskbridge_test_';

const OBJECT_IN_USE = '55006';
const CLONE_TIMEOUT_MS = 20_000;

/** Clones the template, which takes 30 to 100 ms. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return await createDatabase(inject('cluster').template);
}

/** A database without our schema, for tests of migrations. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return await createDatabase('template0');
}

async function createDatabase(template: string): Promise<TestDatabase> {
  const { adminUrl } = inject('cluster');
  const name = `${TEST_DATABASE_PREFIX}${randomBytes(6).toString('hex')}`;
  await withAdmin(adminUrl, (admin) => clone(admin, name, template));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    ownerUrl: url.href,
    name,
    drop: () => withAdmin(adminUrl, (admin) => dropDatabase(admin, name)),
  };
}

/** Runs `work` on a connection of its own to the server's administrative database. */
export async function withAdmin<T>(adminUrl: string, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  admin.on('error', () => undefined); // the query in progress reports it
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

/** Removes a test database and the role that the application made for it. */
export async function dropDatabase(admin: Client, name: string): Promise<void> {
  await admin.query(`drop database if exists ${escapeIdentifier(name)} with (force)`);
  await admin.query(`drop role if exists ${escapeIdentifier(`deskbridge_app_${name}`)}`);
}

/** A template cannot be cloned while somebody is connected to it, be it another clone. */
async function clone(admin: Client, name: string, template: string): Promise<void> {
  const deadline = Date.now() + CLONE_TIMEOUT_MS;
  for (;;) {
    try {
      await admin.query(`create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)}`);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== OBJECT_IN_USE || Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
