/** The server's entry: settings, database, start, signals, exit code. */

import { type Banner, printBanner } from './banner.ts';
import { compose, type Running } from './compose.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { AppRoleError } from './infra/app-role.ts';
import { SecretKeyError } from './infra/check-secret-keys.ts';
import { adminTokenFile, readOrCreateSecret, secretKeyFile } from './infra/data-dir.ts';
import { codeOf } from './infra/database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './infra/embedded-postgres.ts';
import { createLogger } from './infra/logger.ts';
import { MigrationError } from './infra/migrate.ts';
import { DeskbridgeError } from './kernel/errors.ts';

interface Started {
  running: Running | null;
  postgres: EmbeddedPostgres | null;
}

async function start(config: Config, started: Started): Promise<Banner> {
  const log = createLogger({ level: config.logLevel, pretty: process.stdout.isTTY === true });
  const token =
    config.adminToken === null ? await readOrCreateSecret(config.dataDir, adminTokenFile, 'base64url') : null;
  const secretKeys = config.secretKeys ?? [
    Buffer.from((await readOrCreateSecret(config.dataDir, secretKeyFile, 'base64')).value, 'base64'),
  ];
  if (config.databaseUrl === null) {
    started.postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, log, mode: 'exclusive' });
  }
  const ownerUrl = config.databaseUrl ?? started.postgres?.url ?? '';
  const adminToken = config.adminToken ?? token?.value ?? '';
  started.running = await compose({ config, ownerUrl, adminToken, secretKeys, log });
  return { url: started.running.url, token, location: started.postgres?.location ?? null, demo: config.demo };
}

async function stop(started: Started): Promise<void> {
  await started.running?.close();
  await started.postgres?.stop();
}

/** Faults that the person who started the program can mend: their message is all that is printed. */
function isExplained(error: unknown): error is Error {
  return [ConfigError, MigrationError, AppRoleError, SecretKeyError, DeskbridgeError].some(
    (known) => error instanceof known,
  );
}

/** No connection (system codes, 08), refused (28, 53), no such database (3D000), not ready yet (57P03). */
const databaseFaults = /^(ECONN[A-Z]+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|08...|28...|53...|3D000|57P03)$/;

function explain(error: unknown): string {
  if (isExplained(error)) return error.message;
  if (codeOf(error) === 'EADDRINUSE')
    return 'The port is in use: stop what listens there, or set PORT to another one.';
  if (databaseFaults.test(codeOf(error)) && error instanceof Error) {
    return `The database of DATABASE_URL cannot be used: ${error.message}. Check its address, its name and its user.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function main(): Promise<void> {
  const started: Started = { running: null, postgres: null };
  let stopping = false;
  const end = (code: number) => {
    // Ctrl-C arrives twice: once from the terminal, once from npm.
    if (stopping) return;
    stopping = true;
    stop(started)
      .catch((error) => console.error(explain(error)))
      .finally(() => process.exit(code));
  };
  process.on('SIGINT', () => end(0));
  process.on('SIGTERM', () => end(0));
  try {
    printBanner(await start(readConfig(process.env), started));
  } catch (error) {
    console.error(explain(error));
    end(error instanceof ConfigError ? 2 : 1);
  }
}

await main();
