/** The manifest of a registration over HTTP: a file with its own ids, in the form that was asked for. */
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { makeWorld, newRegistration, rowsLeftBy, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;
let foreign: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
  foreign = await makeWorld(app);
});
afterAll(() => app.close());

async function enrolled(body: Record<string, unknown>): Promise<string> {
  return String((await world.create('/registrations', body)).registration_id);
}

interface Served {
  status: number;
  headers: Headers;
  bytes: Uint8Array;
  text: string;
}

async function manifestOf(registrationId: string, query = '', headers = {}): Promise<Served> {
  const path = `/v1/tenants/${world.slug}/registrations/${registrationId}/manifest${query}`;
  const authorization = `Bearer ${world.keys.viewer}`;
  const response = await fetch(`${app.url}${path}`, { headers: { authorization, ...headers } });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: strFromU8(bytes) };
}

const slack = (over = {}) => ({
  platform: 'slack',
  name: 'Acme Slack',
  app_id: 'A0123',
  organization: 'T0123',
  credentials: { signing_secret: 'a-secret-that-must-never-come-back', bot_token: 'xoxb-1' },
  ...over,
});
const lark = (over = {}) => ({
  platform: 'lark',
  name: 'Acme Lark',
  app_id: 'cli_0123',
  organization: 'key0123',
  domain: 'lark',
  credentials: { app_secret: 'secret', encrypt_key: 'key', verification_token: 'token' },
  ...over,
});

test('for Teams is the app package', async () => {
  const body = newRegistration();
  const { status, headers, bytes } = await manifestOf(await enrolled(body));
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('application/zip');
  expect(headers.get('content-disposition')).toBe('attachment; filename="deskbridge-teams.zip"');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  const files = unzipSync(bytes);
  expect(Object.keys(files).sort()).toEqual(['color.png', 'manifest.json', 'outline.png', 'zh-cn.json']);
  const manifest = JSON.parse(strFromU8(files['manifest.json'] ?? new Uint8Array()));
  expect(manifest).toMatchObject({ id: body.app_id, bots: [{ botId: body.app_id }] });
  expect(JSON.stringify(manifest)).not.toContain('{{');
});

test('for Slack is JSON, or YAML where that is asked for', async () => {
  const id = await enrolled(slack());
  const json = await manifestOf(id);
  expect(json.headers.get('content-type')).toMatch(/^application\/json\b/);
  const manifest = JSON.parse(json.text);
  const { host } = new URL(app.services.publicUrl);
  expect(manifest.settings.event_subscriptions.request_url).toBe(`https://${host}/slack/events/${id}`);
  for (const yaml of [
    await manifestOf(id, '?format=yaml'),
    await manifestOf(id, '', { accept: 'application/yaml' }),
  ]) {
    expect(yaml.headers.get('content-type')).toMatch(/^application\/yaml\b/);
    expect(parse(yaml.text)).toEqual(manifest);
  }
});

test('for Lark names the address of its events', async () => {
  const id = await enrolled(lark());
  const { headers, text } = await manifestOf(id);
  expect(headers.get('content-type')).toMatch(/^application\/json\b/);
  expect(JSON.parse(text)).toMatchObject({
    console: 'https://open.larksuite.com/app/cli_0123',
    events: { request_url: expect.stringMatching(new RegExp(`^https://.*/lark/events/${id}$`)) },
  });
});

test('in a form that the platform does not have is refused', async () => {
  const id = await enrolled(newRegistration());
  for (const [query, message] of [
    ['?format=yaml', 'one of: zip'],
    ['?format=docx', undefined],
  ] as const) {
    const { status, headers, text } = await manifestOf(id, query);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const errors = [{ path: 'format', ...(message === undefined ? {} : { message }) }];
    expect(JSON.parse(text)).toMatchObject({ code: 'validation_error', errors });
  }
});

test('holds no secret, leaves no audit row, and is not for another tenant', async () => {
  const id = await enrolled(slack({ app_id: 'A9', organization: 'T9' }));
  const rows = await rowsLeftBy(world, async () => {
    expect((await manifestOf(id)).text).not.toContain('a-secret-that-must-never-come-back');
  });
  expect(rows).toEqual([]);
  const answer = await foreign.call('GET', `/registrations/${id}/manifest`);
  expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
});
