/** Rotating tokens: one exchange under the lock, whoever asks, and nothing lost when it fails. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSlackRuntime } from '../../../../bots/slack/runtime.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type {
  BotRuntime,
  CredentialsUpdate,
  PlatformRegistration,
  SendOutcome,
} from '../../../../src/kernel/platform.ts';
import { testReference } from '../../../support/activity.ts';
import { testDirectory, testRegistration } from '../../../support/registration.ts';
import { type ApiServer, startApiServer } from './api-server.ts';

const hour = 3_600_000;
const start = new Date('2026-11-20T09:00:00Z');
const unauthorized = { result: 'rejected', code: 'unauthorized', retryable: false };

let api: ApiServer;
let runtimes: BotRuntime[];
let now: Date;
/** The row, which several processes share. */
let row: { credentials: JsonObject; renewAt: Date | null; lock: Promise<unknown> };
/** Tokens that Slack takes. */
let live: Set<string>;
let exchanges: number;

beforeEach(async () => {
  api = await startApiServer();
  runtimes = [];
  now = start;
  live = new Set(['xoxe.xoxb-0']);
  exchanges = 0;
  row = {
    credentials: rotating(new Date(start.getTime() + 12 * hour)),
    renewAt: null,
    lock: Promise.resolve(),
  };
  api.answers['chat.postMessage'] = (response, { headers }) => {
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    response.end(
      JSON.stringify(live.has(token) ? { ok: true, ts: '1.1' } : { ok: false, error: 'token_expired' }),
    );
  };
  api.answers['oauth.v2.access'] = (response, { body }) => {
    const known = body.refresh_token === `xoxe-1-${exchanges}`;
    if (!known) return void response.end(JSON.stringify({ ok: false, error: 'invalid_refresh_token' }));
    exchanges += 1;
    const token = `xoxe.xoxb-${exchanges}`;
    live = new Set([token]);
    const grant = { ok: true, access_token: token, token_type: 'bot', expires_in: 43_200 };
    response.end(JSON.stringify({ ...grant, refresh_token: `xoxe-1-${exchanges}`, bot_user_id: 'U0BOT' }));
  };
});
afterEach(async () => {
  await Promise.all(runtimes.map((runtime) => runtime.close()));
  await api.close();
});

function rotating(endsAt: Date): JsonObject {
  return {
    signing_secret: 's',
    client_id: '1.2',
    client_secret: 'c:s',
    bot_token: 'xoxe.xoxb-0',
    refresh_token: 'xoxe-1-0',
    bot_token_expires_at: endsAt.toISOString(),
  };
}

/** One process: it keeps the credentials that it once read, as the directory's caches do. */
function startProcess() {
  const runtime = createSlackRuntime({
    apps: testDirectory([]),
    clock: { now: () => now },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    settings: { apiUrl: api.url },
  });
  runtimes.push(runtime);
  let opened = row.credentials;
  const registration: PlatformRegistration = {
    ...testRegistration({ platform: 'slack', appId: 'A0DESK00001', organization: 'T0ACME' }),
    credentials: async () => opened,
    updateCredentials: (change: (current: JsonObject) => Promise<CredentialsUpdate | null>) => {
      const work = row.lock.then(async () => {
        const update = await change(row.credentials);
        if (update !== null) Object.assign(row, update);
        opened = row.credentials;
        return opened;
      });
      row.lock = work.catch(() => {});
      return work;
    },
  };
  const reference = testReference({
    platformConversationId: 'D1',
    type: 'personal' as const,
    organization: 'T0ACME',
    platformUserId: 'U1',
  });
  const send = (): Promise<SendOutcome> =>
    runtime.send({
      registration,
      reference,
      message: { title: 't' },
      replyToMessageId: null,
      updateMessageId: null,
      token: 'd-1',
    });
  return { send, renew: () => runtime.renew?.(registration) };
}

const calls = (method: string) => api.requests.filter((request) => request.method === method).length;

