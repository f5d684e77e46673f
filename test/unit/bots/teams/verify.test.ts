/** The token check against the simulated platform's keys: what is accepted, what is refused, and what is fetched. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { messageActivity } from '../../../../bots/teams/simulator/activities.ts';
import type { TokenOptions } from '../../../../bots/teams/simulator/identity.ts';
import { startTeamsSimulator, type TeamsSimulator } from '../../../../bots/teams/simulator/index.ts';
import { createTeamsReceiver } from '../../../../bots/teams/verify.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type { RawRequest, Receiver } from '../../../../src/kernel/platform.ts';
import { testDirectory, testRegistration } from '../../../support/registration.ts';

const appId = '0c9a1f5e-7d1b-4a52-9d0e-5f0c7a3b2e11';
const organization = '8f1c2d3e-4b5a-4c6d-8e7f-9a0b1c2d3e4f';
const serviceUrl = 'https://smba.trafficmanager.net/emea/org/';
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const hour = 3_600_000;

let simulator: TeamsSimulator;
let offsetMs: number;
let receiver: Receiver;

beforeAll(async () => {
  simulator = await startTeamsSimulator({
    botEndpoint: 'http://127.0.0.1:1/',
    organization,
    apps: [{ appId, clientSecret: 'secret' }],
  });
});
afterAll(() => simulator.close());
beforeEach(() => {
  offsetMs = 0;
  receiver = create();
  simulator.faults.clear();
});

function create(settings: JsonObject = {}, options: JsonObject = {}): Receiver {
  const registration = testRegistration({ platform: 'teams', appId, organization, options });
  return createTeamsReceiver({
    apps: testDirectory([registration]),
    clock: { now: () => new Date(Date.now() + offsetMs) },
    log: silent,
    settings: {
      openIdUrl: simulator.openIdUrl,
      loginUrl: null,
      serviceHosts: [],
      demoAppId: null,
      ...(settings as Record<string, string>),
    },
  });
}

function sign(options: TokenOptions = {}): Promise<string> {
  return simulator.identity.signToken(appId, serviceUrl, options);
}

function request(token: string | null, fields: JsonObject | string = {}, more: Partial<RawRequest> = {}) {
  const activity = { type: 'message', channelId: 'msteams', serviceUrl };
  const body = typeof fields === 'string' ? fields : JSON.stringify({ ...activity, ...fields });
  return {
    path: '/api/messages',
    registrationId: null,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    body: Buffer.from(body),
    remoteAddress: '203.0.113.9',
    ...more,
  };
}

async function reasonOf(token: string | null, fields?: JsonObject | string): Promise<string> {
  const verification = await receiver.verify(request(token, fields));
  return verification.ok ? 'accepted' : verification.reason;
}

function fetches(): number {
  return simulator.counts.openid;
}

describe('an authentic request', () => {
  it('proves the app and hands over the body', async () => {
    const verification = await receiver.verify(request(await sign(), { text: 'hi' }));
    expect(verification).toMatchObject({ ok: true, appId, payload: { text: 'hi' } });
  });

  it.each(['RS256', 'RS384', 'RS512'])('may be signed with %s', async (alg) => {
    expect(await reasonOf(await sign({ header: { alg } }))).toBe('accepted');
  });

  it('may be late or early by the skew', async () => {
    expect(await reasonOf(await sign({ expiresIn: -200 }))).toBe('accepted');
    const soon = Math.floor(Date.now() / 1000) + 200;
    expect(await reasonOf(await sign({ claims: { nbf: soon } }))).toBe('accepted');
  });

  it('may come from the simulated platform, when its host is listed', async () => {
    receiver = create({ serviceHosts: [new URL(simulator.url).host] as never });
    const scene = simulator.scene();
    const token = await simulator.identity.tokenFor(appId, scene.serviceUrl);
    const body = JSON.stringify(messageActivity(scene, 'help'));
    expect(await receiver.verify(request(token, body))).toMatchObject({
      ok: true,
      payload: { text: 'help' },
    });
  });

  it('may differ in the slash at the end of the service URL', async () => {
    expect(await reasonOf(await sign(), { serviceUrl: serviceUrl.slice(0, -1) })).toBe('accepted');
  });
});

describe('a request is refused', () => {
  const now = Math.floor(Date.now() / 1000);

  it.each<[string, TokenOptions, string]>([
    ['expired', { expiresIn: -400 }, 'expired'],
    ['not yet valid', { claims: { nbf: now + 400 } }, 'not_yet_valid'],
    ['without expiry', { claims: { exp: undefined } }, 'malformed_token'],
    ['for another app', { claims: { aud: 'ffffffff-0000-4000-8000-000000000000' } }, 'wrong_audience'],
    ['for several apps', { claims: { aud: [appId, 'x'] } }, 'wrong_audience'],
    ['of another issuer', { claims: { iss: `https://sts.windows.net/${organization}/` } }, 'wrong_issuer'],
    ['of the other cloud', { claims: { iss: 'https://api.botframework.us' } }, 'wrong_audience'],
    ['without service URL', { claims: { serviceurl: undefined } }, 'service_url_missing'],
    ['with the claim misspelt', { claims: { serviceurl: undefined, serviceUrl } }, 'service_url_missing'],
    ['for another service URL', { claims: { serviceurl: `${serviceUrl}x` } }, 'service_url_mismatch'],
    ['by a key without endorsement', { key: 'unendorsed' }, 'not_endorsed'],
    ['by a foreign key under our id', { key: 'foreign' }, 'bad_signature'],
    ['by an unknown key', { header: { kid: 'nobody' } }, 'unknown_key'],
  ])('with a token %s', async (_, options, reason) => {
    expect(await reasonOf(await sign(options))).toBe(reason);
  });

  it('with a token that was altered', async () => {
    const [header, payload, signature] = (await sign()).split('.');
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
    const other = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 1 })).toString('base64url');
    expect(await reasonOf(`${header}.${other}.${signature}`)).toBe('bad_signature');
  });

  it.each<[string, string]>([
    ['', 'malformed_token'],
    ['x', 'malformed_token'],
    ['a.b.c', 'malformed_token'],
    [`${'a'.repeat(9000)}`, 'malformed_token'],
    [`${unsigned({ alg: 'none', kid: 'x' })}.`, 'wrong_algorithm'],
    [`${unsigned({ alg: 'HS256', kid: 'x' })}.AAAA`, 'wrong_algorithm'],
    [`${unsigned({ alg: 'RS256' })}.AAAA`, 'unknown_key'],
  ])('with the token %#', async (token, reason) => {
    expect(await reasonOf(token)).toBe(reason);
  });

  it('without a token, whoever it names', async () => {
    expect(await reasonOf(null, { recipient: { id: `28:${appId}` } })).toBe('no_token');
  });

  it.each<[string, JsonObject | string, string]>([
    ['is no JSON', '{', 'malformed_json'],
    ['is a list', '[]', 'malformed_json'],
    ['is of another channel', { channelId: 'emulator' }, 'wrong_channel'],
    ['has no service URL', { serviceUrl: undefined }, 'service_url_mismatch'],
    [
      'has another service URL',
      { serviceUrl: 'https://smba.trafficmanager.net/amer/' },
      'service_url_mismatch',
    ],
  ])('when its body %s', async (_, fields, reason) => {
    expect(await reasonOf(await sign(), fields)).toBe(reason);
  });

  it.each([
    'https://evil.trafficmanager.net/emea/',
    'https://smba.trafficmanager.net.evil.example/',
    'https://smba.trafficmanager.net:8443/',
    'http://smba.trafficmanager.net/',
    'https://smba.trafficmanager.net@evil.example/',
    'http://127.0.0.1:9/',
  ])('when the token and the body agree on %s', async (url) => {
    const token = await simulator.identity.signToken(appId, url);
    const reason = await reasonOf(token, { serviceUrl: url });
    expect(['untrusted_service_url', 'service_url_missing']).toContain(reason);
  });
});

describe('service hosts', () => {
  it('can be added, plain http on loopback only', async () => {
    receiver = create({ serviceHosts: ['127.0.0.1:9', 'teams.example', 'plain.example'] as never });
    const trust = async (url: string) =>
      reasonOf(await simulator.identity.signToken(appId, url), { serviceUrl: url });
    expect(await trust('http://127.0.0.1:9/amer/')).toBe('accepted');
    expect(await trust('https://teams.example/')).toBe('accepted');
    expect(await trust('http://127.0.0.1:10/amer/')).toBe('untrusted_service_url');
    expect(await trust('http://plain.example/')).toBe('untrusted_service_url');
  });

  it('of the government clouds are known, with their issuer', async () => {
    receiver = create({}, { cloud: 'gcch' });
    const url = 'https://smba.infra.gov.teams.microsoft.us/gcch/';
    const claims = { iss: 'https://api.botframework.us', serviceurl: url };
    expect(await reasonOf(await sign({ claims }), { serviceUrl: url })).toBe('accepted');
    expect(await reasonOf(await sign({ claims: { serviceurl: url } }), { serviceUrl: url })).toBe(
      'wrong_audience',
    );
  });
});

describe('signing keys', () => {
  it('are fetched once for many requests at once', async () => {
    const before = fetches();
    const token = await sign();
    await Promise.all(Array.from({ length: 50 }, () => reasonOf(token)));
    expect(fetches() - before).toBe(1);
  });

  it('are not fetched again for unknown ids within the hour, and then once', async () => {
    await reasonOf(await sign());
    const before = fetches();
    for (let n = 0; n < 20; n += 1) {
      expect(await reasonOf(await sign({ header: { kid: `made-up-${n}` } }))).toBe('unknown_key');
    }
    expect(fetches()).toBe(before);
    offsetMs = hour + 1000;
    for (let n = 0; n < 20; n += 1) await reasonOf(await sign({ header: { kid: `made-up-${n}` } }));
    expect(fetches()).toBe(before + 1);
  });

  it('are taken anew when the platform changes its key, and proofs with the old one end', async () => {
    const old = await sign();
    expect(await reasonOf(old)).toBe('accepted');
    await simulator.identity.rotate(false);
    offsetMs = hour + 1000;
    expect(await reasonOf(await sign({ expiresIn: 3 * 3600 }))).toBe('accepted');
    offsetMs = 0;
    expect(await reasonOf(old)).toBe('unknown_key');
  });

  it('serve another day while the document cannot be read, and no longer', async () => {
    const longLived = await sign({ expiresIn: 4 * 24 * 3600 });
    expect(await reasonOf(longLived)).toBe('accepted');
    simulator.faults.set('openid', { kind: 'error_before' });
    offsetMs = 25 * hour;
    expect(await reasonOf(longLived)).toBe('accepted');
    offsetMs = 49 * hour;
    await expect(receiver.verify(request(longLived))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('that cannot be read at all make the request repeatable, and are not asked for at every request', async () => {
    simulator.faults.set('keys', { kind: 'drop_before' });
    const before = fetches();
    for (let n = 0; n < 10; n += 1) {
      await expect(receiver.verify(request(await sign()))).rejects.toMatchObject({ code: 'unavailable' });
    }
    expect(fetches() - before).toBe(1);
    simulator.faults.clear();
    offsetMs = 6000;
    expect(await reasonOf(await sign())).toBe('accepted');
  });
});

describe('a remembered proof', () => {
  it('ends with the token', async () => {
    const token = await sign({ expiresIn: 60 });
    expect(await reasonOf(token)).toBe('accepted');
    offsetMs = 400_000;
    expect(await reasonOf(token)).toBe('expired');
  });

  it('does not spare the body its checks', async () => {
    const token = await sign();
    expect(await reasonOf(token)).toBe('accepted');
    expect(await reasonOf(token, { serviceUrl: 'https://smba.trafficmanager.net/other/' })).toBe(
      'service_url_mismatch',
    );
    expect(await reasonOf(token, '{')).toBe('malformed_json');
  });
});

describe('the demo door', () => {
  const demo = { recipient: { id: `28:${appId}` }, serviceUrl: 'http://localhost:56150/_connector' };
  const local = { remoteAddress: '127.0.0.1' };

  async function knock(fields: JsonObject, more: Partial<RawRequest> = {}): Promise<string> {
    const verification = await receiver.verify(request(null, { ...demo, ...fields }, { ...local, ...more }));
    if (!verification.ok) return verification.reason;
    return 'appId' in verification ? verification.appId : 'handshake';
  }

  beforeEach(() => {
    receiver = create({ demoAppId: appId });
  });

  it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])('opens from %s', async (remoteAddress) => {
    expect(await knock({}, { remoteAddress })).toBe(appId);
  });

  it.each<[string, JsonObject, Partial<RawRequest>]>([
    ['from elsewhere', {}, { remoteAddress: '10.0.0.5' }],
    ['from a web page', {}, { headers: { origin: 'http://127.0.0.1:3978' } }],
    ['from a page without origin', {}, { headers: { origin: 'null' } }],
    ['through a proxy', {}, { headers: { forwarded: 'for=203.0.113.9' } }],
    ['through another proxy', {}, { headers: { 'x-forwarded-for': '203.0.113.9' } }],
    ['through a proxy that names the host', {}, { headers: { 'x-forwarded-host': 'desk.example' } }],
    ['for another bot', { recipient: { id: '28:other' } }, {}],
    ['for a longer id', { recipient: { id: `28:${appId}x` } }, {}],
    ['for nobody', { recipient: null }, {}],
  ])('stays shut %s', async (_, fields, more) => {
    expect(await knock(fields, more)).toBe('no_token');
  });

  it('stays shut for a service URL elsewhere', async () => {
    expect(await knock({ serviceUrl })).toBe('untrusted_service_url');
    expect(await knock({ serviceUrl: undefined })).toBe('untrusted_service_url');
  });

  it('does not soften a wrong token', async () => {
    const headers = { authorization: `Bearer ${await sign({ key: 'foreign' })}` };
    expect(await knock({}, { headers })).toBe('bad_signature');
    expect(await knock({}, { headers: { authorization: '' } })).toBe('malformed_token');
  });

  it('is not there without a demo', async () => {
    receiver = create();
    expect(await knock({})).toBe('no_token');
  });
});

function unsigned(header: JsonObject): string {
  const encode = (value: JsonObject) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode(header)}.${encode({ iss: 'https://api.botframework.com', aud: appId })}`;
}
