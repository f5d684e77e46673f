/** Notifications over HTTP: accepting, following and taking back. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planningOf } from '../../../src/http/admin/planning.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { expandNotification } from '../../../src/notify/expand-audience.ts';
import { type Answer, startTestApp, type TestApp } from '../../support/app.ts';
import {
  endDelivery,
  makeWorld,
  newNotification,
  newUser,
  rowsLeftBy,
  type TenantWorld,
} from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;
let foreign: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
  foreign = await makeWorld(app);
});
afterAll(() => app.close());

const path = '/notifications';

async function post(body: unknown, options: { key?: string; headers?: Record<string, string> } = {}) {
  return await world.call('POST', path, { body, ...options });
}

async function sql<Row>(text: string, values: unknown[] = [], of = world): Promise<Row[]> {
  return await app.services.database.inTenant(of.tenantId, (tx) =>
    tx.query<Row>(text, [of.tenantId, ...values]),
  );
}

/** People without a linked account, made in one statement. */
async function makePeople(of: TenantWorld, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId());
  await sql(
    `insert into users (tenant_id, user_id, name, email, roles, status, created_at, updated_at)
     select $1, id, 'P', id || '@acme.test', '{technician}', 'active', now(), now() from unnest($2::uuid[]) id`,
    [ids],
    of,
  );
  return ids;
}

interface Listed {
  delivery_id: string;
  status: string;
  reason: string | null;
  user_id: string | null;
  destination: { type: string; id: string } | null;
}

function listed(answer: Answer): Listed[] {
  return answer.body.deliveries as Listed[];
}

