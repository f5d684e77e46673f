/** Installation by Slack's consent page: where it leads, and what its code is redeemed for. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slackInstall } from '../../../../bots/slack/install.ts';
import { botScopes } from '../../../../bots/slack/scopes.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type { InstallRequest } from '../../../../src/kernel/platform.ts';
import { testRegistration } from '../../../support/registration.ts';
import { type ApiAnswer, type ApiServer, startApiServer } from './api-server.ts';

const redirectUri = 'https://desk.example/oauth/slack/callback';
const credentials = { signing_secret: 's', client_id: '1.2', client_secret: 'c', refresh_token: 'old' };

let api: ApiServer;

beforeEach(async () => {
  api = await startApiServer();
});
afterEach(() => api.close());

function request(fields: Partial<InstallRequest> = {}, demo = false): InstallRequest {
  const registration = testRegistration({
    platform: 'slack',
    appId: 'A0DESK00001',
    organization: 'T0ACME',
    demo,
  });
  return { registration, credentials, redirectUri, settings: { apiUrl: api.url }, ...fields };
}

const grant = {
  ok: true,
  app_id: 'A0DESK00001',
  token_type: 'bot',
  access_token: 'xoxb-2',
  bot_user_id: 'U0BOT',
  scope: 'chat:write',
  team: { id: 'T0ACME', name: 'Acme' },
  enterprise: { id: 'E0ACME', name: 'Acme' },
  is_enterprise_install: false,
  authed_user: { id: 'U0ANN' },
};

function redeem(answer: ApiAnswer, fields: Partial<InstallRequest> = {}) {
  api.answers['oauth.v2.access'] = answer;
  return slackInstall.redeem({ ...request(fields), code: 'code-1' });
}

describe('the consent page', () => {
  it('is asked for every scope, with state and return address', () => {
    const url = new URL(slackInstall.authorizeUrl({ ...request({ settings: {} }), state: 's&t' }) ?? '');
    expect(url.origin + url.pathname).toBe('https://slack.com/oauth/v2/authorize');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: '1.2',
      scope: botScopes.join(','),
      state: 's&t',
      redirect_uri: redirectUri,
    });
  });

  it('does not exist without a client', () => {
    const { credentials: _, ...rest } = request({ settings: {} });
    expect(
      slackInstall.authorizeUrl({ ...rest, credentials: { signing_secret: 's' }, state: 's' }),
    ).toBeNull();
  });

  it('is beside the API where that is on this machine, and with Slack otherwise', () => {
    const pageOf = (settings: InstallRequest['settings'], demo = false) =>
      new URL(slackInstall.authorizeUrl({ ...request({ settings }, demo), state: 's' }) ?? '').origin;
    expect(pageOf({ apiUrl: api.url })).toBe(new URL(api.url).origin);
    expect(pageOf({ apiUrl: null, demoApiUrl: api.url }, true)).toBe(new URL(api.url).origin);
    expect(pageOf({ apiUrl: 'https://proxy.example/api/' })).toBe('https://slack.com');
  });

  it('is over once there is a token', () => {
    expect(slackInstall.isInstalled(credentials)).toBe(false);
    expect(slackInstall.isInstalled({ ...credentials, bot_token: 'xoxb-1' })).toBe(true);
  });
});

describe('the code', () => {
  it('brings the token of a workspace, and drops what belonged to the one before', async () => {
    expect(await redeem(grant)).toEqual({
      ok: true,
      appId: 'A0DESK00001',
      organization: 'T0ACME',
      update: {
        credentials: {
          signing_secret: 's',
          client_id: '1.2',
          client_secret: 'c',
          bot_token: 'xoxb-2',
          bot_user_id: 'U0BOT',
        },
        renewAt: null,
      },
    });
    expect(api.requests[0]?.body).toEqual({ code: 'code-1', redirect_uri: redirectUri });
    expect(api.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('1.2:c').toString('base64')}`);
  });

  it('brings the token of a whole enterprise', async () => {
    const outcome = await redeem({ ...grant, is_enterprise_install: true, team: null });
    expect(outcome).toMatchObject({ ok: true, organization: 'E0ACME' });
  });

  it('brings a token that rotates, with the time of its renewal', async () => {
    const before = Date.now();
    const outcome = await redeem({ ...grant, refresh_token: 'xoxe-1', expires_in: 43_200 });
    if (!outcome.ok) throw new Error('refused');
    const { renewAt, credentials: kept } = outcome.update;
    expect(kept.refresh_token).toBe('xoxe-1');
    const endsAt = Date.parse(String(kept.bot_token_expires_at));
    expect(endsAt - before).toBeGreaterThanOrEqual(43_200_000);
    expect(endsAt - (renewAt?.getTime() ?? 0)).toBe(7_200_000);
  });

  it.each<[string, ApiAnswer]>([
    ['invalid_code', { ok: false, error: 'invalid_code' }],
    ['unknown', { ok: false, error: '<b>Ann</b>' }],
    ['no_answer', (response) => void response.writeHead(500).end('{')],
    ['no_answer', (response) => void response.destroy()],
    ['no_answer', { ...grant, token_type: 'user' }],
    ['no_answer', { ...grant, access_token: 'with a\nbreak' }],
    ['incomplete_answer', { ...grant, app_id: 7 } as JsonObject],
    ['incomplete_answer', { ...grant, is_enterprise_install: true, enterprise: null }],
  ])('is refused: %s', async (reason, answer) => {
    expect(await redeem(answer)).toEqual({ ok: false, reason });
  });

  it('is not sent without a client, and by the demo to this machine only', async () => {
    const withoutClient = { credentials: { signing_secret: 's' } };
    expect(await redeem(grant, withoutClient)).toEqual({ ok: false, reason: 'client_missing' });
    const demo = request({ settings: { apiUrl: null } }, true);
    expect(await slackInstall.redeem({ ...demo, code: 'c' })).toEqual({
      ok: false,
      reason: 'not_on_loopback',
    });
    expect(api.requests).toEqual([]);
  });
});
