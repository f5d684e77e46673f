/** The data directory: generated secrets, each in a file that only its owner can read. */
import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDataDirectory } from './embedded-postgres-place.ts';

/** Names of the files, relative to the data directory. */
export const adminTokenFile = 'admin-token';
export const secretKeyFile = 'secret-key';

export interface Secret {
  value: string;
  path: string;
  /** Made by this call. */
  created: boolean;
}

/** Reads a secret of the data directory, or makes one: 32 random bytes in the given encoding, mode 0600. */
export async function readOrCreateSecret(
  dataDir: string,
  file: string,
  encoding: 'base64' | 'base64url',
): Promise<Secret> {
  await makeDataDirectory(dataDir);
  const path = join(dataDir, file);
  const existing = await readSecret(dataDir, file);
  if (existing !== null) return { value: existing, path, created: false };
  const value = randomBytes(32).toString(encoding);
  try {
    await writeFile(path, `${value}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Another process made it first.
    const other = await readSecret(dataDir, file);
    if (other === null) throw error;
    return { value: other, path, created: false };
  }
  await chmod(path, 0o600); // whatever the umask says
  return { value, path, created: true };
}

/** The secret; null when the file does not exist or is empty. */
export async function readSecret(dataDir: string, file: string): Promise<string | null> {
  try {
    const text = (await readFile(join(dataDir, file), 'utf8')).trim();
    return text === '' ? null : text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