describe('a notification', () => {
  test('is accepted with a delivery for each recipient, each person once', async () => {
    const other = await world.create('/users', newUser());
    const answer = await post(
      newNotification({
        to: [{ user: world.ids.user_id }, { group: world.ids.group_id }, { user: other.user_id }],
      }),
    );
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ recipients: 2, waiting: 0, counts: { queued: 1, skipped: 1 } });
    const byUser = new Map(listed(answer).map((delivery) => [delivery.user_id, delivery]));
    expect(byUser.get(world.ids.user_id)).toMatchObject({
      status: 'queued',
      reason: null,
      platform: 'teams',
      destination: { type: 'teams_chat', id: expect.any(String) },
    });
    expect(byUser.get(String(other.user_id))).toMatchObject({
      status: 'skipped',
      reason: 'user_not_mapped',
      destination: null,
    });

    const { body } = await world.call('GET', `${path}/${answer.body.notification_id}`);
    expect(body).toMatchObject({
      notification_id: answer.body.notification_id,
      category: 'announcement',
      recipients: 2,
      waiting: 0,
      counts: { queued: 1, sent: 0, delivered: 0, failed: 0, skipped: 1 },
      created_by: { kind: 'operator', id: null },
      priority: 'normal',
      on_unknown: 'hold',
      expanded_at: expect.any(String),
      withdrawn_at: null,
    });
  });

  test('keeps everything that was asked for', async () => {
    const body = newNotification({
      category: 'escalation',
      to: [{ user: world.ids.user_id }],
      target: { kind: 'ticket', id: world.ids.ticket },
      on_unknown: 'hold',
      send_at: '2090-01-01T09:00:00+02:00',
      expires_at: '2090-01-02T09:00:00Z',
      priority: 'normal',
      collapse_key: 'k-1',
    });
    const { body: accepted } = await post(body, { key: world.keys.admin });
    const { body: read } = await world.call('GET', `${path}/${accepted.notification_id}`);
    expect(read).toMatchObject({
      category: 'escalation',
      target: { kind: 'ticket', id: world.ids.ticket },
      on_unknown: 'hold',
      priority: 'normal',
      collapse_key: 'k-1',
      send_at: '2090-01-01T07:00:00.000Z',
      expires_at: '2090-01-02T09:00:00.000Z',
      created_by: { kind: 'key', id: expect.any(String) },
    });
    const [row] = await sql<{ content: unknown }>(
      'select content from notifications where tenant_id = $1 and notification_id = $2',
      [accepted.notification_id],
    );
    expect(row?.content).toMatchObject({
      kind: 'text',
      title: 'Maintenance',
      ticket: { ticketId: world.ids.ticket, title: 'Printer on fire' },
    });
    const [ready] = await sql<{ due_at: Date }>(
      'select due_at from delivery_ready where tenant_id = $1 and notification_id = $2',
      [accepted.notification_id],
    );
    expect(ready?.due_at.toISOString()).toBe('2090-01-01T07:00:00.000Z');
  });

  test('of the category test needs no words; local times go with each recipient', async () => {
    const answer = await post({
      category: 'test',
      to: [{ user: world.ids.user_id }],
      send_at: '2090-01-01T09:00',
      time_zone: 'recipient',
    });
    expect(answer.status).toBe(202);
    const { body } = await world.call('GET', `${path}/${answer.body.notification_id}`);
    expect(body).toMatchObject({ category: 'test', send_at: '2090-01-01T09:00' });
  });

  test.each([
    ['category', { category: 'spam' }],
    ['message', { message: undefined }],
    ['message.title', { message: { title: ' ', text: 'x' } }],
    ['message.title', { message: { title: 'x'.repeat(201), text: 'x' } }],
    ['message.text', { message: { title: 'x', text: 'x'.repeat(4_001) } }],
    ['message.surprise', { message: { title: 'x', text: 'x', surprise: 1 } }],
    ['to', { to: [] }],
    ['to.0.user', { to: [{ user: 'ann' }] }],
    ['to.0', { to: [{ everyone: false }] }],
    ['to.0', { to: [{ registration: newId() }] }],
    ['to.1', { to: [{ everyone: true }, { user: newId(), group: newId() }] }],
    ['target.id', { target: { kind: 'ticket', id: newId() } }],
    ['target.id', { target: { kind: 'approval', id: newId() } }],
    ['target.kind', { target: { kind: 'user', id: newId() } }],
    ['send_at', { send_at: '2090-01-01T09:00' }],
    ['send_at', { send_at: 'tomorrow' }],
    ['send_at', { send_at: '2090-02-30T09:00', time_zone: 'recipient' }],
    ['time_zone', { time_zone: 'recipient' }],
    ['time_zone', { send_at: '2090-01-01T09:00:00Z', time_zone: 'recipient' }],
    ['time_zone', { send_at: '2090-01-01T09:00', time_zone: 'Europe/Berlin' }],
    ['expires_at', { expires_at: '2020-01-01T09:00:00Z' }],
    ['expires_at', { send_at: '2090-01-01T09:00:00Z', expires_at: '2090-01-01T09:00:00Z' }],
    ['expires_at', { expires_at: '2090-01-01T09:00' }],
    ['collapse_key', { collapse_key: 'x'.repeat(201) }],
    ['collapse_key', { collapse_key: '' }],
    ['priority', { priority: 'urgent' }],
    ['on_unknown', { on_unknown: 'guess' }],
  ])('is refused by its field %s: %j', async (field, over) => {
    const before = await sql('select 1 from notifications where tenant_id = $1');
    const { status, body } = await post(newNotification(over));
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'validation_error' });
    expect((body.errors as { path: string }[]).map((error) => error.path)).toContain(field);
    expect(await sql('select 1 from notifications where tenant_id = $1')).toHaveLength(before.length);
  });

  test('names recipients that the tenant does not have, those of others like missing ones', async () => {
    const places = (ids: TenantWorld['ids']) => [
      { user: ids.user_id },
      { group: ids.group_id },
      { registration: ids.registration_id, address: randomUUID() },
    ];
    const missing = places({
      ...world.ids,
      user_id: newId(),
      group_id: newId(),
      registration_id: newId(),
    });
    const answers = [];
    for (const to of [places(foreign.ids), missing]) {
      const { status, body } = await post(newNotification({ to: [{ user: world.ids.user_id }, ...to] }));
      expect(status).toBe(400);
      answers.push(body.errors);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect((answers[0] as { path: string }[]).map((error) => error.path)).toEqual(['to.1', 'to.2', 'to.3']);
  });

  test('may be sent by administrators alone, and followed by whoever may read', async () => {
    const body = newNotification({ to: [{ user: world.ids.user_id }] });
    for (const role of ['viewer', 'technician'] as const) {
      expect((await post(body, { key: world.keys[role] })).status).toBe(403);
    }
    const answer = await post(body, { key: world.keys.admin });
    expect(answer.status).toBe(202);
    const followed = await world.call('GET', `${path}/${answer.body.notification_id}`, {
      key: world.keys.viewer,
    });
    expect(followed.status).toBe(200);
  });

  test('under the same Idempotency-Key is the first one again, also of two at once', async () => {
    const body = newNotification({ to: [{ user: world.ids.user_id }] });
    const headers = { 'Idempotency-Key': randomUUID() };
    const rows = await rowsLeftBy(world, async () => {
      const two = await Promise.all([post(body, { headers }), post(body, { headers })]);
      const third = await post(body, { headers });
      expect([...two, third].map(({ status }) => status)).toEqual([202, 202, 202]);
      expect(two[1].body).toEqual(two[0].body);
      expect(third.body).toEqual(two[0].body);
      const changed = await post({ ...body, priority: 'high' }, { headers });
      expect(changed.body.code).toBe('idempotency_key_reused');
      const kept = await sql<{ notification_id: string }>(
        'select notification_id from notification_requests where tenant_id = $1 and key = $2',
        [`operator:operator:${headers['Idempotency-Key']}`],
      );
      expect(kept).toEqual([{ notification_id: third.body.notification_id }]);
    });
    expect(rows.map(({ action, result }) => `${action} ${result}`)).toEqual(['notification.send success']);
  });

  test('is the first one again also when only its own record of the key is left', async () => {
    const body = newNotification({ to: [{ user: world.ids.user_id }] });
    const headers = { 'Idempotency-Key': randomUUID() };
    const first = await post(body, { headers });
    await sql('delete from idempotency_keys where tenant_id = $1 and key = $2', [headers['Idempotency-Key']]);
    const rows = await rowsLeftBy(world, async () => {
      const again = await post(body, { headers });
      expect(again.status).toBe(202);
      expect(again.body).toEqual(first.body);
    });
    expect(rows).toEqual([]);
  });
});

