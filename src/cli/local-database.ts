/**
 * The database itself, for the few commands that work without the server; the embedded one is started if need be.
 * Those commands import this file when they run: the others start twice as fast without PostgreSQL's client.
 */
import { resolve } from 'node:path';
import { AuditKeys } from '../audit/audit-keys.ts';
import { type Config, readConfig } from '../config.ts';
import { SecretKeyError } from '../infra/check-secret-keys.ts';
import { readSecret, secretKeyFile } from '../infra/data-dir.ts';
import { codeOf, Database } from '../infra/database.ts';
import { startEmbeddedPostgres } from '../infra/embedded-postgres.ts';
import { MigrationError } from '../infra/migrate.ts';
import { SecretBox } from '../infra/secret-box.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Log } from '../kernel/ports.ts';
import { CliError, type Io } from './output.ts';

/** An open database, as its owner. */
export interface LocalDatabase {
  ownerUrl: string;
  database: Database;
  log: Log;
}

/** What opens the secrets in it. */
export interface Unsealed {
  secrets: SecretBox;
  auditKeys: AuditKeys;
}

/**
 * Runs work on the database of `DATABASE_URL`, else on the embedded one of the data directory. That is used beside
 * a live server, and stopped afterwards only when nobody else uses it.
 * @throws CliError, ConfigError, DeskbridgeError; whatever the work throws
 */
export async function withLocalDatabase<T>(io: Io, work: (local: LocalDatabase) => Promise<T>): Promise<T> {
  const config = localConfig(io.env);
  const log = quietLog(io);
  const embedded =
    config.databaseUrl === null
      ? await startEmbeddedPostgres({ dataDir: config.dataDir, log, mode: 'shared' })
      : null;
  const ownerUrl = config.databaseUrl ?? embedded?.url ?? '';
  const database = new Database({ appUrl: ownerUrl, ownerUrl, log });
  const close = async () => {
    await database.close();
    await embedded?.stop();
  };
  const interrupted = () => void close().finally(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    return await work({ ownerUrl, database, log });
  } catch (error) {
    throw explained(error);
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    await close();
  }
}

/**
 * The keys of the server with the same environment; none is made here.
 * @throws CliError when there is no key, or the data directory is another account's
 */
export async function readSecretBox(env: Io['env']): Promise<Unsealed> {
  const { secretKeys, dataDir } = localConfig(env);
  const kept = secretKeys === null ? await readSecret(resolve(dataDir), secretKeyFile) : null;
  const keys = secretKeys ?? (kept === null ? [] : [Buffer.from(kept, 'base64')]);
  if (keys.length === 0) {
    throw new CliError({
      title: `There is no secret key in ${dataDir}`,
      code: 'not_configured',
      remedy:
        'Run the command with the environment of the server, or in its folder; or set DESKBRIDGE_SECRET_KEY.',
    });
  }
  const secrets = new SecretBox(keys);
  return { secrets, auditKeys: new AuditKeys(secrets) };
}

/** Only what these commands need: a migration job has no token and no public URL to be checked. */
function localConfig(env: Io['env']): Config {
  const { DATABASE_URL, DESKBRIDGE_DATA_DIR, DESKBRIDGE_SECRET_KEY } = env;
  return readConfig({ DATABASE_URL, DESKBRIDGE_DATA_DIR, DESKBRIDGE_SECRET_KEY });
}

/** Warnings on standard error; a command's output is its own. */
function quietLog({ stderr }: Io): Log {
  const warn = (_fields: Record<string, unknown>, message: string) => void stderr.write(`${message}\n`);
  return { debug: () => undefined, info: () => undefined, warn, error: warn };
}

/** PostgreSQL's and the system's refusals in words; their messages name objects and hosts, never values. */
function explained(error: unknown): unknown {
  if (error instanceof CliError || !(error instanceof Error)) return error;
  if (error instanceof MigrationError || error instanceof SecretKeyError) {
    return new CliError({ title: error.message, code: 'conflict' });
  }
  if (error instanceof DeskbridgeError && error.code === 'unavailable' && error.detail === undefined) {
    const cause = error.cause instanceof Error ? error.cause : error;
    return unusable(cause.message || codeOf(cause));
  }
  if (error.message.startsWith('secret box:')) {
    return new CliError({
      title: 'A secret in the database cannot be opened with the keys at hand',
      code: 'conflict',
      detail: error.message,
      remedy:
        'Run the command with the DESKBRIDGE_SECRET_KEY of the server; while keys change, with both ("new,old").',
    });
  }
  const code = codeOf(error);
  if (code === '42P01') {
    return new CliError({
      title: 'The database has no tables of Deskbridge yet',
      code: 'not_configured',
      remedy: 'Run "npx deskbridge migrate", or start the server once.',
    });
  }
  return /^(E[A-Z]+|28...|3D000|42501)$/.test(code) ? unusable(error.message || code) : error;
}

function unusable(detail: string): CliError {
  return new CliError({
    title: 'The database cannot be used',
    code: 'unavailable',
    detail,
    remedy: 'Check DATABASE_URL and that the server is up.',
  });
}
