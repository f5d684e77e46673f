/** The real server and the real command line as processes of their own, on a database of the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { createTestDatabase } from '../../support/databases.ts';
import { run } from '../../unit/cli/run.ts';

const project = join(import.meta.dirname, '..', '..', '..');
const startTimeoutMs = 30_000;

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
}

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** An installation: one database, one server, one token. */
export interface Installation {
  url: string;
  /** What its commands need of the environment. */
  env: Record<string, string>;
  ownerUrl: string;
  /** Runs `deskbridge` with these arguments as a process; `env` goes over the installation's. */
  cli(args: string[], options?: RunOptions): Promise<Ran>;
  /** The same inside the test, which is ten times as fast. */
  command(args: string[], options?: RunOptions): Promise<Ran>;
  stopServer(): Promise<void>;
  close(): Promise<void>;
}

export async function startInstallation(): Promise<Installation> {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'deskbridge-cli-'));
  const env = {
    DATABASE_URL: database.ownerUrl,
    DESKBRIDGE_DATA_DIR: dataDir,
    DESKBRIDGE_ADMIN_TOKEN: randomBytes(24).toString('base64url'),
    DESKBRIDGE_SECRET_KEY: randomBytes(32).toString('base64'),
    LOG_LEVEL: 'warn',
  };
  const server = spawnNode(['bin/start.js'], { ...env, PORT: '0' });
  const stopServer = () => stop(server);
  try {
    const url = await listeningUrl(server);
    return {
      url,
      env,
      ownerUrl: database.ownerUrl,
      cli: (args, options = {}) =>
        runCli(args, { ...env, DESKBRIDGE_URL: url, ...options.env }, options.input),
      command: (args, options = {}) =>
        run(args, { ...env, DESKBRIDGE_URL: url, ...options.env }, options.input),
      stopServer,
      async close() {
        await stopServer();
        await database.drop();
        await rm(dataDir, { recursive: true });
      },
    };
  } catch (error) {
    await stopServer();
    throw error;
  }
}

/** Runs the command line to its end; nothing of the test's own environment reaches it but the search path. */
export async function runCli(args: string[], env: Record<string, string>, input = ''): Promise<Ran> {
  const child = spawnNode(['bin/deskbridge.js', ...args], env);
  child.stdin?.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

export function spawnNode(args: string[], env: Record<string, string>): ChildProcess {
  const path = process.env.PATH ?? '';
  return spawn(process.execPath, args, { cwd: project, env: { PATH: path, TZ: 'UTC', ...env } });
}

/** Where the server says that it is ready. @throws Error with its output when it ends before */
export async function listeningUrl(server: ChildProcess): Promise<string> {
  if (server.stdout === null || server.stderr === null) throw new Error('the server has no output');
  let output = '';
  server.stderr.on('data', (chunk) => {
    output += String(chunk);
  });
  const timer = setTimeout(() => server.kill(), startTimeoutMs);
  for await (const line of createInterface({ input: server.stdout })) {
    output += `${line}\n`;
    const url = /ready on (http:\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    clearTimeout(timer);
    server.stdout.resume();
    return url;
  }
  throw new Error(`the server did not start:\n${output}`);
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