describe('a large audience', () => {
  test('is accepted at once, and worked through later', async () => {
    const own = await makeWorld(app);
    const people = await makePeople(own, 1_200);
    const to = [...people, ...people.slice(0, 10)].map((user) => ({ user }));
    const { status, body } = await own.call('POST', path, { body: newNotification({ to }) });
    expect(status).toBe(202);
    expect(body).toMatchObject({ recipients: 1_200, waiting: 1_200, deliveries: [], counts: { skipped: 0 } });
    const { database, clock, log } = app.services;
    const deps = { ...planningOf(app.services), database, clock, log };
    await expandNotification(deps, own.tenantId, String(body.notification_id));
    const after = await own.call('GET', `${path}/${body.notification_id}`);
    expect(after.body).toMatchObject({
      recipients: 1_200,
      waiting: 0,
      counts: { queued: 0, skipped: 1_200 },
      expanded_at: expect.any(String),
    });
  });

  test('may fill 16 MB here, and 1 MB elsewhere', async () => {
    const own = await makeWorld(app);
    const people = await makePeople(own, 30_000);
    const body = newNotification({ to: people.map((user) => ({ user })) });
    expect(JSON.stringify(body).length).toBeGreaterThan(1_300_000);
    const accepted = await own.call('POST', path, { body });
    expect(accepted.body).toMatchObject({ recipients: 30_000, waiting: 30_000 });
    expect((await own.call('POST', '/groups', { body })).status).toBe(413);
    const tooLarge = { ...body, message: { title: 'x', text: 'x'.repeat(17_000_000) } };
    expect((await own.call('POST', path, { body: tooLarge })).status).toBe(413);
    // Of a stranger not even the body is read.
    expect((await own.call('POST', path, { body: tooLarge, key: null })).status).toBe(401);
  });
});

