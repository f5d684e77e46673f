/** The doctor's questions to Slack: each fault is found, said in plain words, and without a secret. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSlackRuntime } from '../../../../bots/slack/runtime.ts';
import { botScopes } from '../../../../bots/slack/scopes.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type { Check } from '../../../../src/kernel/platform.ts';
import { testDirectory, testRegistration } from '../../../support/registration.ts';
import { type ApiServer, startApiServer } from './api-server.ts';

const now = new Date('2026-11-20T09:00:00Z');
const secrets = {
  signing_secret: '0123456789abcdef0123456789abcdef',
  bot_token: 'xoxb-secret-token',
  client_id: '1.2',
  client_secret: 'client-secret',
  refresh_token: 'xoxe-1-secret',
  bot_token_expires_at: '2026-11-20T15:00:00.000Z',
  bot_user_id: 'U0BOT',
};
const identity = {
  ok: true,
  team_id: 'T0ACME',
  user_id: 'U0BOT',
  bot_id: 'B0BOT',
  enterprise_id: 'E0ACME',
  is_enterprise_install: false,
};
const steps = [
  'credentials',
  'token',
  'organization',
  'bot_id',
  'scopes',
  'readback',
  'signature_secret',
  'rotation',
];

let api: ApiServer;

beforeEach(async () => {
  api = await startApiServer();
  answer(identity);
});
afterEach(() => api.close());

function answer(body: JsonObject, scopes: readonly string[] = botScopes): void {
  api.answers['auth.test'] = (response) => {
    response.setHeader('x-oauth-scopes', scopes.join(',')).end(JSON.stringify(body));
  };
}

async function examine(
  fields: { credentials?: JsonObject; organization?: string; demo?: boolean } = {},
): Promise<Check[]> {
  const runtime = createSlackRuntime({
    apps: testDirectory([]),
    clock: { now: () => now },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    settings: { apiUrl: api.url },
  });
  const { credentials = secrets, organization = 'T0ACME', demo = false } = fields;
  const registration = testRegistration({
    platform: 'slack',
    appId: 'A0DESK00001',
    organization,
    demo,
    credentials: async () => credentials,
  });
  const checks = await runtime.examine(registration);
  await runtime.close();
  expect(checks.map(({ step }) => step)).toEqual(steps);
  for (const { status, detail, remedy } of checks) {
    expect(detail).toMatch(/^[A-Z].*\.$/);
    expect(remedy !== undefined).toBe(status === 'warn' || status === 'fail');
  }
  const text = JSON.stringify(checks);
  for (const name of ['signing_secret', 'bot_token', 'client_secret', 'refresh_token'] as const) {
    expect(text).not.toContain(secrets[name]);
  }
  return checks;
}

const statusOf = (checks: Check[], step: string) => checks.find((check) => check.step === step)?.status;
const without = (name: keyof typeof secrets): JsonObject => ({ ...secrets, [name]: undefined });

it('finds nothing wrong where nothing is', async () => {
  const checks = await examine();
  expect(checks.map(({ status }) => status)).toEqual(Array(8).fill('pass'));
  expect(api.requests.map(({ method }) => method)).toEqual(['auth.test']);
});

describe('it finds', () => {
  it('that there is no token, and asks nobody', async () => {
    const checks = await examine({ credentials: { signing_secret: secrets.signing_secret } });
    expect(checks.map(({ status }) => status)).toEqual([
      'fail',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      'pass',
      'skipped',
    ]);
    expect(api.requests).toEqual([]);
  });

  it('that Slack refuses the token, or could not be asked', async () => {
    answer({ ok: false, error: 'account_inactive' });
    const { refresh_token: _, bot_token_expires_at: __, ...fixed } = secrets;
    const refused = await examine({ credentials: fixed });
    expect(refused[1]).toMatchObject({ step: 'token', status: 'fail' });
    expect(statusOf(refused, 'scopes')).toBe('skipped');
    api.answers['auth.test'] = (response) => void response.destroy();
    expect((await examine())[1]).toMatchObject({
      status: 'warn',
      detail: 'Slack could not be asked (outcome_unknown).',
    });
  });

  it('that the token belongs to another organization', async () => {
    expect(statusOf(await examine({ organization: 'T0OTHER' }), 'organization')).toBe('fail');
    expect(statusOf(await examine({ organization: 'E0ACME' }), 'organization')).toBe('fail');
    answer({ ...identity, is_enterprise_install: true });
    expect(statusOf(await examine({ organization: 'E0ACME' }), 'organization')).toBe('pass');
    expect(statusOf(await examine(), 'organization')).toBe('fail');
  });

  it('that the token is no bot’s, or another bot’s', async () => {
    answer({ ...identity, bot_id: undefined });
    expect(statusOf(await examine(), 'bot_id')).toBe('fail');
    answer({ ...identity, user_id: 'U0NEW' });
    expect(statusOf(await examine(), 'bot_id')).toBe('warn');
    expect(statusOf(await examine({ credentials: without('bot_user_id') }), 'bot_id')).toBe('pass');
  });

  it('that scopes are missing', async () => {
    answer(
      identity,
      botScopes.filter((scope) => scope !== 'users:read'),
    );
    const checks = await examine();
    expect(checks[4]).toMatchObject({ status: 'warn', detail: 'The token lacks users:read.' });
    answer(identity, ['commands']);
    expect(statusOf(await examine(), 'scopes')).toBe('fail');
    api.answers['auth.test'] = identity;
    expect(statusOf(await examine(), 'scopes')).toBe('skipped');
  });

  it('where what was sent cannot be read back, and what that means', async () => {
    const readback = async (...missing: string[]) => {
      answer(
        identity,
        botScopes.filter((scope) => !missing.includes(scope)),
      );
      return (await examine()).find(({ step }) => step === 'readback');
    };
    expect(await readback('users:read')).toMatchObject({ status: 'pass' });
    expect(await readback('groups:history')).toMatchObject({
      status: 'warn',
      detail:
        'Without groups:history a send whose outcome is unknown cannot be looked up in private channels.',
    });
    const direct = await readback('im:history', 'im:write', 'metadata.message:read');
    expect(direct?.detail).toContain('Without im:history, im:write a send whose outcome is unknown');
    expect(direct?.detail).toContain('looked up in direct messages.');
    expect(direct?.detail).toContain('Slack does not confirm deliveries');
    api.answers['auth.test'] = identity;
    expect(statusOf(await examine(), 'readback')).toBe('skipped');
  });

  it('that the signing secret is missing or looks wrong', async () => {
    expect(statusOf(await examine({ credentials: without('signing_secret') }), 'signature_secret')).toBe(
      'fail',
    );
    const credentials = { ...secrets, signing_secret: 'xoxb-pasted-by-mistake' };
    expect(statusOf(await examine({ credentials }), 'signature_secret')).toBe('warn');
  });

  it('that a token that ends cannot be renewed', async () => {
    expect(statusOf(await examine({ credentials: without('client_secret') }), 'rotation')).toBe('fail');
    expect(statusOf(await examine({ credentials: without('refresh_token') }), 'rotation')).toBe('fail');
    const ended = { ...secrets, bot_token_expires_at: '2026-11-20T08:00:00.000Z' };
    api.answers['oauth.v2.access'] = { ok: false, error: 'invalid_refresh_token' };
    const checks = await examine({ credentials: ended });
    expect([statusOf(checks, 'token'), statusOf(checks, 'rotation')]).toEqual(['fail', 'fail']);
  });
});

it('sees what was renewed on the way', async () => {
  const ended = { ...secrets, bot_token_expires_at: '2026-11-20T08:00:00.000Z' };
  api.answers['oauth.v2.access'] = {
    ok: true,
    token_type: 'bot',
    access_token: 'xoxe.xoxb-2',
    refresh_token: 'xoxe-1-2',
    expires_in: 43_200,
  };
  const checks = await examine({ credentials: ended });
  expect(checks.at(-1)).toMatchObject({ step: 'rotation', status: 'pass' });
});

it('takes a demo registration without a token for what it is', async () => {
  const credentials = { signing_secret: secrets.signing_secret };
  expect((await examine({ credentials, demo: true }))[0]?.status).toBe('pass');
});
