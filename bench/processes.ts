/** Processes under measurement: started, watched until they answer, their CPU time read from the system. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Linux counts CPU time for user space in hundredths of a second (USER_HZ). */
const ticksPerSecond = 100;
const startLimitMs = 30_000;
const stopLimitMs = 20_000;

export interface ServerProcess {
  url: string;
  pid: number;
  /** SIGTERM, then the wait for its end. */
  stop(): Promise<void>;
}

/** Ended when this process ends, however that comes about. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a program of ours and waits until it answers HTTP.
 * @param program.args of Node, the file first or after its flags
 * @param program.environment besides PATH, HOME and PORT nothing else is passed on
 */
export async function startServer(program: {
  args: readonly string[];
  environment: Record<string, string>;
  /** Where both of its output streams go. */
  logFile: string;
  cwd: string;
  /** Any answer at this path means that it is ready. */
  readyPath: string;
}): Promise<ServerProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = openSync(program.logFile, 'a');
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, program.args, {
    cwd: program.cwd,
    env: { PATH, HOME, PORT: String(port), ...program.environment },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  running.add(child);
  child.once('exit', () => running.delete(child));
  await untilItAnswers(child, `${url}${program.readyPath}`, program.logFile);
  return { url, pid: child.pid ?? 0, stop: () => stop(child) };
}

async function untilItAnswers(child: ChildProcess, url: string, logFile: string): Promise<void> {
  const deadline = Date.now() + startLimitMs;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const answered = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await sleep(50);
  }
  throw new Error(`a server did not start:\n${readFileSync(logFile, 'utf8').slice(-4_000)}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await ended;
  clearTimeout(timer);
}

/** CPU seconds that a process has used since it began, user and system, all its threads. */
export function cpuSeconds(pid: number): number {
  const [user = 0, system = 0] = timesOf(pid);
  return (user + system) / ticksPerSecond;
}

/** The same for a process with its children, those that have ended included. */
export function treeCpuSeconds(pid: number): number {
  const living = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  const children = living.filter((child) => parentOf(child) === pid).map(cpuSeconds);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = timesOf(pid);
  const own = (user + system + childUser + childSystem) / ticksPerSecond;
  return children.reduce((sum, seconds) => sum + seconds, own);
}

/** utime, stime, cutime and cstime of proc(5), in ticks; nothing for a process that is gone. */
function timesOf(pid: number): number[] {
  return statusFields(pid).slice(11, 15).map(Number);
}

function parentOf(pid: number): number {
  return Number(statusFields(pid)[1]);
}

/** What follows the name in `/proc/<pid>/stat`; the name itself may hold spaces and brackets. */
function statusFields(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
