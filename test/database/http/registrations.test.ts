/** Registrations over HTTP: who may enrol whom, and that secrets never come back. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { auditRows, makeWorld, newRegistration, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;
let rival: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
  rival = await makeWorld(app);
});
afterAll(() => app.close());

const secret = 'a-secret-that-must-never-come-back';

async function rejected(reason: string, platform = 'teams'): Promise<number> {
  const { values } = await app.services.metrics.registrationRejected.get();
  const found = values.find(({ labels }) => labels.reason === reason && labels.platform === platform);
  return found?.value ?? 0;
}

describe('a registration', () => {
  test('by the operator is live at once, with defaults and ids in their normal form', async () => {
    const ids = { app_id: randomUUID(), organization: randomUUID() };
    const shouted = {
      app_id: ` ${ids.app_id.toUpperCase()} `,
      organization: `${ids.organization.toUpperCase()}\n`,
    };
    const made = await world.create(
      '/registrations',
      newRegistration({ ...shouted, scope: ` ${world.slug} ` }),
    );
    expect(made).toMatchObject({ ...ids, status: 'active', app_type: 'single_tenant', cloud: 'public' });
    const key = { platform: 'teams', appId: ids.app_id, organization: ids.organization };
    const live = await app.services.registrations.findByOrganization(key);
    expect(live).toMatchObject({ tenantId: world.tenantId, registrationId: made.registration_id });
    expect(await live?.credentials()).toEqual({ client_secret: secret });
  });

  test('by a tenant key waits for an operator, and is not resolved until then', async () => {
    const body = newRegistration();
    const key = { platform: 'teams', appId: body.app_id, organization: body.organization };
    const made = await world.call('POST', '/registrations', { key: world.keys.admin, body });
    expect(made.body.status).toBe('pending');
    expect(await app.services.registrations.findByOrganization(key)).toBeNull();
    const path = `/registrations/${made.body.registration_id}`;
    expect((await world.call('POST', `${path}/approve`, { key: world.keys.admin })).status).toBe(403);
    const approved = await world.call('POST', `${path}/approve`);
    expect(approved.body.status).toBe('active');
    expect(await app.services.registrations.findByOrganization(key)).not.toBeNull();
    expect((await world.call('POST', `${path}/approve`)).body.code).toBe('conflict');
  });

  test('of a taken organization is refused, naming nobody, by key or operator, at once or at the approval', async () => {
    const body = newRegistration();
    const waiting = await rival.call('POST', '/registrations', { key: rival.keys.admin, body });
    await world.create('/registrations', body);
    const before = await rejected('registration_taken');
    const attempts = [
      await rival.call('POST', '/registrations', { body: { ...body, name: 'Mine' } }),
      await rival.call('POST', '/registrations', { key: rival.keys.admin, body }),
      await rival.call('POST', `/registrations/${waiting.body.registration_id}/approve`),
      await world.call('POST', '/registrations', { body: { ...body, app_id: body.app_id.toUpperCase() } }),
    ];
    for (const { status, body: problem } of attempts) {
      expect(status).toBe(409);
      expect(problem.code).toBe('registration_taken');
      expect(JSON.stringify(problem)).not.toContain(world.slug);
    }
    // The approval's body names no platform.
    expect(await rejected('registration_taken')).toBe(before + 3);
    const [row] = await auditRows(rival, 1);
    expect(row).toMatchObject({
      action: 'registration.approve',
      result: 'failure',
      error_code: 'registration_taken',
    });
  });

  test('of two at once for one organization only one succeeds', async () => {
    const body = newRegistration();
    const answers = await Promise.all(
      [world, rival, world, rival].map(({ call }) => call('POST', '/registrations', { body })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  test('that is retired frees its organization and stays readable', async () => {
    const body = newRegistration();
    const made = await world.create('/registrations', body);
    const path = `/registrations/${made.registration_id}`;
    expect((await world.call('DELETE', path)).status).toBe(204);
    expect((await world.call('GET', path)).body.status).toBe('retired');
    expect((await world.call('PATCH', path, { body: { name: 'x' } })).body.code).toBe('conflict');
    expect((await world.call('POST', `${path}/approve`)).body.code).toBe('conflict');
    expect((await rival.create('/registrations', body)).status).toBe('active');
    // A late second deletion must not take the organization from its new owner.
    expect((await world.call('DELETE', path)).status).toBe(204);
    const key = { platform: 'teams', appId: body.app_id, organization: body.organization };
    expect((await app.services.registrations.findByOrganization(key))?.tenantId).toBe(rival.tenantId);
  });

  test('changes name, options and credentials, and keeps the rest', async () => {
    const made = await world.create(
      '/registrations',
      newRegistration({ limits: { conversation_messages: 5 } }),
    );
    const path = `/registrations/${made.registration_id}`;
    const changed = await world.call('PATCH', path, {
      body: { name: 'Other', cloud: 'gcch', credentials: { client_secret: 'another' } },
    });
    expect(changed.body).toEqual({
      ...made,
      name: 'Other',
      cloud: 'gcch',
      limits: { conversation_messages: 5 },
      updated_at: changed.body.updated_at,
    });
    const key = { platform: 'teams', appId: String(made.app_id), organization: String(made.organization) };
    const live = await app.services.registrations.findByOrganization(key);
    expect(live?.options).toMatchObject({ cloud: 'gcch' });
    expect(await live?.credentials()).toEqual({ client_secret: 'another' });
    const cleared = await world.call('PATCH', path, { body: { limits: null } });
    expect(cleared.body).not.toHaveProperty('limits');
    expect((await world.call('PATCH', path, { body: { organization: randomUUID() } })).status).toBe(400);
  });

  test('that two change at once keeps both changes', async () => {
    const made = await world.create('/registrations', newRegistration());
    const path = `/registrations/${made.registration_id}`;
    await Promise.all([
      world.call('PATCH', path, { body: { cloud: 'dod' } }),
      world.call('PATCH', path, { body: { app_type: 'multi_tenant' } }),
      world.call('PATCH', path, { body: { limits: { conversation_messages: 2 } } }),
    ]);
    const expected = { cloud: 'dod', app_type: 'multi_tenant', limits: { conversation_messages: 2 } };
    expect((await world.call('GET', path)).body).toMatchObject(expected);
  });

  test.each([
    ['platform_unsupported', 409, 'unknown', { platform: 'carrier-pigeon' }],
    ['validation_error', 400, 'teams', { scope: 'another-tenant' }],
    ['validation_error', 400, 'teams', { app_type: 'both' }],
    ['validation_error', 400, 'teams', { credentials: {} }],
    ['validation_error', 400, 'teams', { credentials: { client_secret: 'x', extra: 'y' } }],
    ['validation_error', 400, 'teams', { app_id: '   ' }],
    ['validation_error', 400, 'teams', { limits: { conversation_messages: -1 } }],
    ['validation_error', 400, 'teams', { limits: { per_second: 5 } }],
    ['validation_error', 400, 'teams', { domain: 'lark' }],
    ['validation_error', 400, 'unknown', { platform: undefined }],
  ])('is refused with %s and counted', async (code, status, platform, over) => {
    const before = await rejected(code, platform);
    const answer = await world.call('POST', '/registrations', { body: newRegistration(over) });
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(await rejected(code, platform)).toBe(before + 1);
  });

  test('takes white space for no scope, and the id for the tenant', async () => {
    for (const scope of ['  ', world.tenantId.toUpperCase()]) {
      expect((await world.create('/registrations', newRegistration({ scope }))).scope).toBeUndefined();
    }
  });
});

test('no answer holds a secret', async () => {
  const made = await world.create('/registrations', newRegistration());
  const path = `/registrations/${made.registration_id}`;
  const broken = newRegistration({ app_type: 'both' });
  const answers = [
    made,
    (await world.call('GET', path)).body,
    (await world.call('GET', '/registrations')).body,
    (await world.call('POST', '/registrations', { body: broken })).body,
    (await world.call('GET', '/audit-events')).body,
  ];
  for (const answer of answers) expect(JSON.stringify(answer)).not.toContain(secret);
});
