/** The embedded database as real processes: starts, restarts, kills, neighbours and clean stops. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../src/infra/embedded-postgres.ts';
import { tryLock } from '../../src/infra/embedded-postgres-lock.ts';
import { POSTGRES_MAJOR } from '../../src/infra/embedded-postgres-place.ts';
import { isPostmaster, readPostmasterFile } from '../../src/infra/embedded-postgres-postmaster.ts';
import {
  account,
  asRoot,
  embeddedPlace,
  log,
  query,
  quiet,
  startProgram,
} from '../support/embedded-programs.ts';

const place = embeddedPlace();
const { newDataDir } = place;
const bystanders: ChildProcess[] = [];

beforeAll(place.open);
afterAll(async () => {
  for (const child of bystanders) child.kill('SIGKILL');
  await place.close();
});

test('a restart keeps the data, and what is secret stays private', async () => {
  const dataDir = newDataDir();
  const first = await startEmbeddedPostgres({ dataDir, log, mode: 'exclusive' });
  const home = dirname(first.dataDirectory);
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  await first.stop();
  expect(await readPostmasterFile(first.dataDirectory)).toBeUndefined();

  const second = await startEmbeddedPostgres({ dataDir, log, mode: 'exclusive' });
  expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  expect([first.reused, second.reused]).toEqual([false, false]);
  expect((await stat(join(home, 'password'))).mode & 0o777).toBe(0o600);
  expect((await stat(first.dataDirectory)).mode & 0o777).toBe(0o700);
  expect((await stat(dataDir)).mode & 0o066).toBe(0);
  const wrong = second.url.replace(/:[0-9a-f]+@/, ':wrong@');
  await expect(query(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  await expect(query(second.url, "select 'secret words'::int")).rejects.toThrow();
  await second.stop();
  const written = await readFile(join(home, 'postgres.log'), 'utf8');
  expect(written).toContain('database system is shut down');
  expect(written).not.toContain('secret words');
});

test('a server that survived the kill of its owner is reused, and ended by its new owner', async () => {
  const dataDir = newDataDir();
  const killed = await startProgram({ dataDir, mode: 'exclusive' });
  await query(killed.outcome.url, 'create table kept as select 1 as one');
  const before = await readPostmasterFile(killed.outcome.dataDirectory);
  await killed.end('SIGKILL');

  const next = await startProgram({ dataDir, mode: 'exclusive' });
  expect(next.outcome).toMatchObject({ reused: true, url: killed.outcome.url });
  expect(await readPostmasterFile(next.outcome.dataDirectory)).toEqual(before);
  expect(await query(next.outcome.url, 'select one from kept')).toEqual([{ one: 1 }]);
  expect(await next.end('SIGTERM')).toBe(0);
  expect(isPostmaster(before?.pid ?? 0, next.outcome.dataDirectory)).toBe(false);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the program and its server cleanly', async (signal) => {
  const program = await startProgram({ dataDir: newDataDir(), mode: 'exclusive' });
  const { dataDirectory } = program.outcome;
  const file = await readPostmasterFile(dataDirectory);
  expect(await program.end(signal)).toBe(0);
  expect(isPostmaster(file?.pid ?? 0, dataDirectory)).toBe(false);
  expect(await readPostmasterFile(dataDirectory)).toBeUndefined();
  expect(await readFile(join(dirname(dataDirectory), 'postgres.log'), 'utf8')).toContain('is shut down');
});

test('of two servers that start at once on an empty directory one wins and the other refuses', async () => {
  const dataDir = newDataDir();
  const programs = await Promise.all([1, 2].map(() => startProgram({ dataDir, mode: 'exclusive' })));
  const [loser] = programs.filter(({ outcome }) => outcome.refused !== undefined);
  const winners = programs.filter(({ outcome }) => outcome.refused === undefined);
  expect(winners).toHaveLength(1);
  expect(loser?.outcome.refused).toMatch(/^Another Deskbridge server .*already.*DESKBRIDGE_DATA_DIR/);
  const url = winners[0]?.outcome.url ?? '';
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  // One that starts much later is refused as well, and disturbs nothing.
  const late = await startProgram({ dataDir, mode: 'exclusive' });
  expect(late.outcome.refused).toContain('Another Deskbridge server (process ');
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(await winners[0]?.end('SIGINT')).toBe(0);
});

test('commands that start at once share one server, and the last one ends it', async () => {
  const dataDir = newDataDir();
  const programs = await Promise.all([1, 2, 3].map(() => startProgram({ dataDir, mode: 'shared' })));
  expect(new Set(programs.map(({ outcome }) => outcome.url)).size).toBe(1);
  expect(programs.filter(({ outcome }) => !outcome.reused)).toHaveLength(1);
  const [first, second, last] = programs;
  const { url, dataDirectory } = first?.outcome ?? { url: '', dataDirectory: '' };
  await Promise.all([first?.end('SIGTERM'), second?.end('SIGTERM')]);
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await last?.end('SIGTERM');
  expect(await readPostmasterFile(dataDirectory)).toBeUndefined();
});

test('a command never ends the server of a live neighbour, even when the command started it', async () => {
  const dataDir = newDataDir();
  const command = await startProgram({ dataDir, mode: 'shared' });
  const server = await startProgram({ dataDir, mode: 'exclusive' });
  const later = await startProgram({ dataDir, mode: 'shared' });
  expect([server.outcome.reused, later.outcome.reused]).toEqual([true, true]);
  await command.end('SIGTERM');
  await later.end('SIGTERM');
  expect(await query(server.outcome.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await server.end('SIGTERM');
  expect(await readPostmasterFile(server.outcome.dataDirectory)).toBeUndefined();
});

test('a stale postmaster.pid that names a foreign process is not believed', async () => {
  const dataDir = newDataDir();
  const first = await startEmbeddedPostgres({ dataDir, log, mode: 'shared' });
  const file = join(first.dataDirectory, 'postmaster.pid');
  const text = await readFile(file, 'utf8');
  await first.stop();
  // Of the account that PostgreSQL runs as: PostgreSQL itself would take any live process of it for a server.
  const bystander = spawn('sleep', ['60'], { cwd: '/', stdio: 'ignore', ...account });
  bystanders.push(bystander);
  await writeFile(file, text.replace(/^\d+/, String(bystander.pid)));
  if (asRoot) await chown(file, 65534, 65534);

  const second = await startEmbeddedPostgres({ dataDir, log, mode: 'shared' });
  expect(second.reused).toBe(false);
  expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  await second.stop();
  expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
});

test.runIf(process.platform === 'linux')(
  'backends that outlived a killed server are ended first',
  async () => {
    const dataDir = newDataDir();
    const program = await startProgram({ dataDir, mode: 'exclusive' });
    const { url, dataDirectory } = program.outcome;
    await query(url, 'create table kept as select 1 as one');
    // A busy loop does not notice that the server is gone.
    const busy = "do $$ begin while clock_timestamp() < now() + interval '30 s' loop end loop; end $$";
    const client = new Client({ connectionString: url });
    client.on('error', quiet);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    client.query(busy).catch(quiet);
    await sleep(200);
    await program.end('SIGKILL');
    process.kill((await readPostmasterFile(dataDirectory))?.pid ?? Number.NaN, 'SIGKILL');
    const orphan = `/proc/${rows[0]?.pid}/cmdline`;
    expect(await readFile(orphan, 'utf8')).toMatch(/^postgres: /);

    const next = await startProgram({ dataDir, mode: 'exclusive' });
    expect(next.outcome).toMatchObject({ reused: false });
    expect(await query(next.outcome.url, 'select one from kept')).toEqual([{ one: 1 }]);
    expect(await readFile(orphan, 'utf8').catch(() => '')).toBe('');
    await client.end().catch(quiet);
    await next.end('SIGTERM');
  },
);

test('a user whose server cannot be seen from here keeps everybody else from starting a second one', async () => {
  const dataDir = newDataDir();
  const first = await startEmbeddedPostgres({ dataDir, log, mode: 'shared' });
  await first.stop();
  const user = tryLock(join(dirname(first.dataDirectory), 'users.lock'), 'shared');
  await expect(startEmbeddedPostgres({ dataDir, log, mode: 'shared' })).rejects.toThrow(
    'cannot be seen from here',
  );
  user?.release();
  await (await startEmbeddedPostgres({ dataDir, log, mode: 'shared' })).stop();
});

test('what a killed first start left half made is swept away', async () => {
  const dataDir = newDataDir();
  const leftover = join(dataDir, 'postgres', `${POSTGRES_MAJOR}.new-${randomUUID()}`);
  await mkdir(leftover, { recursive: true });
  await writeFile(`${leftover}.password`, 'secret');
  const database = await startEmbeddedPostgres({ dataDir, log, mode: 'shared' });
  await database.stop();
  const names = await readdir(join(dataDir, 'postgres'));
  expect(names.filter((name) => name.includes('.new-'))).toEqual([]);
});
