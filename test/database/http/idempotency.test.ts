/** Idempotency keys: the first answer is the answer, also of two at once, and never another's. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { makeWorld, newUser, rowsLeftBy, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
});
afterAll(() => app.close());

const keyed = (key: string) => ({ 'Idempotency-Key': key });

test('the same request gets the first answer, the key that is shown once included, and leaves one row', async () => {
  const body = { name: 'ci', role: 'viewer' };
  const rows = await rowsLeftBy(world, async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => world.call('POST', '/keys', { body, headers: keyed('k-1') })),
    );
    answers.push(await world.call('POST', '/keys', { body, headers: keyed('k-1') }));
    for (const answer of answers) {
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual(answers[0]?.body);
    }
    expect((await world.call('GET', '/users', { key: String(answers[0]?.body.key) })).status).toBe(200);
  });
  expect(rows).toMatchObject([{ action: 'key.create', source_id: 'k-1', result: 'success' }]);
});

test('another request under the key is refused, be it another body, path or query', async () => {
  const headers = keyed('k-2');
  await world.call('POST', '/clients', { body: { name: 'A' }, headers });
  const rows = await rowsLeftBy(world, async () => {
    for (const [path, body] of [
      ['/clients', { name: 'B' }],
      ['/contacts', { name: 'A' }],
      ['/clients?x=1', { name: 'A' }],
    ] as const) {
      const answer = await world.call('POST', path, { body, headers });
      expect({ status: answer.status, code: answer.body.code }).toEqual({
        status: 409,
        code: 'idempotency_key_reused',
      });
    }
  });
  expect(rows).toEqual([]);
});

test('of two different requests at once under one key one wins and the other is refused', async () => {
  const answers = await Promise.all(
    ['A', 'B'].map((name) => world.call('POST', '/clients', { body: { name }, headers: keyed('k-3') })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
});

test("a key is its owner's: another caller and another tenant may use the same text", async () => {
  const other = await makeWorld(app);
  const headers = keyed('k-4');
  const body = { name: 'Shared text' };
  const ids = [
    await world.call('POST', '/clients', { body, headers }),
    await world.call('POST', '/clients', { key: world.keys.admin, body, headers }),
    await other.call('POST', '/clients', { body, headers }),
  ].map((answer) => answer.body.client_id);
  expect(new Set(ids).size).toBe(3);
});

test('a refused request keeps nothing: corrected circumstances let it through', async () => {
  const headers = keyed('k-5');
  const body = newUser();
  const first = await world.create('/users', body);
  expect((await world.call('POST', '/users', { body, headers })).status).toBe(409);
  await world.call('PATCH', `/users/${first.user_id}`, { body: { email: newUser().email } });
  expect((await world.call('POST', '/users', { body, headers })).status).toBe(201);
});

test('an answer lies sealed in the database', async () => {
  const made = await world.call('POST', '/keys', {
    body: { name: 'x', role: 'viewer' },
    headers: keyed('k-6'),
  });
  const rows = await app.services.database.inTenant(world.tenantId, (tx) =>
    tx.query<{ response: string }>(
      "select response from idempotency_keys where tenant_id = $1 and key = 'k-6'",
      [tx.tenantId],
    ),
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]?.response).not.toContain(String(made.body.key));
  expect(rows[0]?.response).toMatch(/^v1\./);
});

test.each(['', 'x'.repeat(256), 'ümlaut'])('the key %j is refused', async (key) => {
  const { status, body } = await world.call('POST', '/clients', { body: { name: 'A' }, headers: keyed(key) });
  expect({ status, code: body.code }).toEqual({ status: 400, code: 'validation_error' });
});
