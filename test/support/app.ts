/** The whole program over HTTP on a database of its own, for tests of the admin API. */
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import type { ApiServices } from '../../src/http/route.ts';
import type { Clock, Log } from '../../src/kernel/ports.ts';
import { createTestDatabase, type TestDatabase } from './databases.ts';
import { silentLog } from './log.ts';

export const adminToken = 'operator-token-for-tests';
const secretKey = Buffer.alloc(32, 7);

/** The parts of a problem or of an answer that tests look at; which of them are there is for the test to say. */
export type Body = Record<string, unknown> & { code?: string; items?: Record<string, unknown>[] };

export interface Answer {
  status: number;
  /** Parsed JSON; an empty object when there was none, or something else. */
  body: Body;
  headers: Headers;
}

export interface CallOptions {
  /** A tenant's key; null: no key. Without it the operator's token. */
  key?: string | null;
  /** Sent as JSON; a text is sent as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface TestApp {
  url: string;
  adminToken: string;
  database: TestDatabase;
  services: ApiServices;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

export async function startTestApp(options: { log?: Log; clock?: Clock } = {}): Promise<TestApp> {
  const database = await createTestDatabase();
  const { log = silentLog, clock } = options;
  const running = await compose({
    config: readConfig({ PORT: '0', DESKBRIDGE_DEMO: '0', DESKBRIDGE_ROLES: 'web' }),
    ownerUrl: database.ownerUrl,
    adminToken,
    secretKeys: [secretKey],
    log,
    ...(clock === undefined ? {} : { clock }),
  });
  return {
    url: running.url,
    adminToken,
    database,
    services: running.services,
    call: (method, path, request = {}) => call(running.url, method, path, request),
    close: async () => {
      await running.close();
      await database.drop();
    },
  };
}

async function call(url: string, method: string, path: string, options: CallOptions): Promise<Answer> {
  const { key = adminToken, body, headers = {} } = options;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /^application\/([a-z]+\+)?json\b/.test(response.headers.get('content-type') ?? '');
  const parsed = isJson && text !== '' ? (JSON.parse(text) as Body) : {};
  return { status: response.status, body: parsed, headers: response.headers };
}
