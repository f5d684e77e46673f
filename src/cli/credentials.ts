/** Where a command gets secrets from: a file, standard input or the environment, never its arguments. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { type Io, usageError } from './output.ts';

const remedy = 'Give --credentials-file <file> or - for standard input, or set DESKBRIDGE_CREDENTIALS.';

/**
 * The credentials as a JSON object. What is wrong with them is said without quoting them.
 * @param file a path, or `-` for standard input; without it DESKBRIDGE_CREDENTIALS
 * @throws CliError (usage)
 */
export async function readCredentials(io: Io, file: string | undefined): Promise<JsonObject> {
  const source = await readSource(io, file);
  if (source === undefined || source.trim() === '') throw usageError('The credentials are missing', remedy);
  const value = parse(source);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usageError('The credentials are not a JSON object', 'For Teams: {"client_secret":"…"}');
  }
  return value;
}

async function readSource(io: Io, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return io.env.DESKBRIDGE_CREDENTIALS;
  if (file === '-') {
    if (io.stdin.isTTY === true) io.stderr.write('Type the credentials as JSON, then Ctrl-D:\n');
    return await text(io.stdin);
  }
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usageError(`The file ${file} cannot be read (${code ?? 'unknown'})`, remedy);
  }
}

function parse(source: string): JsonValue {
  try {
    return JSON.parse(source);
  } catch {
    return null;
  }
}
