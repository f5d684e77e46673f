/** Makes a PostgreSQL cluster and starts its server. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Account } from './embedded-postgres-place.ts';
import { readPostmasterFile } from './embedded-postgres-postmaster.ts';

/** The role that owns everything in an embedded cluster. */
export const SUPERUSER = 'deskbridge';

/** One cluster's files. */
export interface Cluster {
  dataDirectory: string;
  logFile: string;
  /** Whom PostgreSQL runs as, or undefined for the account of this process. */
  account: Account | undefined;
}

/** PostgreSQL ended while it started. `retry` when the cause may be gone at the next try. */
export class LaunchFailure extends DeskbridgeError {
  readonly retry: boolean;

  constructor(detail: string, retry: boolean) {
    super('unavailable', { detail });
    this.retry = retry;
  }
}

const INITDB_TIMEOUT_MS = 120_000;
/** Recovery after a crash may have much to read. */
const READY_TIMEOUT_MS = 120_000;
const POLL_MS = 5;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const RETRY_REASONS = /pre-existing shared memory block|could not (bind|create any TCP)|lock file ".*" /;

/** Settings of every server: loopback only, and a log that never quotes statements or values. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

/**
 * Makes an empty cluster at `cluster.dataDirectory`, under a temporary name first, so that one that was cut
 * short is never taken for whole. Text is UTF-8 in code-point order, on every machine.
 * @param password of {@link SUPERUSER}
 * @param options.durable false leaves writing to the disk to the system, for clusters to be thrown away
 */
export async function initCluster(
  initdb: string,
  cluster: Cluster,
  password: string,
  options: { durable: boolean } = { durable: true },
): Promise<void> {
  await sweepUnfinished(cluster.dataDirectory);
  const temporary = `${cluster.dataDirectory}.new-${randomUUID()}`;
  const passwordFile = `${temporary}.password`;
  await mkdir(temporary, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    if (cluster.account) {
      await chown(temporary, cluster.account.uid, cluster.account.gid);
      await chown(passwordFile, cluster.account.uid, cluster.account.gid);
    }
    const args = ['-D', temporary, `--pwfile=${passwordFile}`, ...(options.durable ? [] : ['--no-sync'])];
    await runInitdb(initdb, args, cluster.account);
    await rename(temporary, cluster.dataDirectory);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(temporary, { recursive: true, force: true });
  }
}

async function runInitdb(initdb: string, args: string[], account: Account | undefined): Promise<void> {
  const flags = `--username=${SUPERUSER} --auth=scram-sha-256 --encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C --no-instructions`;
  const options = { ...spawnOptions(account), timeout: INITDB_TIMEOUT_MS, killSignal: 'SIGKILL' as const };
  try {
    await promisify(execFile)(initdb, [...args, ...flags.split(' ')], options);
  } catch (cause) {
    const { stderr, message } = cause as { stderr?: string; message: string };
    throw new LaunchFailure(
      `PostgreSQL could not make its database: ${stderr?.trim() || message}. DATABASE_URL names another PostgreSQL instead.`,
      false,
    );
  }
}

/** What a start that was killed left; its initdb may still be writing, then the next start sweeps. */
async function sweepUnfinished(dataDirectory: string): Promise<void> {
  const home = dirname(dataDirectory);
  for (const name of await readdir(home)) {
    if (!name.startsWith(`${basename(dataDirectory)}.new-`)) continue;
    await rm(join(home, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Starts a server on a free port of 127.0.0.1 and waits until it takes connections. It lives on when this
 * process ends, and a Ctrl-C in the terminal does not reach it.
 * @param settings added to, or in place of, our own
 * @throws LaunchFailure
 */
export async function launchPostmaster(
  postgres: string,
  cluster: Cluster,
  settings: Record<string, string> = {},
): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort();
  const flags = Object.entries({ ...SETTINGS, ...settings, port: String(port) });
  const args = ['-D', cluster.dataDirectory, ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const log = await openLog(cluster.logFile);
  try {
    const { size: logStart } = await log.stat();
    const child = spawn(postgres, args, {
      ...spawnOptions(cluster.account),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    child.unref();
    await untilReady(child, cluster, logStart);
    return { child, port };
  } finally {
    await log.close();
  }
}

async function untilReady(child: ChildProcess, cluster: Cluster, logStart: number): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (failure === undefined && child.exitCode === null && child.signalCode === null) {
    const file = await readPostmasterFile(cluster.dataDirectory);
    if (file !== undefined && file.pid === child.pid && file.status === 'ready') return;
    if (Date.now() > deadline) {
      child.kill('SIGQUIT');
      throw new LaunchFailure(`PostgreSQL was not ready in time; its log is ${cluster.logFile}`, false);
    }
    await sleep(POLL_MS);
  }
  if (failure !== undefined) throw new LaunchFailure(`PostgreSQL cannot be run: ${failure.message}`, false);
  const said = (await readFile(cluster.logFile)).subarray(logStart).toString('utf8');
  const reasons = said.split('\n').filter((line) => /FATAL|PANIC|HINT|not permitted|error while/.test(line));
  throw new LaunchFailure(
    `PostgreSQL did not start: ${reasons.join(' ') || `exit code ${child.exitCode}`} (its log is ${cluster.logFile})`,
    RETRY_REASONS.test(said),
  );
}

/** Of our environment nothing is passed on: it holds secrets, and `PG*` variables would change the server. */
function spawnOptions(account: Account | undefined) {
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
  if (process.env.SystemRoot) env.SystemRoot = process.env.SystemRoot;
  return { cwd: '/', env, windowsHide: true, ...account };
}

async function openLog(path: string) {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_LIMIT_BYTES) await rename(path, `${path}.1`);
  return open(path, 'a', 0o600);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