describe('withdrawing', () => {
  async function sentTo(of: TenantWorld, count: number) {
    const users = await makePeople(of, count);
    for (const user_id of users) {
      const { registration_id } = of.ids;
      await of.create('/links', { user_id, registration_id, platform_user_id: randomUUID() });
    }
    const answer = await of.call('POST', path, {
      body: newNotification({ to: users.map((user) => ({ user })) }),
    });
    return { id: String(answer.body.notification_id), deliveries: listed(answer).map((d) => d.delivery_id) };
  }

  const due = (of: TenantWorld) =>
    sql<{ item_id: string }>(
      `select item_id from due_work where kind = 'withdraw' and tenant_id = $1 order by item_id`,
      [],
      of,
    );

  test('skips what is unsent and leaves the rest to the notifier, once', async () => {
    const own = await makeWorld(app);
    const { id, deliveries } = await sentTo(own, 5);
    const [unsent = '', sent = '', delivered = '', failed = '', onTheWire = ''] = deliveries;
    await endDelivery(own, sent, { status: 'sent', provider_message_id: 'm1' });
    await endDelivery(own, delivered, { status: 'delivered', provider_message_id: 'm2' });
    await endDelivery(own, failed, { status: 'failed', error_code: 'not_found' });
    await sql(
      `update delivery_ready set phase = 'sending', try_no = 1, started_at = now() where tenant_id = $1 and delivery_id = $2`,
      [onTheWire],
      own,
    );
    const rows = await rowsLeftBy(own, async () => {
      const [first, second] = await Promise.all(
        [1, 2].map(() => own.call('POST', `${path}/${id}/withdraw`, { body: {} })),
      );
      expect([first?.status, second?.status]).toEqual([200, 200]);
      expect(first?.body).toEqual(second?.body);
      expect(first?.body).toMatchObject({
        withdrawn_at: expect.any(String),
        counts: { queued: 1, sent: 1, delivered: 1, failed: 1, skipped: 1 },
      });
    });
    expect(rows.map(({ action }) => action)).toEqual(['notification.withdraw']);
    expect((await own.call('GET', `/deliveries/${unsent}`)).body).toMatchObject({
      status: 'skipped',
      reason: 'withdrawn',
    });
    expect((await due(own)).map(({ item_id }) => item_id)).toEqual([sent, delivered, onTheWire].sort());
    const retried = await own.call('POST', `/deliveries/${unsent}/retry`, { body: {} });
    expect(retried.body.code).toBe('conflict');
  });

  test('ends an audience that was not worked through', async () => {
    const own = await makeWorld(app);
    const people = await makePeople(own, 1_001);
    const { body } = await own.call('POST', path, {
      body: newNotification({ to: people.map((user) => ({ user })) }),
    });
    const id = String(body.notification_id);
    const answer = await own.call('POST', `${path}/${id}/withdraw`, { body: {} });
    expect(answer.body).toMatchObject({ waiting: 0, counts: { queued: 0, skipped: 0 } });
    const { database, clock, log } = app.services;
    await expandNotification({ ...planningOf(app.services), database, clock, log }, own.tenantId, id);
    expect((await own.call('GET', `${path}/${id}`)).body).toMatchObject({
      counts: { skipped: 0, queued: 0 },
    });
    expect(
      await sql(
        `select 1 from due_work where kind = 'audience' and tenant_id = $1 and item_id = $2`,
        [id],
        own,
      ),
    ).toEqual([]);
  });
});

describe('a test message', () => {
  const run = (of: TenantWorld, userId: string) =>
    of.call('POST', `/users/${userId}/test-notification`, { body: {} });
  const stepsOf = (answer: Answer) =>
    (answer.body.steps as { step: string; status: string; detail: string }[]).map(
      ({ step, status }) => `${step} ${status}`,
    );

  test('explains the way that it takes, and gives the delivery to follow', async () => {
    const answer = await run(world, world.ids.user_id);
    expect(answer.status).toBe(202);
    expect(stepsOf(answer).filter((step) => !step.startsWith('way '))).toEqual([
      'tenant pass',
      'person pass',
      'links pass',
      'preferences pass',
      'quiet_hours pass',
      'choice pass',
    ]);
    const [delivery] = answer.body.deliveries as { delivery_id: string }[];
    const followed = await world.call('GET', `/deliveries/${delivery?.delivery_id}`);
    expect(followed.body).toMatchObject({ category: 'test', status: 'queued', user_id: world.ids.user_id });
    const [way] = answer.body.channels as { destination: unknown; state: string }[];
    expect(way).toMatchObject({ state: 'open', destination: followed.body.destination });
  });

  test('says what stands in its way', async () => {
    const own = await makeWorld(app);
    const unlinked = await own.create('/users', newUser());
    const nobody = await run(own, String(unlinked.user_id));
    expect(stepsOf(nobody)).toEqual(expect.arrayContaining(['links fail', 'choice fail']));
    expect(nobody.body.deliveries).toMatchObject([{ status: 'skipped', reason: 'user_not_mapped' }]);

    const { user_id, registration_id } = own.ids;
    await own.call('PUT', `/users/${user_id}/preferences`, {
      body: { quiet_hours: { from: '00:00', to: '23:59' }, categories: { test: { muted: true } } },
    });
    const muted = await run(own, user_id);
    expect(stepsOf(muted)).toEqual(expect.arrayContaining(['preferences fail', 'quiet_hours pass']));
    expect(muted.body.deliveries).toMatchObject([{ status: 'skipped', reason: 'muted' }]);

    await own.call('PUT', `/users/${user_id}/preferences`, { body: {} });
    await own.call('PATCH', '/settings', { body: { disabled_categories: ['test'] } });
    const disabled = await run(own, user_id);
    expect(stepsOf(disabled)).toContain('tenant fail');
    expect(disabled.body.deliveries).toMatchObject([{ status: 'skipped', reason: 'category_disabled' }]);

    await own.call('PATCH', '/settings', { body: { disabled_categories: [] } });
    await own.call('DELETE', `/registrations/${registration_id}`);
    const retired = await run(own, user_id);
    expect(stepsOf(retired)).toContain('way warn');
    expect(retired.body.deliveries).toMatchObject([{ status: 'skipped', reason: 'registration_inactive' }]);
  });
});
