/** Commands on the embedded database: beside a live server, and alone. */
import type { ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { embeddedPlace } from '../../support/embedded-programs.ts';
import { listeningUrl, runCli, spawnNode, stop } from './programs.ts';

const place = embeddedPlace();
let server: ChildProcess | null = null;
let folder = '';

beforeAll(async () => {
  folder = await place.open();
});

afterAll(async () => {
  if (server !== null) await stop(server);
  await place.close();
});

it('uses the database of a live server and leaves it up; alone, it starts and stops it', async () => {
  const env = { DESKBRIDGE_DATA_DIR: place.newDataDir(), LOG_LEVEL: 'warn' };
  const first = await runCli(['migrate'], env);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/migrated now:\n {2}\d{14}_foundation/);

  server = spawnNode(['bin/start.js'], { ...env, PORT: '0' });
  const url = await listeningUrl(server);
  const verify = ['audit', 'verify', '--tenant', 'demo', '--offline'];
  expect(await runCli(verify, env)).toMatchObject({ code: 0, stderr: '' });
  // The token is the one in the data directory.
  const list = await runCli(['user', 'list', '--tenant', 'demo'], { ...env, DESKBRIDGE_URL: url });
  expect(list).toMatchObject({ code: 0, stderr: '' });
  expect(list.stdout).toContain('Ann Archer');
  expect(await runningServers()).toBe(1);
  await stop(server);

  const alone = await runCli([...verify, '--json'], env);
  expect(alone).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(alone.stdout)).toMatchObject({ valid: true, fault: null });
  expect(await runningServers()).toBe(0);
});

/** PostgreSQL's own note of a running server lies in its data directory. */
async function runningServers(): Promise<number> {
  const paths = await readdir(folder, { recursive: true });
  return paths.filter((path) => basename(path) === 'postmaster.pid').length;
}
