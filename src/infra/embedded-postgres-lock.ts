/** File locks that die with their process, so that two programs never run one data directory. */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/** A held lock. Releasing twice is harmless. */
export interface FileLock {
  release(): void;
}

const BUSY = 5;
const POLL_MS = 20;
/** A handle that the garbage collector took would free its lock in silence. */
const held = new Set<DatabaseSync>();

/**
 * Takes a lock on `path`, or answers undefined when another holder is in the way.
 *
 * Node has no file locks of its own, but SQLite does: an open transaction on an empty database file is a kernel
 * lock, on every operating system, seen across containers that share the folder, and gone when the process ends,
 * however it ends. Nothing is ever written to the file. Never open it by other means in this process: closing
 * any descriptor of it would drop the lock (https://sqlite.org/howtocorrupt.html, 2.2).
 *
 * @throws when the file cannot be opened, or the file system has no locks
 */
export function tryLock(path: string, kind: 'exclusive' | 'shared'): FileLock | undefined {
  createPrivate(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY'); // no journal file beside the lock
    database.exec(kind === 'exclusive' ? 'BEGIN EXCLUSIVE' : 'BEGIN; SELECT 1 FROM sqlite_schema');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === BUSY) return undefined;
    throw error;
  }
  held.add(database);
  return {
    release() {
      if (held.delete(database)) database.close();
    },
  };
}

/** Like {@link tryLock}, but waits up to `withinMs` for other holders to let go. */
export async function lockWithin(
  path: string,
  kind: 'exclusive' | 'shared',
  withinMs: number,
): Promise<FileLock | undefined> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const lock = tryLock(path, kind);
    if (lock !== undefined || Date.now() >= deadline) return lock;
    await sleep(POLL_MS);
  }
}

/** Others must not be able to open the file: a reader's lock would keep us out. */
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
