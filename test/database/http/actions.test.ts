/** Actions over HTTP: run in a person's name, with what both key and person may, audited as the action's own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAs } from '../../../src/http/admin/run-as.ts';
import { newId } from '../../../src/kernel/ids.ts';
import type { Capability } from '../../../src/tenants/capabilities.ts';
import { findTenant } from '../../../src/tenants/tenant-store.ts';
import { readUser } from '../../../src/tenants/user-store.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { makeWorld, newUser, rowsLeftBy, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;
let keyId: unknown;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
  keyId = (await world.call('GET', '/keys')).body.items?.find(({ name }) => name === 'admin')?.key_id;
});
afterAll(() => app.close());

async function person(...roles: string[]): Promise<string> {
  return String((await world.create('/users', newUser({ roles }))).user_id);
}

function run(action: string, as_user: string, input: unknown, headers: Record<string, string> = {}) {
  return world.call('POST', `/actions/${action}`, {
    key: world.keys.admin,
    body: { as_user, input },
    headers,
  });
}

describe('an action', () => {
  test("leaves its own row: the key did it, in the person's name", async () => {
    const ann = await person('technician');
    const rows = await rowsLeftBy(world, async () => {
      const { status, body } = await run('create_ticket', ann, { title: 'From a program' });
      expect(status).toBe(200);
      expect(body.summary).toEqual({ title: expect.any(String), text: expect.any(String) });
      expect(JSON.stringify(body)).toContain('From a program');
      expect(body.items).toMatchObject([{ title: 'From a program', created_by: ann }]);
      expect(body.links).toEqual([{ title: expect.any(String), url: body.items?.[0]?.url }]);
      expect(body.warnings).toEqual([]);
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      action: 'create_ticket',
      surface: 'api',
      actor_kind: 'key',
      actor_id: keyId,
      actor_user_id: ann,
      target_kind: 'ticket',
      result: 'success',
      platform: null,
    });
  });

  test('that asks for something leaves none', async () => {
    const ann = await person('technician');
    const rows = await rowsLeftBy(world, async () => {
      const { status, body } = await run('my_tickets', ann, { limit: 3 });
      expect(status).toBe(200);
      expect(body.items).toEqual([]);
      expect((await run('my_tickets', ann, { limit: 0 })).body.code).toBe('validation_error');
      expect((await run('my_tickets', newId(), {})).status).toBe(404);
    });
    expect(rows).toEqual([]);
  });

  test('needs the permission of the person too', async () => {
    const viewer = await person('viewer');
    const rows = await rowsLeftBy(world, async () => {
      const { status, body } = await run('create_ticket', viewer, { title: 'Not allowed' });
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'forbidden' });
    });
    expect(rows).toMatchObject([
      { action: 'create_ticket', surface: 'api', result: 'denied', actor_user_id: viewer },
    ]);
    expect((await world.call('GET', '/tickets?text=Not%20allowed')).body.items).toEqual([]);
  });

  test('needs the permission of the key too', async () => {
    const boss = await person('admin');
    const { services } = app;
    const definition = services.actions.get('create_ticket');
    const attempt = services.database.inTenant(world.tenantId, async (tx) => {
      const tenant = await findTenant(services.database.directory, { id: tx.tenantId });
      const row = await readUser(tx, boss);
      if (definition === undefined || tenant === null || row === null) throw new Error('nothing to run');
      // No role has action:run_as without the rest; the rule must hold for roles to come.
      const capabilities = new Set<Capability>(['action:run_as', 'ticket:read']);
      const principal = {
        kind: 'key',
        id: newId(),
        tenantId: tx.tenantId,
        role: 'admin',
        capabilities,
      } as const;
      const context = {
        services,
        principal,
        tenant,
        params: {},
        query: {},
        body: {},
        idempotency: null,
        accepts: () => null,
        now: new Date(),
      };
      return await runAs(tx, context, { definition, person: row, input: { title: 'x' } });
    });
    await expect(attempt).rejects.toMatchObject({
      error: { code: 'forbidden' },
      attempt: { result: 'denied' },
    });
  });

  test('cannot be run by a key without action:run_as, however mighty the person is', async () => {
    const boss = await person('admin');
    for (const key of [world.keys.technician, world.keys.viewer]) {
      const rows = await rowsLeftBy(world, async () => {
        const body = { as_user: boss, input: { title: 'x' } };
        expect((await world.call('POST', '/actions/create_ticket', { key, body })).status).toBe(403);
      });
      expect(rows).toMatchObject([
        { action: 'create_ticket', surface: 'api', result: 'denied', actor_user_id: null },
      ]);
    }
  });

  test('that is refused leaves one row with its code', async () => {
    const ann = await person('technician');
    const gone = await person('technician');
    await world.call('PATCH', `/users/${gone}`, { body: { status: 'deactivated' } });
    const attempts: [string, string, unknown, number, string, string | null][] = [
      ['create_ticket', ann, {}, 400, 'validation_error', ann],
      ['create_ticket', ann, { title: 'x', extra: 1 }, 400, 'validation_error', ann],
      ['create_ticket', ann, 'text', 400, 'validation_error', null],
      ['add_note', ann, { ticket: '987654', note: 'x' }, 404, 'not_found', ann],
      ['create_ticket', newId(), { title: 'x' }, 404, 'not_found', null],
      ['create_ticket', 'ann', { title: 'x' }, 404, 'not_found', null],
      ['create_ticket', gone, { title: 'x' }, 404, 'not_found', null],
    ];
    for (const [action, user, input, status, code, actor] of attempts) {
      const rows = await rowsLeftBy(world, async () => {
        const answer = await run(action, user, input);
        expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
        expect(answer.headers.get('content-type')).toContain('application/problem+json');
      });
      const row = { action, surface: 'api', result: 'failure', error_code: code, actor_user_id: actor };
      expect(rows).toMatchObject([row]);
    }
  });

  test('that nobody knows, or that has no place here, is told so', async () => {
    const ann = await person('technician');
    const rows = await rowsLeftBy(world, async () => {
      expect((await run('drop_tables', ann, {})).status).toBe(404);
    });
    expect(rows).toEqual([]);
    const elsewhere = await run('link_account', ann, {});
    expect({ status: elsewhere.status, code: elsewhere.body.code }).toEqual({
      status: 403,
      code: 'surface_disabled',
    });
  });

  test('that asks back is a problem and no attempt', async () => {
    const ann = await person('technician');
    for (const name of ['Northwind East', 'Northwind West']) await world.create('/clients', { name });
    const rows = await rowsLeftBy(world, async () => {
      const { status, body } = await run('create_ticket', ann, { title: 'x', client: 'northwind' });
      expect({ status, code: body.code }).toEqual({ status: 409, code: 'ambiguous' });
      expect(body.detail).toContain('Northwind East');
    });
    expect(rows).toEqual([]);
  });

  test('can be switched off, and its surface too', async () => {
    const own = await makeWorld(app);
    const body = { as_user: own.ids.user_id, input: { title: 'x' } };
    const allowed = async () => {
      const { items = [] } = (await own.call('GET', '/actions')).body;
      return items.filter((item) => item.allowed === true).map((item) => item.id);
    };
    expect(await allowed()).toContain('create_ticket');
    await own.call('PATCH', '/settings', { body: { allowed_actions: ['add_note'] } });
    expect((await own.call('POST', '/actions/create_ticket', { body })).body.code).toBe('action_disabled');
    expect(await allowed()).toContain('my_tickets');
    expect(await allowed()).not.toContain('create_ticket');
    await own.call('PATCH', '/settings', { body: { allowed_actions: null, surfaces: ['bot'] } });
    expect((await own.call('POST', '/actions/create_ticket', { body })).body.code).toBe('surface_disabled');
    expect(await allowed()).toEqual([]);
    await own.call('PATCH', '/settings', { body: { surfaces: null } });
    expect((await own.call('POST', '/actions/create_ticket', { body })).status).toBe(200);
  });

  test('under an Idempotency-Key runs once', async () => {
    const ann = await person('technician');
    const headers = { 'Idempotency-Key': 'same' };
    const rows = await rowsLeftBy(world, async () => {
      const answers = await Promise.all(
        [1, 2, 3].map(() => run('create_ticket', ann, { title: 'Only once' }, headers)),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    });
    expect(rows).toMatchObject([{ action: 'create_ticket', source_id: 'same', result: 'success' }]);
    expect((await world.call('GET', '/tickets?text=only%20once')).body.items).toHaveLength(1);
    const other = await run('create_ticket', ann, { title: 'Something else' }, headers);
    expect({ status: other.status, code: other.body.code }).toEqual({
      status: 409,
      code: 'idempotency_key_reused',
    });
  });

  test('that was refused under a key may be tried again under it', async () => {
    const ann = await person('viewer');
    const headers = { 'Idempotency-Key': 'second try' };
    expect((await run('create_ticket', ann, { title: 'Later' }, headers)).status).toBe(403);
    await world.call('PATCH', `/users/${ann}`, { body: { roles: ['technician'] } });
    expect((await run('create_ticket', ann, { title: 'Later' }, headers)).status).toBe(200);
  });
});

describe('settings', () => {
  test.each([
    { allowed_actions: ['no_such_action'] },
    { allowed_actions: ['my_tickets'] },
    { surfaces: ['admin'] },
    { surfaces: ['telepathy'] },
    { language: 'tlh' },
    { group_chat: 'yes' },
  ])('refuse %j', async (body) => {
    expect((await world.call('PATCH', '/settings', { body })).body.code).toBe('validation_error');
  });

  test('keep what a change leaves out, also of two at once', async () => {
    const own = await makeWorld(app);
    await Promise.all([
      own.call('PATCH', '/settings', { body: { group_chat: true } }),
      own.call('PATCH', '/settings', { body: { surfaces: ['bot', 'api', 'bot'] } }),
    ]);
    const expected = {
      allowed_actions: null,
      surfaces: ['bot', 'api'],
      group_chat: true,
      language: 'en',
      disabled_categories: [],
    };
    expect((await own.call('GET', '/settings')).body).toEqual(expected);
  });
});

test('settings take categories of notifications that nobody gets, each once', async () => {
  const own = await makeWorld(app);
  const patch = (categories: string[]) =>
    own.call('PATCH', '/settings', { body: { disabled_categories: categories } });
  const set = await patch(['announcement', 'test', 'announcement']);
  expect(set.body.disabled_categories).toEqual(['announcement', 'test']);
  expect((await patch(['spam'])).body.code).toBe('validation_error');
  expect((await own.call('GET', '/settings')).body.disabled_categories).toEqual(['announcement', 'test']);
});

test('the list describes every action with a schema of its input', async () => {
  const { body } = await world.call('GET', '/actions', { key: world.keys.viewer });
  expect(body.items?.map(({ id }) => id)).toEqual([...app.services.actions.keys()]);
  const create = body.items?.find(({ id }) => id === 'create_ticket');
  expect(create).toMatchObject({
    kind: 'mutation',
    title: 'New ticket',
    permission: 'ticket:create',
    surfaces: expect.arrayContaining(['bot', 'api']),
    input: { type: 'object', required: ['title'], additionalProperties: false },
  });
});
