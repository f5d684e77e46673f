/** Installing the app in Slack by its consent page, and keeping its tokens alive, over the real flow. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SlackSimulator, startSlackSimulator } from '../../bots/slack/simulator/index.ts';
import { compose, type Running } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { renewCredentials } from '../../src/registrations/renew-credentials.ts';
import { createTestDatabase, type TestDatabase } from '../support/databases.ts';
import { silentLog } from '../support/log.ts';

const appId = 'A0INSTALL01';
const adminToken = 'operator-token-for-tests';
const credentials = { signing_secret: 'sig', client_id: '1.2', client_secret: 'app secret' };

let offsetMs = 0;
const clock = { now: () => new Date(Date.now() + offsetMs) };
let database: TestDatabase;
let simulator: SlackSimulator;
let running: Running;

beforeEach(async () => {
  offsetMs = 0;
  database = await createTestDatabase();
  simulator = await startSlackSimulator({
    clock,
    apps: [
      {
        appId,
        signingSecret: credentials.signing_secret,
        clientId: credentials.client_id,
        clientSecret: credentials.client_secret,
        tokenRotation: true,
        installations: [
          { key: 'acme', organization: 'T0ACME', botToken: null },
          { key: 'globex', organization: 'E0GLOBEX', botToken: null },
        ],
      },
    ],
    organizations: [
      { id: 'T0ACME', name: 'Acme' },
      { id: 'E0GLOBEX', name: 'Globex', teams: [{ id: 'T0GLOBEX', name: 'Globex 1', domain: 'globex' }] },
    ],
  });
  running = await compose({
    config: readConfig({ PORT: '0', DESKBRIDGE_DEMO: '0', DESKBRIDGE_SLACK_API_URL: simulator.apiUrl }),
    ownerUrl: database.ownerUrl,
    adminToken,
    secretKeys: [Buffer.alloc(32, 3)],
    log: silentLog,
    clock,
  });
  await call('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' });
});
afterEach(async () => {
  await running.close();
  await simulator.close();
  await database.drop();
});

async function call(method: string, path: string, body?: object, key = adminToken) {
  const response = await fetch(`${running.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

async function register(organization = 'T0ACME', key = adminToken): Promise<Record<string, string>> {
  const body = { platform: 'slack', name: 'Acme Slack', app_id: appId, organization, credentials };
  const { status, body: made } = await call('POST', '/v1/tenants/acme/registrations', body, key);
  expect(status).toBe(201);
  return made;
}

/** The link's path on this server: its public URL has no port here. */
function onServer(url: string | undefined): string {
  const { pathname, search } = new URL(url ?? '');
  return `${running.url}${pathname}${search}`;
}

/** An administrator's browser: opens the link, consents, and is sent back. */
async function install(link: string | undefined, team = 'T0ACME', otherBrowser = false) {
  const page = await fetch(onServer(link));
  const html = await page.text();
  if (page.status !== 200) return { status: page.status, html };
  const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? '';
  const consent = new URL((/href="([^"]+)"/.exec(html)?.[1] ?? '').replace(/&#38;/g, '&'));
  consent.searchParams.set('team', team);
  const consented = await fetch(consent, { redirect: 'manual' });
  const back = onServer(consented.headers.get('location') ?? '');
  const done = await fetch(back, { headers: otherBrowser ? {} : { cookie } });
  return { status: done.status, html: await done.text(), back, cookie };
}

async function statusOf(registrationId: string | undefined): Promise<string | undefined> {
  return (await call('GET', `/v1/tenants/acme/registrations/${registrationId}`)).body.status;
}

