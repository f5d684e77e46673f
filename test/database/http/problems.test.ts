/** Whatever goes wrong over HTTP is a problem (RFC 9457), says what to do, and gives nothing away. */
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startTestApp, type TestApp } from '../../support/app.ts';
import { recordingLog } from '../../support/log.ts';
import { makeWorld, type TenantWorld } from '../../support/tenant-world.ts';

const { log, lines } = recordingLog();
let app: TestApp;
let world: TenantWorld;

beforeAll(async () => {
  app = await startTestApp({ log });
  world = await makeWorld(app);
});
afterAll(() => app.close());

function expectProblem(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.body).toMatchObject({
    type: `https://deskbridge.dev/problems/${code}`,
    title: expect.any(String),
    status,
    remedy: expect.any(String),
    request_id: answer.headers.get('x-request-id'),
    instance: expect.stringMatching(/^\//),
  });
}

const deep = `{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;

describe('a body', () => {
  test.each([
    ['that is no JSON', '{"name":'],
    ['that is a bare text', '"name"'],
    ['that is null', 'null'],
    ['with a number beyond every range', '{"name":1e999}'],
    ['with half a character', '{"name":"\\ud800"}'],
    ['with half a character in a name', '{"\\udc00":1}'],
    ['that is nested 100,000 deep', deep],
  ])('%s is malformed', async (_name, body) => {
    expectProblem(await world.call('POST', '/clients', { body }), 400, 'malformed_json');
  });

  test('that is a list is not valid', async () => {
    expectProblem(await world.call('POST', '/clients', { body: '[]' }), 400, 'validation_error');
  });

  test('that names __proto__ names an unknown field', async () => {
    const body = '{"name":"x","__proto__":{"admin":true}}';
    expectProblem(await world.call('POST', '/clients', { body }), 400, 'validation_error');
  });

  test('over 1 MB is refused, also when it is packed', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(1_100_000) });
    expectProblem(await world.call('POST', '/clients', { body }), 413, 'payload_too_large');
    const response = await fetch(`${app.url}/v1/tenants`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${app.adminToken}`,
        'Content-Type': 'application/json',
        'Content-Encoding': 'gzip',
      },
      body: gzipSync(body),
    });
    expect(response.status).toBe(413);
  });

  test.each([
    [{ 'Content-Type': 'text/plain' }, 415, 'unsupported_media_type'],
    [{ 'Content-Type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    [{ 'Content-Type': 'application/json; charset=klingon' }, 415, 'unsupported_media_type'],
    [{ 'Content-Encoding': 'zstd-nope' }, 415, 'unsupported_media_type'],
    [{ 'Content-Encoding': 'gzip' }, 400, 'malformed_json'],
  ])('sent with %j is refused', async (headers, status, code) => {
    const body = '{"name":"x"}';
    expectProblem(await world.call('POST', '/clients', { body, headers }), status, code);
  });

  test('of another type is refused also when it comes in chunks', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        `${app.url}/v1/tenants/${world.tenantId}/clients`,
        { method: 'POST' },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      sent.on('error', reject);
      sent.setHeader('Authorization', `Bearer ${app.adminToken}`);
      sent.setHeader('Content-Type', 'text/plain');
      sent.setHeader('Transfer-Encoding', 'chunked');
      sent.end('name=x');
    });
    expect(status).toBe(415);
  });
});

describe('a path', () => {
  test.each(['/v1', '/v1/nothing', '/v2/tenants', '/nothing', '/v1/tenants/x/y/z', '/v1/tenants/%E0%A4%A'])(
    '%s that leads nowhere is not found',
    async (path) => expectProblem(await app.call('GET', path), 404, 'not_found'),
  );

  test('with another method says which it has', async () => {
    const answer = await world.call('PUT', '/users', { body: {} });
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS');
    expectProblem(await app.call('DELETE', '/v1/tenants'), 405, 'method_not_allowed');
  });

  test('answers HEAD and OPTIONS harmlessly', async () => {
    const options = await world.call('OPTIONS', `/users/${world.ids.user_id}`, { key: null });
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toBe('GET, PATCH, HEAD, OPTIONS');
    expect((await world.call('HEAD', '/users')).status).toBe(200);
    expect((await world.call('HEAD', '/users', { key: null })).status).toBe(401);
  });
});

test('the operator token works in no other form', async () => {
  for (const authorization of [
    app.adminToken,
    `Basic ${app.adminToken}`,
    `Bearer  ${app.adminToken}`,
    'Bearer ',
    'Bearer',
  ]) {
    const answer = await app.call('GET', '/v1/tenants', {
      key: null,
      headers: { Authorization: authorization },
    });
    expectProblem(answer, 401, 'unauthorized');
  }
  expect((await app.call('GET', `/v1/tenants?token=${app.adminToken}`, { key: null })).status).toBe(401);
});

test('a fault of ours is told by its request id alone, logged, and audited', async () => {
  // The database's owner forbids a name: nothing that the API knows of.
  const { database } = app.services;
  await database.maintenance.execute('alter table clients add constraint broken check (name <> $$breaks$$)');
  const before = lines.length;
  const answer = await world.call('POST', '/clients', { body: { name: 'breaks' } });
  await database.maintenance.execute('alter table clients drop constraint broken');
  expectProblem(answer, 500, 'internal');
  expect(JSON.stringify(answer.body)).not.toMatch(/constraint|clients_|broken|23514/);
  const logged = lines.slice(before).filter((line) => line.level === 'error');
  expect(logged).toMatchObject([{ fields: { request_id: answer.body.request_id } }]);
  const { body } = await world.call('GET', '/audit-events?limit=1');
  expect(body.items).toMatchObject([{ action: 'client.create', result: 'failure', error_code: 'internal' }]);
  expect((await world.call('GET', '/audit-events/verification')).body.valid).toBe(true);
});

test('a key that asks too often is told when to come again; the operator is exempt', async () => {
  const now = new Date();
  const still = await startTestApp({ clock: { now: () => now } });
  try {
    const { call, keys } = await makeWorld(still);
    const answers = await Promise.all(
      Array.from({ length: 520 }, () => call('GET', '/settings', { key: keys.viewer })),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(20);
    for (const answer of refused) {
      expectProblem(answer, 429, 'rate_limited');
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect((await call('GET', '/settings', { key: keys.technician })).status).toBe(200);
    const operator = await Promise.all(Array.from({ length: 520 }, () => call('GET', '/settings')));
    expect(operator.every(({ status }) => status === 200)).toBe(true);
  } finally {
    await still.close();
  }
});
