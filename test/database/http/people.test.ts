/** Users, links, link codes and keys over HTTP. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../src/kernel/ids.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { codeShownInChat } from '../../support/route-samples.ts';
import { makeWorld, newUser, rowsLeftBy, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
});
afterAll(() => app.close());

describe('users', () => {
  test('are made as they are sent, the e-mail in lower case', async () => {
    const email = `Ann.${randomUUID()}@Acme.Test`;
    const body = {
      name: '  Ann  \u202eA. ',
      email,
      roles: ['admin', 'viewer', 'admin'],
      time_zone: 'Europe/Berlin',
    };
    const user = await world.create('/users', body);
    expect(user).toMatchObject({
      name: 'Ann A.',
      email: email.toLowerCase(),
      roles: ['viewer', 'admin'],
      status: 'active',
      time_zone: 'Europe/Berlin',
      locale: null,
      external_id: null,
    });
    const read = await world.call('GET', `/users/${user.user_id}`);
    expect(read.body).toEqual(user);
    const listed = await world.call('GET', `/users?email=${encodeURIComponent(email)}`);
    expect(listed.body.items).toEqual([user]);
  });

  test.each([
    ['roles', []],
    ['roles', ['owner']],
    ['roles', 'admin'],
    ['email', 'not an address'],
    ['name', ' \u0007 '],
    ['locale', 'not_a_tag!'],
    ['time_zone', 'Mars/Olympus'],
    ['time_zone', '+02:00'],
    ['external_id', ''],
  ])('with %s %j are refused by the name of the field', async (field, value) => {
    const { status, body } = await world.call('POST', '/users', { body: newUser({ [field]: value }) });
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'validation_error' });
    expect(JSON.stringify(body.errors)).toContain(`"path":"${field}`);
  });

  test('share no e-mail and no external id in a tenant, whatever the case; other tenants may have both', async () => {
    const body = newUser({ external_id: 'e-1' });
    const first = await world.create('/users', body);
    const shouted = newUser({ email: body.email.toUpperCase() });
    for (const clash of [shouted, newUser({ external_id: 'e-1' })]) {
      expect((await world.call('POST', '/users', { body: clash })).body.code).toBe('conflict');
      const other = await world.create('/users', newUser());
      const { name: _name, roles: _roles, ...change } = clash;
      const patched = await world.call('PATCH', `/users/${other.user_id}`, { body: change });
      expect(patched.status).toBe(409);
      expect(patched.body.code).toBe('conflict');
    }
    const elsewhere = await makeWorld(app);
    expect((await elsewhere.create('/users', body)).user_id).not.toBe(first.user_id);
  });

  test('keep what a change leaves out; null empties; two changes at once both hold', async () => {
    const user = await world.create('/users', newUser({ locale: 'de', time_zone: 'UTC' }));
    const path = `/users/${user.user_id}`;
    const answers = await Promise.all([
      world.call('PATCH', path, { body: { name: 'Ann Two' } }),
      world.call('PATCH', path, { body: { locale: null, roles: ['viewer'] } }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    const { body } = await world.call('GET', path);
    expect(body).toEqual({ ...user, name: 'Ann Two', locale: null, roles: ['viewer'] });
  });
});

describe('links', () => {
  test('tie an identity to one person; GUIDs in either case are the same identity', async () => {
    const { user_id, registration_id } = world.ids;
    const platformUserId = randomUUID();
    const body = { user_id, registration_id, platform_user_id: platformUserId.toUpperCase() };
    const link = await world.create('/links', body);
    expect(link.platform_user_id).toBe(platformUserId);
    const again = await world.call('POST', '/links', { body: { ...body, platform_user_id: platformUserId } });
    expect(again.body.code).toBe('conflict');
    const listed = await world.call('GET', `/links?user_id=${user_id}`);
    expect(listed.body.items).toContainEqual(link);
    expect((await world.call('DELETE', `/links/${link.link_id}`)).status).toBe(204);
    expect((await world.call('GET', `/links/${link.link_id}`)).status).toBe(404);
    expect((await world.call('DELETE', `/links/${link.link_id}`)).status).toBe(404);
  });

  test('name nobody and nothing of another tenant', async () => {
    const foreign = await makeWorld(app);
    const { user_id, registration_id } = world.ids;
    const good: Record<string, string> = { user_id, registration_id, platform_user_id: randomUUID() };
    for (const wrong of ['user_id', 'registration_id'] as const) {
      const answers = [];
      for (const id of [foreign.ids[wrong], newId()]) {
        answers.push(await world.call('POST', '/links', { body: { ...good, [wrong]: id } }));
      }
      expect(answers.map(({ status }) => status)).toEqual([404, 404]);
      expect(answers[0]?.body.detail).toBe(answers[1]?.body.detail);
    }
  });

  test('come from the code that a person was shown: once, in this tenant, for somebody active', async () => {
    const foreign = await makeWorld(app);
    const code = await codeShownInChat(world);
    const body = { code: code.toLowerCase().replace('-', ' '), user_id: world.ids.user_id };
    const elsewhere = { code, user_id: foreign.ids.user_id };
    expect((await foreign.call('POST', '/links/redeem', { body: elsewhere })).status).toBe(404);
    const gone = await world.create('/users', newUser());
    await world.call('PATCH', `/users/${gone.user_id}`, { body: { status: 'deactivated' } });
    expect(
      (await world.call('POST', '/links/redeem', { body: { code, user_id: gone.user_id } })).status,
    ).toBe(404);

    const rows = await rowsLeftBy(world, async () => {
      const two = await Promise.all([1, 2].map(() => world.call('POST', '/links/redeem', { body })));
      expect(two.map(({ status }) => status).sort()).toEqual([201, 404]);
    });
    expect(rows.map((row) => row.result).sort()).toEqual(['failure', 'success']);
  });

  test('come from a code for a person, which a newer one replaces and which nobody gets for a deactivated one', async () => {
    const made = await world.call('POST', `/users/${world.ids.user_id}/link-codes`);
    expect(made.status).toBe(201);
    expect(made.body.code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    const minutes = (Date.parse(String(made.body.expires_at)) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(14);
    // The server goes by the database's clock, measured to a few milliseconds.
    expect(minutes).toBeLessThanOrEqual(15.01);
    await world.call('POST', `/users/${world.ids.user_id}/link-codes`);
    const { database, linkCodes } = app.services;
    const identity = {
      registrationId: world.ids.registration_id,
      platformUserId: 'x',
      platformUserName: null,
    };
    const typed = database.inTenant(world.tenantId, (tx) =>
      linkCodes.redeemInChat(tx, String(made.body.code), identity, new Date()),
    );
    await expect(typed).rejects.toMatchObject({ code: 'not_found' });
    const gone = await world.create('/users', newUser());
    await world.call('PATCH', `/users/${gone.user_id}`, { body: { status: 'deactivated' } });
    expect((await world.call('POST', `/users/${gone.user_id}/link-codes`)).status).toBe(404);
  });
});

describe('keys', () => {
  test('are shown once, act with their role, and end at once when they are revoked', async () => {
    const made = await world.create('/keys', { name: 'ci', role: 'technician' });
    const key = String(made.key);
    expect(key).toMatch(/^dbk_[\w-]{43}$/);
    expect((await world.call('GET', '/users', { key })).status).toBe(200);
    expect((await world.call('GET', '/audit-events', { key })).status).toBe(403);
    const listed = await world.call('GET', '/keys');
    const { key: _, ...shown } = made;
    expect(listed.body.items).toContainEqual(shown);
    expect(JSON.stringify(listed.body)).not.toContain(key);

    expect((await world.call('DELETE', `/keys/${made.key_id}`)).status).toBe(204);
    expect((await world.call('GET', '/users', { key })).status).toBe(401);
    expect((await world.call('DELETE', `/keys/${made.key_id}`)).status).toBe(204);
    const after = await world.call('GET', '/keys');
    expect(after.body.items).toContainEqual({ ...shown, revoked_at: expect.any(String) });
  });

  test('of a suspended tenant read but change nothing, while the operator may', async () => {
    const own = await makeWorld(app);
    await own.call('PATCH', '', { body: { status: 'suspended' } });
    const key = own.keys.admin;
    expect((await own.call('GET', '/users', { key })).status).toBe(200);
    const refused = await own.call('POST', '/users', { key, body: newUser() });
    expect(refused.status).toBe(403);
    expect((await own.call('POST', '/users', { body: newUser() })).status).toBe(201);
  });
});
