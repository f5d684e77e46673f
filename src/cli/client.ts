/** Calls the admin API of the running server: where it is, who calls, and what went wrong. */
import { resolve } from 'node:path';
import { ConfigError, isLoopbackUrl, readConfig } from '../config.ts';
import { adminTokenFile, readSecret } from '../infra/data-dir.ts';
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { CliError, type CliProblem, type Io, usageError } from './output.ts';

type Query = Record<string, string | number | undefined>;

export interface RequestOptions {
  query?: Query;
  body?: JsonObject;
}

/** A page, or as many pages as were asked for, of a list. */
export interface Listed {
  items: JsonObject[];
  /** Where the list goes on; null at its end. */
  next_cursor: string | null;
}

/** A file that the server made. */
export interface ServedFile {
  name: string;
  contentType: string;
  content: Buffer;
}

const timeoutMs = 30_000;
const maxPage = 200;

/** The server that this command speaks to. */
export interface Server {
  /** Origin, e.g. `http://127.0.0.1:3978`; with a path where a proxy serves it under one. */
  url: string;
  /** Null: none was found, and the server will say what it thinks of that. */
  token: string | null;
}

/**
 * The server and the token by the environment. The token file of the data directory is read for a server on this
 * machine only: it is that server's secret and no other's.
 * @throws CliError (usage) for a URL, host or port that is none
 */
export async function findServer(env: Io['env']): Promise<Server> {
  const url = serverUrl(env);
  const named = present(env.DESKBRIDGE_TOKEN) ?? present(env.DESKBRIDGE_ADMIN_TOKEN);
  const elsewhere = present(env.DESKBRIDGE_URL) !== null && !isLoopbackUrl(new URL(url));
  if (named !== null || elsewhere) return { url, token: named };
  const dataDir = dataDirectory(env);
  try {
    return { url, token: await readSecret(dataDir, adminTokenFile) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CliError({
      title: 'The token file cannot be read',
      code: 'unauthorized',
      detail: code === 'EACCES' ? `It belongs to another account (${dataDir}).` : message,
      remedy: 'Run the command as the account that runs the server, or set DESKBRIDGE_TOKEN.',
    });
  }
}

/** The data directory of the server on this machine. */
export function dataDirectory(env: Io['env']): string {
  return resolve(present(env.DESKBRIDGE_DATA_DIR) ?? '.deskbridge');
}

function serverUrl(env: Io['env']): string {
  const given = present(env.DESKBRIDGE_URL);
  if (given === null) return localUrl(env);
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw usageError('DESKBRIDGE_URL is not an http or https URL', 'For example https://desk.example.com');
  }
  if (url.protocol === 'http:' && !isLoopbackUrl(url)) {
    throw usageError(
      'DESKBRIDGE_URL must be an https URL: plain http is taken only on loopback',
      'The token would cross the network readable by anybody.',
    );
  }
  return given.replace(/\/+$/, '');
}

/** Where `npm start` listens with the same environment. */
function localUrl(env: Io['env']): string {
  try {
    const { host, port } = readConfig({ HOST: env.HOST, PORT: env.PORT });
    // A server that listens on every address is reached on loopback.
    const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
  } catch (error) {
    if (error instanceof ConfigError) throw usageError(error.faults.join('; '));
    throw error;
  }
}

export class ApiClient {
  readonly url: string;
  readonly #token: string | null;

  constructor(server: Server) {
    this.url = server.url;
    this.#token = server.token;
  }

  /**
   * One call.
   * @returns the body; null when there is none
   * @throws CliError when the server refuses, fails or does not answer
   */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<JsonObject | null> {
    const response = await this.#send(method, path, options);
    const text = await response.text().catch(() => '');
    if (response.status === 204 || (response.ok && text === '')) return null;
    const body = parseObject(text);
    if (!response.ok || body === null) throw refusal(response.status, body, this.url);
    return body;
  }

