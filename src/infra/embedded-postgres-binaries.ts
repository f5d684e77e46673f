/** Finds the PostgreSQL programs that npm installed and makes them runnable for the account that runs them. */

import { randomUUID } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { DeskbridgeError } from '../kernel/errors.ts';
import { type Account, canReach, canRead } from './embedded-postgres-place.ts';

/** Full paths of the two programs that the launcher starts. */
export interface Binaries {
  initdb: string;
  postgres: string;
}

/** The `native` folder of an `@embedded-postgres/*` package, and the package's exact version. */
export interface InstalledPackage {
  native: string;
  version: string;
}

/** What a missing package means for the person who starts the program. */
const NO_BINARIES =
  'No PostgreSQL came with the install for this system: set DATABASE_URL to a PostgreSQL of version 15 or later, or install again without --omit=optional.';

/**
 * The package for this operating system and processor.
 * @throws DeskbridgeError `unavailable` when it is not installed
 */
export async function findInstalledPackage(
  platform: string = process.platform,
  architecture: string = process.arch,
): Promise<InstalledPackage> {
  const system = platform === 'win32' ? 'windows' : platform;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${system}-${architecture}`);
  } catch (cause) {
    throw new DeskbridgeError('unavailable', {
      detail: `${NO_BINARIES} (${system}-${architecture})`,
      cause,
    });
  }
  // The package's `exports` hide everything but its entry, so the rest is found by path.
  const root = resolve(dirname(entry), '..');
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return { native: join(root, 'native'), version: manifest.version };
}

/**
 * Makes the package's programs runnable by `account`: completes the library links that a blocked install script
 * leaves out, and copies the whole (61 MB) into `home` where they cannot be completed or the account cannot
 * reach or read the package, as with a project in root's home.
 * @param home a folder that the account can reach
 */
export async function prepareBinaries(
  installed: InstalledPackage,
  home: string,
  account: Account | undefined,
): Promise<Binaries> {
  const linked = await linkLibraries(installed.native);
  const native =
    linked && (await usableBy(installed.native, account))
      ? installed.native
      : await copyInto(home, installed);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(native, 'bin', `initdb${suffix}`),
    postgres: join(native, 'bin', `postgres${suffix}`),
  };
}

/** @returns false when a link is missing and the folder may not be written */
async function linkLibraries(native: string): Promise<boolean> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // Paths in the list begin with `native/`; both ends of each link lie in one folder.
    const link = join(native, relative('native', target));
    try {
      await symlink(basename(source), link);
    } catch (error) {
      // A read-only file system reports EROFS even for a link that is there.
      if (await lstat(link).catch(() => undefined)) continue;
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      throw error;
    }
  }
  return true;
}

/** npm unpacks all files of a package with the same rights, so one of them speaks for all. */
async function usableBy(native: string, account: Account | undefined): Promise<boolean> {
  if (account === undefined) return true;
  const postgres = join(native, 'bin', 'postgres');
  return (await canReach(dirname(postgres), account)) && (await canRead(postgres, account));
}

/** Copies under a temporary name first: a copy that was cut short is never taken for a whole one. */
async function copyInto(home: string, installed: InstalledPackage): Promise<string> {
  const folder = join(home, 'binaries', installed.version);
  const native = join(folder, 'native');
  if (await lstat(native).catch(() => undefined)) return native;
  // Copies of other versions, and what a killed start left: nothing runs from them when this is called.
  await rm(join(home, 'binaries'), { recursive: true, force: true });
  const temporary = join(folder, `new-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  await cp(installed.native, temporary, { recursive: true, verbatimSymlinks: true });
  await linkLibraries(temporary);
  await openToAll(join(home, 'binaries'));
  await rename(temporary, native);
  return native;
}

/** The copy holds nothing secret, and a strict umask must not keep the account out of it. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
