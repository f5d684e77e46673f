/** Brings a database to this program's schema, one process at a time, and refuses a newer one. */
import { readdir } from 'node:fs/promises';
import knexModule, { type Knex } from 'knex';
import pg from 'pg';
import type { Log } from '../kernel/ports.ts';
import { ensurePartitions } from './partitions.ts';

const directory = new URL('../../migrations/', import.meta.url);
/** Any number will do, as long as it stays the same: the key of the advisory lock around migrations. */
const lockKey = 7_306_001;

/** The schema in the database is newer than this program, or the role may not migrate. */
export class MigrationError extends Error {}

interface Migration {
  name: string;
}

/** Names without an extension, so that a file's ending never matters to a database that has it. */
class FolderMigrations implements Knex.MigrationSource<Migration> {
  async getMigrations(): Promise<Migration[]> {
    const files = await readdir(directory);
    return files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => ({ name: file.slice(0, -3) }))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  getMigrationName(migration: Migration): string {
    return migration.name;
  }

  async getMigration(migration: Migration): Promise<Knex.Migration> {
    return (await import(new URL(`${migration.name}.ts`, directory).href)) as Knex.Migration;
  }
}

/** Names of the migrations that this program has, oldest first. */
export async function knownMigrations(): Promise<string[]> {
  return (await new FolderMigrations().getMigrations()).map((migration) => migration.name);
}

/**
 * Runs what is missing, as the owner of the database, under a session lock: a second process waits and finds
 * nothing to do.
 * @param options.upTo stop after this migration (tests of data migrations)
 * @returns the names of the migrations that ran now, oldest first
 * @throws MigrationError when the database holds migrations that this program does not know
 */
export async function migrate(options: { ownerUrl: string; log: Log; upTo?: string }): Promise<string[]> {
  const lock = new pg.Client({ connectionString: options.ownerUrl, application_name: 'deskbridge migrate' });
  lock.on('error', (error) => options.log.warn({ err: error }, 'the migration lock was lost'));
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [lockKey]);
    const applied = await runPending(options);
    if (options.upTo === undefined) await ensurePartitions(lock, new Date());
    return applied;
  } finally {
    await lock.end();
  }
}

async function runPending(options: { ownerUrl: string; log: Log; upTo?: string }): Promise<string[]> {
  const knex = knexModule({
    client: 'pg',
    connection: options.ownerUrl,
    pool: { min: 0, max: 2 },
    migrations: { migrationSource: new FolderMigrations(), tableName: 'schema_migrations' },
  });
  try {
    await refuseNewerSchema(knex);
    // A run that was killed leaves knex's own lock row behind; the advisory lock makes it safe to free.
    await knex.migrate.forceFreeMigrationsLock();
    return options.upTo === undefined ? await runAll(knex, options.log) : await runUpTo(knex, options.upTo);
  } finally {
    await knex.destroy();
  }
}

async function runAll(knex: Knex, log: Log): Promise<string[]> {
  const [, applied] = (await knex.migrate.latest()) as [number, string[]];
  if (applied.length > 0) log.info({ applied: applied.length }, 'the schema was migrated');
  return applied;
}

async function runUpTo(knex: Knex, name: string): Promise<string[]> {
  const names = await knownMigrations();
  const done = new Set(await appliedMigrations(knex));
  const pending = names.slice(0, names.indexOf(name) + 1).filter((next) => !done.has(next));
  for (const _ of pending) await knex.migrate.up();
  return pending;
}

async function refuseNewerSchema(knex: Knex): Promise<void> {
  const known = new Set(await knownMigrations());
  const unknown = (await appliedMigrations(knex)).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new MigrationError(
      `The database was migrated by a newer version of Deskbridge (${unknown.join(', ')}). Start that version; nothing was changed.`,
    );
  }
}

async function appliedMigrations(knex: Knex): Promise<string[]> {
  if (!(await knex.schema.hasTable('schema_migrations'))) return [];
  return (await knex('schema_migrations').select('name').orderBy('id')).map((row: Migration) => row.name);
}
