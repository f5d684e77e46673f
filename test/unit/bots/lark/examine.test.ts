/** The doctor's look at a Lark registration: what each answer of the Open API means, in words and without a secret. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLarkRuntime } from '../../../../bots/lark/runtime.ts';
import { tenantScopes } from '../../../../bots/lark/scopes.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type { BotRuntime, Check, PlatformRegistration } from '../../../../src/kernel/platform.ts';
import { testDirectory, testRegistration } from '../../../support/registration.ts';
import { type OpenApiServer, startOpenApi } from './open-api-server.ts';

const organization = '736588c9260f175e';
const secrets = { app_secret: 'secret-1', encrypt_key: 'secret-2', verification_token: 'secret-3' };

let server: OpenApiServer;
let runtime: BotRuntime;

beforeEach(async () => {
  server = await startOpenApi();
  runtime = create(server.url);
  server.tell('/bot/v3/info', bot(2));
  server.tell('/tenant/query', tenant(organization));
  server.tell('/scopes', scopes([...tenantScopes, 'im:message.group_msg']));
});
afterEach(async () => {
  await runtime.close();
  await server.close();
});

function create(apiUrl: string | null): BotRuntime {
  return createLarkRuntime({
    apps: testDirectory([]),
    clock: { now: () => new Date() },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    settings: { apiUrl, demoApiUrl: null },
  });
}

const bot = (activate_status: number) => ({
  body: { code: 0, msg: 'ok', bot: { activate_status, app_name: 'Desk\u202e', open_id: 'ou_bot' } },
});
const tenant = (tenant_key: string) => ({
  body: { code: 0, data: { tenant: { name: 'Acme', tenant_key } } },
});
const scopes = (names: readonly string[]) => ({
  body: {
    code: 0,
    data: {
      scopes: [
        { scope_name: 'im:message', grant_status: 2 },
        ...names.map((scope_name) => ({ scope_name, grant_status: 1 })),
      ],
    },
  },
});

function registration(fields: Partial<PlatformRegistration> = {}, credentials: JsonObject = secrets) {
  return testRegistration({
    platform: 'lark',
    appId: 'cli_desk',
    organization,
    options: { app_type: 'custom', domain: 'feishu' },
    credentials: async () => credentials,
    ...fields,
  });
}

async function examine(examined = registration()): Promise<Record<string, Check>> {
  const checks = await runtime.examine(examined);
  const text = JSON.stringify(checks);
  for (const secret of ['secret-1', 'secret-2', 'secret-3', 't-1', 'a-1']) expect(text).not.toContain(secret);
  for (const { status, remedy } of checks)
    expect(remedy === undefined).toBe(status === 'pass' || status === 'skipped');
  return Object.fromEntries(checks.map((check) => [check.step, check]));
}

const statuses = (checks: Record<string, Check>) =>
  Object.fromEntries(Object.values(checks).map(({ step, status }) => [step, status]));

describe('an examination', () => {
  it('passes where all is well', async () => {
    const checks = await examine();
    expect(statuses(checks)).toEqual({
      credentials: 'pass',
      encryption: 'pass',
      token: 'pass',
      bot_id: 'pass',
      organization: 'pass',
      scopes: 'pass',
      read_back: 'pass',
    });
    expect(checks.bot_id?.detail).toBe('The bot is called "Desk" and has the id ou_bot.');
  });

  it('asks for a new token, since a kept one says nothing about the secret', async () => {
    const examined = registration();
    await examine(examined);
    server.tell('/auth/', { body: { code: 10015, msg: 'wrong app secret' } });
    const checks = await examine(examined);
    expect(statuses(checks)).toMatchObject({
      token: 'fail',
      bot_id: 'skipped',
      organization: 'skipped',
      scopes: 'skipped',
    });
  });

  it('says which secret is missing', async () => {
    const checks = await examine(registration({}, { app_secret: 'secret-1', encrypt_key: 'secret-2' }));
    expect(checks.encryption).toMatchObject({ status: 'fail' });
    expect(checks.encryption?.detail).toContain('verification_token');
    const none = await examine(registration({}, {}));
    expect(statuses(none)).toMatchObject({ credentials: 'fail', token: 'skipped', scopes: 'skipped' });
  });

  it('warns while the platform cannot be asked', async () => {
    server.tell('/auth/', { status: 503 });
    expect(statuses(await examine())).toMatchObject({ token: 'warn' });
  });

  it('warns of an app of the store that got no ticket yet', async () => {
    const options = { app_type: 'isv', domain: 'lark' };
    server.tell('/app_ticket/resend', { body: { code: 0 } });
    expect(statuses(await examine(registration({ options })))).toMatchObject({
      app_ticket: 'warn',
      token: 'warn',
    });
    const ticket = registration({ options }, { ...secrets, app_ticket: 'secret-2' });
    expect(statuses(await examine(ticket))).toMatchObject({ app_ticket: 'pass', token: 'pass' });
  });

  it('fails where the app is not enabled, or has no bot', async () => {
    server.tell('/bot/v3/info', bot(1));
    expect(statuses(await examine())).toMatchObject({ bot_id: 'fail' });
    server.tell('/bot/v3/info', { status: 400, body: { code: 11205, msg: 'app do not have bot' } });
    const checks = await examine();
    expect(checks.bot_id).toMatchObject({ status: 'fail' });
    expect(checks.bot_id?.detail).toContain('11205');
  });

  it('fails for another organization, and warns where that cannot be told', async () => {
    server.tell('/tenant/query', tenant('other'));
    expect(statuses(await examine())).toMatchObject({ organization: 'fail' });
    server.tell('/tenant/query', { status: 400, body: { code: 99991672, msg: 'Access denied.' } });
    const { organization: unknown } = await examine();
    expect(unknown).toMatchObject({ status: 'warn' });
    expect(unknown?.remedy).toContain('tenant:tenant:readonly');
  });

  it('names the permissions that are missing, and takes wider ones for narrower', async () => {
    const without = (name: string) => tenantScopes.filter((scope) => scope !== name);
    server.tell('/scopes', scopes(without('im:message:send_as_bot')));
    const { scopes: missing } = await examine();
    expect(missing).toMatchObject({
      status: 'fail',
      detail: 'Permissions are missing: im:message:send_as_bot.',
    });
    server.tell('/scopes', scopes([...without('im:message:send_as_bot'), 'im:message']));
    expect(statuses(await examine())).toMatchObject({ scopes: 'pass' });
    server.tell('/scopes', scopes(without('tenant:tenant:readonly')));
    expect(statuses(await examine())).toMatchObject({ scopes: 'warn' });
    server.tell('/scopes', { status: 404, body: '' });
    expect(statuses(await examine())).toMatchObject({ scopes: 'warn' });
  });

  it('says what cannot be learnt of notifications, and what it takes', async () => {
    server.tell('/scopes', scopes(tenantScopes));
    const { scopes: all, read_back: people } = await examine();
    expect([all?.status, people?.status]).toEqual(['pass', 'warn']);
    expect(people?.detail).toMatch(/im:message\.group_msg.*to a group.*those to people can/);
    const without = tenantScopes.filter((scope) => scope !== 'im:message:readonly');
    server.tell('/scopes', scopes([...without, 'im:message.group_msg']));
    const { read_back: none } = await examine();
    expect(none).toMatchObject({ status: 'warn' });
    expect(none?.remedy).toContain('im.message.message_read_v1');
    server.tell('/scopes', scopes([...without, 'im:message', 'im:message.group_msg']));
    expect(statuses(await examine())).toMatchObject({ read_back: 'pass' });
    server.tell('/scopes', { status: 404, body: '' });
    expect(statuses(await examine())).toMatchObject({ read_back: 'skipped' });
  });

  it('of the demo calls nobody but this machine', async () => {
    runtime = create('https://open.feishu.cn');
    expect(statuses(await examine(registration({ demo: true })))).toMatchObject({
      credentials: 'pass',
      token: 'skipped',
      scopes: 'skipped',
    });
  });
});