describe('a token that ends', () => {
  it('is renewed once, however many processes send at once', async () => {
    now = new Date(start.getTime() + 12 * hour);
    live.clear();
    const processes = [startProcess(), startProcess()];
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (processes[i % 2] ?? startProcess()).send()),
    );
    expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(['sent']));
    expect(calls('oauth.v2.access')).toBe(1);
    expect(calls('chat.postMessage')).toBe(20);
    expect(row.credentials).toEqual({
      signing_secret: 's',
      client_id: '1.2',
      client_secret: 'c:s',
      bot_token: 'xoxe.xoxb-1',
      refresh_token: 'xoxe-1-1',
      bot_token_expires_at: new Date(now.getTime() + 12 * hour).toISOString(),
      bot_user_id: 'U0BOT',
    });
    expect(row.renewAt).toEqual(new Date(now.getTime() + 10 * hour));
  });

  it('is renewed by the client of the app, named in the header alone', async () => {
    now = new Date(start.getTime() + 12 * hour);
    await startProcess().send();
    const [request] = api.requests;
    const basic = Buffer.from('1.2:c%3As').toString('base64');
    expect(request?.headers.authorization).toBe(`Basic ${basic}`);
    expect(request?.body).toEqual({ grant_type: 'refresh_token', refresh_token: 'xoxe-1-0' });
  });

  it('is used until it ends when it cannot be renewed', async () => {
    now = new Date(start.getTime() + 12 * hour - 60_000);
    api.answers['oauth.v2.access'] = (response) => response.writeHead(503).end();
    expect(await startProcess().send()).toMatchObject({ result: 'sent' });
    now = new Date(start.getTime() + 12 * hour + 1);
    expect(await startProcess().send()).toEqual({
      result: 'rejected',
      code: 'server_error',
      retryable: true,
    });
    expect(row.credentials.refresh_token).toBe('xoxe-1-0');
  });
});

describe('a token that Slack refuses', () => {
  it('is renewed, and the message sent by the new one', async () => {
    live.clear();
    expect(await startProcess().send()).toMatchObject({ result: 'sent' });
    expect(api.requests.map(({ method }) => method)).toEqual([
      'chat.postMessage',
      'oauth.v2.access',
      'chat.postMessage',
    ]);
  });

  it('is read again where another process has renewed it', async () => {
    const [one, other] = [startProcess(), startProcess()];
    live.clear();
    await one.send();
    expect(await other.send()).toMatchObject({ result: 'sent' });
    expect(calls('oauth.v2.access')).toBe(1);
  });

  it('is given up when the refresh token is refused too, and Slack is not asked at every send', async () => {
    live.clear();
    row.credentials = { ...row.credentials, refresh_token: 'used' };
    const process = startProcess();
    for (let i = 0; i < 5; i++) expect(await process.send()).toEqual(unauthorized);
    expect(calls('oauth.v2.access')).toBe(1);
    now = new Date(now.getTime() + 61_000);
    await process.send();
    expect(calls('oauth.v2.access')).toBe(2);
    expect(row.credentials.refresh_token).toBe('used');
  });

  it('works at once after a new installation', async () => {
    live.clear();
    row.credentials = { ...row.credentials, refresh_token: 'used' };
    const process = startProcess();
    expect(await process.send()).toEqual(unauthorized);
    row.credentials = { signing_secret: 's', bot_token: 'xoxb-new' };
    live.add('xoxb-new');
    now = new Date(now.getTime() + 61_000);
    expect(await process.send()).toMatchObject({ result: 'sent' });
  });
});

describe('ahead of time', () => {
  it('a token is renewed two hours before it ends, once', async () => {
    now = new Date(start.getTime() + 9 * hour);
    const [one, other] = [startProcess(), startProcess()];
    await one.renew();
    expect(exchanges).toBe(0);
    now = new Date(start.getTime() + 10 * hour);
    await Promise.all([one.renew(), other.renew()]);
    expect(exchanges).toBe(1);
  });

  it('a failure is told, without a secret', async () => {
    now = new Date(start.getTime() + 10 * hour);
    api.answers['oauth.v2.access'] = { ok: false, error: 'invalid_refresh_token' };
    await expect(startProcess().renew()).rejects.toThrow('the Slack token was not renewed: unauthorized');
    expect(row.credentials.refresh_token).toBe('xoxe-1-0');
  });
});
