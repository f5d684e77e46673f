/** The server as a real process that a test can kill: bin/start.js over a given database and simulated platform. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface KillableServerOptions {
  /** Connection string of the database's owner. */
  databaseUrl: string;
  /** 32 bytes: the key under which the harness wrote the tenants' secrets. */
  secretKey: Buffer;
  /** Environment variables that lead it to the simulated platform. */
  platform: Record<string, string>;
  port: number;
  /** For its data directory, its log and Node's compile cache. */
  folder: string;
}

const endsWithParent = resolve(import.meta.dirname, 'kill-with-parent.ts');
const faulty = resolve(import.meta.dirname, 'server-faults.ts');
const entry = resolve(import.meta.dirname, '../../bin/start.js');
const startLimitMs = 60_000;
const stopLimitMs = 20_000;
const pollMs = 15;

/** One server at a time on one port; `start` and `kill` may follow one another for as long as one likes. */
export class KillableServer {
  readonly url: string;
  readonly logFile: string;
  readonly #options: KillableServerOptions;
  #child: ChildProcess | null = null;
  #expectedEnd = true;
  /** Of the next starts: the system's clock is wrong by `skewMs`; `stall` blocks the event loop for `stallMs`. */
  faults: { skewMs?: number; stallMs?: number } = {};
  /** Starts that ended without having been told to, by exit code or signal. */
  readonly unexpectedEnds: string[] = [];

  constructor(options: KillableServerOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}`;
    this.logFile = join(options.folder, 'server.log');
  }

  /**
   * Starts a process and waits until it answers.
   * @returns milliseconds from the spawn to the first answer; null when it was killed before
   * @throws Error with the end of its log when it ended by itself, or is not ready in a minute
   */
  async start(): Promise<number | null> {
    const started = performance.now();
    const child = this.#spawn();
    while (child.exitCode === null && child.signalCode === null) {
      if (await answers(this.url)) return performance.now() - started;
      if (performance.now() - started > startLimitMs) throw new Error(`not ready:\n${this.#logTail()}`);
      await sleep(pollMs);
    }
    if (this.#expectedEnd) return null;
    throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}:\n${this.#logTail()}`);
  }

  /** SIGKILL, and the wait until the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGSTOP: the process stands still, and knows nothing of it. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Blocks its event loop for as long as `faults` said at its start. */
  stall(): void {
    this.#child?.kill('SIGUSR2');
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** SIGTERM. @returns the exit code; null when it had to be killed after all */
  async stop(): Promise<number | null> {
    return await this.#end('SIGTERM');
  }

  /** Lines of the log from the level of ERROR up, as parsed JSON; other output is not JSON and left out. */
  errorLines(): Record<string, unknown>[] {
    return readFileSync(this.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map(parseLine)
      .filter((line) => line !== null)
      .filter(({ level }) => level === 'error' || level === 'fatal' || Number(level) >= 50);
  }

  #spawn(): ChildProcess {
    const { folder } = this.#options;
    const log = openSync(this.logFile, 'a');
    const child = spawn(process.execPath, ['--import', endsWithParent, '--import', faulty, entry], {
      cwd: folder,
      env: this.#environment(),
      stdio: ['pipe', log, log],
    });
    closeSync(log);
    this.#child = child;
    this.#expectedEnd = false;
    child.once('exit', (code, signal) => {
      if (!this.#expectedEnd) this.unexpectedEnds.push(`${code ?? signal} at ${new Date().toISOString()}`);
    });
    return child;
  }

  #environment(): Record<string, string> {
    const { databaseUrl, secretKey, platform, port, folder } = this.#options;
    const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
    return {
      PATH,
      HOME,
      ...(TMPDIR === '' ? {} : { TMPDIR }),
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      DESKBRIDGE_DATA_DIR: join(folder, 'data'),
      DESKBRIDGE_DEMO: '0',
      DESKBRIDGE_ADMIN_TOKEN: 'operator-token-for-tests',
      DESKBRIDGE_SECRET_KEY: secretKey.toString('base64'),
      ...platform,
      TEST_CLOCK_SKEW_MS: String(this.faults.skewMs ?? 0),
      TEST_STALL_MS: String(this.faults.stallMs ?? 0),
      LOG_LEVEL: 'warn',
      // Hundreds of starts: half of each would be spent on compiling. Node writes it at an orderly end.
      NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    };
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    this.#expectedEnd = true;
    if (child === null || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    await ended;
    clearTimeout(timer);
    return child.exitCode;
  }

  #logTail(): string {
    return readFileSync(this.logFile, 'utf8').split('\n').slice(-30).join('\n');
  }
}

/**
 * A port that nobody listens on, below the range from which the system takes ports for outgoing connections: there,
 * a client that calls a dead server again and again can end up connected to itself.
 */
export async function findPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((settle) => {
    server.once('error', () => settle(false));
    server.listen(port, '127.0.0.1', () => server.close(() => settle(true)));
  });
}

function answers(url: string): Promise<boolean> {
  return new Promise((settle) => {
    const request = get(`${url}/healthz`, { agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      settle(response.statusCode === 200);
    });
    request.on('error', () => settle(false));
    request.on('timeout', () => request.destroy());
  });
}

function parseLine(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null; // the line that a kill cut off
  }
}
