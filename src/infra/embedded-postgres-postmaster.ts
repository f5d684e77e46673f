/** Knows which processes are PostgreSQL servers of one cluster, and ends those and no others. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeskbridgeError } from '../kernel/errors.ts';

/** What `postmaster.pid` says. `status` is `starting`, `ready`, `stopping` or, in a torn file, undefined. */
export interface PostmasterFile {
  pid: number;
  port: number;
  status: string | undefined;
}

const POLL_MS = 5;

/** @returns undefined when there is no such file or it names no process */
export async function readPostmasterFile(dataDirectory: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(postmasterFile(dataDirectory), 'utf8').catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });
  // https://www.postgresql.org/docs/18/storage-file-layout.html: pid, data directory, start time, port, …, status
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3]), status: lines[7] || undefined };
}

/** Removes a `postmaster.pid` whose process is not this cluster's server: PostgreSQL would take it for one. */
export async function removeStalePostmasterFile(dataDirectory: string): Promise<void> {
  const file = await readPostmasterFile(dataDirectory);
  if (file && isPostmaster(file.pid, dataDirectory)) return;
  await rm(postmasterFile(dataDirectory), { force: true });
}

/**
 * Whether a process is this cluster's server, by its command line: the number alone may belong to anything by
 * now. A zombie is not one. On Windows, where that cannot be read, any live process counts.
 */
export function isPostmaster(pid: number, dataDirectory: string): boolean {
  if (process.platform === 'win32') return isAlive(pid);
  if (process.platform === 'linux') {
    const [program, ...args] = commandLine(pid);
    return program !== undefined && basename(program) === 'postgres' && args.includes(dataDirectory);
  }
  try {
    const line = execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return line.includes('postgres') && line.includes(`-D ${dataDirectory} `);
  } catch {
    return false;
  }
}

/**
 * Ends the cluster's server: first kindly (clients are cut off, everything is written), then at once, then by
 * force. Committed data survive each of these.
 * @throws DeskbridgeError `unavailable` when the process outlives even that
 */
export async function stopPostmaster(pid: number, dataDirectory: string): Promise<void> {
  const running = () => isPostmaster(pid, dataDirectory);
  for (const [signal, withinMs] of [
    ['SIGINT', 30_000],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 5_000],
  ] as const) {
    if (!running()) return;
    signalProcess(pid, signal);
    if (await goneWithin(running, withinMs)) return;
  }
  throw new DeskbridgeError('unavailable', { detail: `PostgreSQL (process ${pid}) does not end` });
}

/**
 * Ends server processes that outlived their postmaster and keep its shared memory: known by their working
 * directory. Elsewhere than on Linux this cannot be seen, and they end by themselves when they notice.
 */
export async function endOrphans(dataDirectory: string): Promise<void> {
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    const orphans = serverProcesses(dataDirectory);
    if (orphans.length === 0) return;
    for (const pid of orphans) signalProcess(pid, signal);
    await goneWithin(() => serverProcesses(dataDirectory).length > 0, 5_000);
  }
}

function serverProcesses(dataDirectory: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => /^postgres(:|$)/.test(basename(commandLine(pid)[0]?.split(' ')[0] ?? '')))
    .filter((pid) => workingDirectory(pid) === dataDirectory);
}

/** Empty for a zombie, a kernel thread, and a process that is gone. */
function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}

function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

async function goneWithin(running: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (running()) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process that ended in between is what was wanted. */
function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function postmasterFile(dataDirectory: string): string {
  return join(dataDirectory, 'postmaster.pid');
}