  /**
   * A file, with the name that the server gives it, which is never a path.
   * @throws CliError when the server refuses, fails or does not answer
   */
  async file(path: string, query: Query = {}): Promise<ServedFile> {
    const response = await this.#send('GET', path, { query, accept: '*/*' });
    const content = Buffer.from(await response.arrayBuffer().catch(() => new ArrayBuffer(0)));
    const disposition = response.headers.get('content-disposition') ?? '';
    const name = /^attachment; filename="([\w-][\w.-]*)"$/.exec(disposition)?.[1];
    if (!response.ok || name === undefined) {
      throw refusal(response.status, parseObject(content.toString()), this.url);
    }
    return { name, contentType: response.headers.get('content-type') ?? '', content };
  }

  /** A call whose answer has a body. */
  async object(method: string, path: string, options: RequestOptions = {}): Promise<JsonObject> {
    return (await this.request(method, path, options)) ?? {};
  }

  /** The first `limit` items of a list, over as many pages as that takes. */
  async list(path: string, limit: number, query: Query = {}): Promise<Listed> {
    const items: JsonObject[] = [];
    let cursor: string | null = null;
    do {
      const page = { ...query, limit: Math.min(limit - items.length, maxPage), cursor: cursor ?? undefined };
      const body = await this.object('GET', path, { query: page });
      items.push(...(Array.isArray(body.items) ? (body.items as JsonObject[]) : []));
      cursor = typeof body.next_cursor === 'string' ? body.next_cursor : null;
    } while (cursor !== null && items.length < limit);
    return { items, next_cursor: cursor };
  }

  async #send(
    method: string,
    path: string,
    options: RequestOptions & { accept?: string },
  ): Promise<Response> {
    const { query, body, accept = 'application/json' } = options;
    const url = new URL(`${this.url}${path}`);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers = {
      accept,
      ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    try {
      return await fetch(url, {
        method,
        headers,
        // A token is for the host that was named, not for one that it points to.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw noAnswer(this.url, error);
    }
  }
}

/**
 * A path below a tenant, its parts escaped.
 * @throws CliError (usage) for a part that a URL would swallow
 */
export function tenantPath(tenant: string, ...parts: string[]): string {
  const all = [tenant, ...parts];
  const odd = all.find((part) => /^\.{0,2}$/.test(part));
  if (odd !== undefined) throw usageError(`"${odd}" is not an id`);
  return `/v1/tenants/${all.map(encodeURIComponent).join('/')}`;
}

function refusal(status: number, body: JsonObject | null, url: string): CliError {
  if (body === null || typeof body.title !== 'string') {
    return new CliError({
      title: `${url} answered ${status}, and not as a Deskbridge server does`,
      code: 'unavailable',
      status,
      remedy: 'Check DESKBRIDGE_URL, and what stands between here and the server.',
    });
  }
  const problem = body as CliProblem & JsonObject;
  if (status !== 401) return new CliError(problem);
  const remedy =
    'Set DESKBRIDGE_TOKEN to a live key, or run the command in the folder of the server, whose token it then reads.';
  return new CliError({ ...problem, remedy });
}

function noAnswer(url: string, error: unknown): CliError {
  const timedOut = error instanceof Error && error.name === 'TimeoutError';
  return new CliError({
    title: timedOut
      ? `${url} did not answer within ${timeoutMs / 1000} seconds`
      : `No Deskbridge server answers on ${url}${reasonOf(error)}`,
    code: 'unavailable',
    remedy: 'Start it with "npm start", or set DESKBRIDGE_URL to where it runs.',
  });
}

/** The system's code for why, unless it is the ordinary one. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  const code = typeof cause?.code === 'string' ? cause.code : '';
  return code === '' || code === 'ECONNREFUSED' ? '' : ` (${code})`;
}

function parseObject(text: string): JsonObject | null {
  try {
    const value: JsonValue = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function present(value: string | undefined): string | null {
  return value === undefined || value.trim() === '' ? null : value.trim();
}