describe('a registration without a token', () => {
  it('is pending with an install_url, and active once the workspace consented', async () => {
    const made = await register();
    expect(made).toMatchObject({ status: 'pending', platform: 'slack' });
    expect(made.install_url).toContain('/oauth/slack/install?state=');
    expect(await install(made.install_url)).toMatchObject({
      status: 200,
      html: expect.stringContaining('Deskbridge is installed'),
    });
    expect(await statusOf(made.registration_id)).toBe('active');
    const audit = await call('GET', '/v1/tenants/acme/audit-events?action=registration.install');
    expect(audit.body.items).toMatchObject([{ result: 'success', target_id: made.registration_id }]);
    simulator.connect(running.url, new Map([['acme', made.registration_id ?? '']]));
    const known = await simulator.messages({});
    expect((await simulator.say('help')).status).toBe(200);
    expect((await simulator.nextMessage({}, known)).text).toContain('link');
  });

  it('is proved by the consent also when a tenant administrator made it', async () => {
    const { body: key } = await call('POST', '/v1/tenants/acme/keys', { name: 'a', role: 'admin' });
    const made = await register('T0ACME', key.key);
    await install(made.install_url);
    expect(await statusOf(made.registration_id)).toBe('active');
  });

  it('takes an installation for a whole enterprise', async () => {
    const made = await register('E0GLOBEX');
    expect((await install(made.install_url, 'E0GLOBEX')).status).toBe(200);
    expect(await statusOf(made.registration_id)).toBe('active');
  });

  it('refuses the consent of another workspace, and the link is used up', async () => {
    const made = await register();
    const other = await install(made.install_url, 'E0GLOBEX');
    expect(other).toMatchObject({ status: 409, html: expect.stringContaining('another_organization') });
    expect(await statusOf(made.registration_id)).toBe('pending');
    expect(await install(made.install_url)).toMatchObject({ status: 409 });
    const again = await call('GET', `/v1/tenants/acme/registrations/${made.registration_id}`);
    expect((await install(again.body.install_url)).status).toBe(200);
  });

  it('refuses another browser, a forged state, and a cancelled consent', async () => {
    const made = await register();
    expect((await install(made.install_url, 'T0ACME', true)).status).toBe(400);
    const forged = (made.install_url ?? '').replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    expect((await install(forged)).status).toBe(404);
    const page = await fetch(onServer(made.install_url));
    const state = new URL(made.install_url ?? '').searchParams.get('state') ?? '';
    const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? '';
    const query = new URLSearchParams({ state, error: 'access_denied' });
    const denied = await fetch(`${running.url}/oauth/slack/callback?${query}`, { headers: { cookie } });
    expect([denied.status, await denied.text()]).toEqual([400, expect.stringContaining('cancelled')]);
    expect((await install(made.install_url)).status).toBe(200);
  });

  it('keeps the token when the secrets are replaced, and can be installed once more', async () => {
    const made = await register();
    await install(made.install_url);
    const path = `/v1/tenants/acme/registrations/${made.registration_id}`;
    const patched = await call('PATCH', path, { credentials: { signing_secret: 'rotated' } });
    expect(patched.status).toBe(200);
    const { body } = await call('GET', `${path}/doctor`);
    const checks = body.checks as unknown as { step: string; status: string }[];
    expect(checks.find(({ step }) => step === 'token')).toMatchObject({ status: 'pass' });
    expect((await install((await call('GET', path)).body.install_url)).status).toBe(200);
    expect(await statusOf(made.registration_id)).toBe('active');
  });

  it('is not approved before it is installed', async () => {
    const { body: key } = await call('POST', '/v1/tenants/acme/keys', { name: 'a', role: 'admin' });
    const made = await register('T0ACME', key.key);
    const path = `/v1/tenants/acme/registrations/${made.registration_id}`;
    expect(await call('POST', `${path}/approve`, {})).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
  });

  it('does not undo secrets that somebody enters while the consent is given', async () => {
    const made = await register();
    const path = `/v1/tenants/acme/registrations/${made.registration_id}`;
    simulator.faults.set('oauth.v2.access', { kind: 'slow', ms: 1_000 });
    const [done] = await Promise.all([
      install(made.install_url),
      new Promise((resolve) => setTimeout(resolve, 600)).then(() =>
        call('PATCH', path, { credentials: { ...credentials, signing_secret: 'newer' } }),
      ),
    ]);
    expect(done).toMatchObject({ status: 409, html: expect.stringContaining('credentials_changed') });
    expect(await statusOf(made.registration_id)).toBe('pending');
  });

  it('says so again when its last page is loaded again', async () => {
    const made = await register();
    const { back = '', cookie = '' } = await install(made.install_url);
    const again = await fetch(back, { headers: { cookie } });
    expect([again.status, await again.text()]).toEqual([200, expect.stringContaining('is installed')]);
  });

  it('shows the link to no reader without the permission, and never in a list', async () => {
    const made = await register();
    const { body: key } = await call('POST', '/v1/tenants/acme/keys', { name: 'v', role: 'viewer' });
    const path = `/v1/tenants/acme/registrations/${made.registration_id}`;
    expect((await call('GET', path, undefined, key.key)).body.install_url).toBeUndefined();
    expect(JSON.stringify((await call('GET', '/v1/tenants/acme/registrations')).body)).not.toContain('oauth');
  });
});

describe('a rotating token', () => {
  async function installed() {
    const made = await register();
    await install(made.install_url);
    simulator.connect(running.url, new Map([['acme', made.registration_id ?? '']]));
    return made.registration_id ?? '';
  }
  const sweep = () => {
    const { database, registrations, log, runtime } = running.services;
    return renewCredentials({ database, registrations, clock, log, runtime });
  };

  it('is renewed by the sweep before it ends, once, though nothing is received or sent', async () => {
    await installed();
    expect(await sweep()).toBe(0);
    offsetMs = 10.5 * 3_600_000;
    const before = simulator.counts['oauth.v2.access'] ?? 0;
    expect(await Promise.all([sweep(), sweep()])).toContain(1);
    expect((simulator.counts['oauth.v2.access'] ?? 0) - before).toBe(1);
    offsetMs = 13 * 3_600_000;
    const known = await simulator.messages({});
    await simulator.say('help');
    expect((await simulator.nextMessage({}, known)).text).toContain('link');
  });

  it('that ended is renewed by the send that finds it so', async () => {
    await installed();
    offsetMs = 13 * 3_600_000;
    const known = await simulator.messages({});
    await simulator.say('help');
    expect((await simulator.nextMessage({}, known)).text).toContain('link');
  });
});
