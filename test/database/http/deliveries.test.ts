/** Deliveries over HTTP: lists, one with its attempts, and what an administrator does about it. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../src/kernel/ids.ts';
import { remedyOf } from '../../../src/notify/delivery-remedies.ts';
import { deliveryErrorCodes, skipReasons } from '../../../src/notify/records.ts';
import { type Answer, startTestApp, type TestApp } from '../../support/app.ts';
import {
  comparable,
  endDelivery,
  makeWorld,
  newDelivery,
  newNotification,
  newRegistration,
  newUser,
  rowsLeftBy,
  type TenantWorld,
} from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
});
afterAll(() => app.close());

async function sql<Row>(of: TenantWorld, text: string, values: unknown[] = []): Promise<Row[]> {
  return await app.services.database.inTenant(of.tenantId, (tx) =>
    tx.query<Row>(text, [of.tenantId, ...values]),
  );
}

interface ReadyRow {
  phase: string;
  attempt_no: number;
  try_no: number;
  due_at: Date;
  expires_at: Date | null;
  fallback: { type: string }[] | null;
  first_started_at: Date | null;
}

async function readyRow(of: TenantWorld, deliveryId: string): Promise<ReadyRow | undefined> {
  const [row] = await sql<ReadyRow>(
    of,
    'select * from delivery_ready where tenant_id = $1 and delivery_id = $2',
    [deliveryId],
  );
  return row;
}

/** A line of the log, as the notifier leaves it. */
async function logTry(
  of: TenantWorld,
  deliveryId: string,
  line: { attempt: number; at: string; outcome: string },
) {
  await sql(
    of,
    `insert into delivery_attempts (tenant_id, delivery_id, at, attempt_id, attempt_no, try_no, lane_id, started_at,
       outcome, error_code, detail)
     values ($1, $2, $3, $4, $5, $5, $6, $3, $7, 'not_found', 'channel_not_found')`,
    [deliveryId, line.at, newId(), line.attempt, of.ids.registration_id, line.outcome],
  );
}

const act = (of: TenantWorld, deliveryId: string, verb: string, body: unknown = {}) =>
  of.call('POST', `/deliveries/${deliveryId}/${verb}`, { body });
const read = (of: TenantWorld, deliveryId: string) => of.call('GET', `/deliveries/${deliveryId}`);
const idsIn = (answer: Answer) => (answer.body.items ?? []).map((item) => item.delivery_id);

/** A second way to the world's person: Slack besides Teams. */
async function linkSlack(of: TenantWorld): Promise<string> {
  const registration = await of.create(
    '/registrations',
    newRegistration({
      platform: 'slack',
      app_id: `A${randomUUID().slice(0, 8).toUpperCase()}`,
      organization: `T${randomUUID().slice(0, 8).toUpperCase()}`,
      credentials: { signing_secret: 'a'.repeat(32), bot_token: 'xoxb-1-a' },
    }),
  );
  const platformUserId = `U${randomUUID().slice(0, 8).toUpperCase()}`;
  const { user_id } = of.ids;
  const { registration_id } = registration;
  await of.create('/links', { user_id, registration_id, platform_user_id: platformUserId });
  await of.call('PUT', `/users/${user_id}/preferences`, {
    body: { categories: { announcement: { channels: ['teams_chat', 'slack_dm'] } } },
  });
  return platformUserId;
}

describe('the list', () => {
  test('is newest first, with the fields of a delivery', async () => {
    const own = await makeWorld(app);
    const second = await newDelivery(own);
    const answer = await own.call('GET', '/deliveries');
    expect(idsIn(answer)).toEqual([second, own.ids.delivery_id]);
    expect(answer.body.items?.[0]).toEqual({
      delivery_id: second,
      notification_id: expect.any(String),
      category: 'announcement',
      user_id: own.ids.user_id,
      registration_id: own.ids.registration_id,
      platform: 'teams',
      destination: { type: 'teams_chat', id: expect.any(String) },
      status: 'queued',
      reason: null,
      error_code: null,
      error_message: null,
      attempts: 0,
      provider_message_id: null,
      provider_request_id: null,
      fallback_of: null,
      created_at: expect.any(String),
      sent_at: null,
      delivered_at: null,
      responded_at: null,
      withdrawn_at: null,
    });
  });

  test('narrows by every filter, also by several', async () => {
    const own = await makeWorld(app);
    const other = String((await own.create('/users', newUser())).user_id);
    const queued = own.ids.delivery_id;
    const failed = await newDelivery(own);
    await endDelivery(own, failed, { status: 'failed', error_code: 'not_found' });
    const sent = await newDelivery(own);
    await endDelivery(own, sent, { status: 'sent' });
    const alert = await own.create(
      '/notifications',
      newNotification({ category: 'escalation', to: [{ user: other }] }),
    );
    const skipped = (alert.deliveries as { delivery_id: string }[])[0]?.delivery_id ?? '';
    const list = async (query: Record<string, string>) =>
      idsIn(await own.call('GET', `/deliveries?${new URLSearchParams(query)}`));

    expect(await list({ status: 'queued' })).toEqual([queued]);
    expect(await list({ status: 'failed' })).toEqual([failed]);
    expect(await list({ status: 'sent' })).toEqual([sent]);
    expect(await list({ status: 'skipped' })).toEqual([skipped]);
    expect(await list({ status: 'delivered' })).toEqual([]);
    expect(await list({ platform: 'teams' })).toEqual([sent, failed, queued]);
    expect(await list({ category: 'escalation' })).toEqual([skipped]);
    expect(await list({ reason: 'user_not_mapped' })).toEqual([skipped]);
    expect(await list({ error_code: 'user_not_mapped' })).toEqual([skipped]);
    expect(await list({ error_code: 'not_found' })).toEqual([failed]);
    expect(await list({ notification_id: String(alert.notification_id) })).toEqual([skipped]);
    expect(await list({ user: other })).toEqual([skipped]);
    expect(await list({ user: own.ids.user_id, status: 'sent', platform: 'teams' })).toEqual([sent]);
    const { created_at } = (await read(own, sent)).body;
    expect(await list({ since: String(created_at) })).toEqual([skipped, sent]);
    expect(await list({ until: String(created_at) })).toEqual([failed, queued]);
    expect(await list({ since: '2090-01-01T00:00:00+02:00' })).toEqual([]);
    expect(await list({ since: '1901-01-01T00:00:00Z', until: '9999-01-01T00:00:00Z' })).toHaveLength(4);
  });

  test.each([
    'status=lost',
    'category=spam',
    'error_code=x',
    'user=ann',
    'notification_id=1',
    'since=2026-11-21',
  ])('refuses %s', async (query) => {
    expect((await world.call('GET', `/deliveries?${query}`)).body.code).toBe('validation_error');
  });

  test('pages stay stable while others are made', async () => {
    const own = await makeWorld(app);
    for (let i = 0; i < 5; i += 1) await newDelivery(own);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), async (limit) => {
        const atStart = idsIn(await own.call('GET', '/deliveries?limit=200'));
        const seen: unknown[] = [];
        for (let cursor: unknown = null; ; ) {
          const after = cursor === null ? '' : `&cursor=${cursor}`;
          const page = await own.call('GET', `/deliveries?limit=${limit}${after}`);
          seen.push(...idsIn(page));
          cursor = page.body.next_cursor;
          if (cursor === null) break;
          await newDelivery(own);
        }
        expect(seen).toEqual(atStart);
      }),
      { numRuns: 4 },
    );
  });

  test('holds nothing of another tenant, whose ids are as if they did not exist', async () => {
    const foreign = await makeWorld(app);
    const answer = await world.call('GET', `/deliveries?notification_id=${foreign.ids.notification_id}`);
    expect(answer.body.items).toEqual([]);
    const missing = await read(world, newId());
    for (const id of [foreign.ids.delivery_id, randomUUID(), 'ffffffff-ffff-7fff-bfff-ffffffffffff']) {
      expect(comparable(await read(world, id))).toEqual(comparable(missing));
    }
  });
});

describe('one delivery', () => {
  test('comes with its attempts, oldest first, and what to do about it', async () => {
    const id = await newDelivery(world);
    const now = Date.now();
    await logTry(world, id, { attempt: 2, at: new Date(now + 2_000).toISOString(), outcome: 'rejected' });
    await logTry(world, id, { attempt: 1, at: new Date(now + 1_000).toISOString(), outcome: 'unknown' });
    await endDelivery(world, id, { status: 'failed', error_code: 'not_found' });
    const { body } = await read(world, id);
    expect(body.log).toMatchObject([
      { attempt: 1, outcome: 'unknown', error_code: 'not_found', detail: 'channel_not_found' },
      { attempt: 2, outcome: 'rejected', at: new Date(now + 2_000).toISOString() },
    ]);
    expect(body.remedy).toMatch(/retry/);
    expect(body.fallbacks).toEqual([]);
  });

  test('in every bad end has a remedy', () => {
    const failures = deliveryErrorCodes.map((code) => ({
      status: 'failed' as const,
      reason: null,
      error_code: code,
    }));
    const skips = skipReasons.map((reason) => ({ status: 'skipped' as const, reason, error_code: null }));
    const remedies = [...failures, ...skips].map(remedyOf);
    for (const remedy of remedies) expect(remedy).toMatch(/^[A-Z].*\.$/);
    expect(remedyOf({ status: 'sent', reason: null, error_code: null })).toBeNull();
    expect(remedyOf({ status: 'queued', reason: null, error_code: 'transient' })).toBeNull();
  });
});

describe('retry', () => {
  test('makes a failed one wait again as its next attempt, once', async () => {
    const id = await newDelivery(world);
    await logTry(world, id, {
      attempt: 3,
      at: new Date().toISOString(),
      outcome: 'rejected',
    });
    await endDelivery(world, id, { status: 'failed', error_code: 'not_found' });
    const rows = await rowsLeftBy(world, async () => {
      const two = await Promise.all([1, 2].map(() => act(world, id, 'retry')));
      expect(two.map(({ status }) => status).sort()).toEqual([200, 409]);
    });
    expect(rows.map(({ action, result }) => `${action} ${result}`).sort()).toEqual([
      'delivery.retry failure',
      'delivery.retry success',
    ]);
    expect((await read(world, id)).body).toMatchObject({
      status: 'queued',
      error_code: null,
      error_message: null,
      remedy: null,
      log: [{ attempt: 3 }, { attempt: 4, outcome: 'retried' }],
    });
    // The numbers of tries go on, and so does the time of the first: late answers must not be mixed up.
    expect(await readyRow(world, id)).toMatchObject({
      phase: 'ready',
      attempt_no: 4,
      try_no: 3,
      first_started_at: expect.any(Date),
    });
    const [lane] = await sql(
      world,
      'select 1 from active_lanes where tenant_id = $1 and lane_id = $2 and wake_at <= now()',
      [world.ids.registration_id],
    );
    expect(lane).toBeDefined();
    const keys = await sql(
      world,
      'select 1 from delivery_idempotency where tenant_id = $1 and delivery_id = $2',
      [id],
    );
    expect(keys).toHaveLength(2);
  });

  test('sends what was skipped, also after its expiry', async () => {
    const body = newNotification({
      to: [{ user: world.ids.user_id }],
      expires_at: new Date(Date.now() + 300).toISOString(),
    });
    const made = await world.create('/notifications', body);
    const id = (made.deliveries as { delivery_id: string }[])[0]?.delivery_id ?? '';
    await endDelivery(world, id, { status: 'skipped', reason: 'expired' });
    await new Promise((resolve) => setTimeout(resolve, 400));
    const answer = await act(world, id, 'retry');
    expect(answer.body).toMatchObject({ status: 'queued', reason: null });
    expect(await readyRow(world, id)).toMatchObject({ attempt_no: 2, try_no: 0, expires_at: null });
    // Twice over: each retry has a number of its own.
    await act(world, id, 'cancel');
    expect((await act(world, id, 'retry')).status).toBe(200);
    expect(await readyRow(world, id)).toMatchObject({ attempt_no: 3 });
  });

  test('finds a channel for one that had none, as soon as there is one', async () => {
    const user = String((await world.create('/users', newUser())).user_id);
    const made = await world.create('/notifications', newNotification({ to: [{ user }] }));
    const [delivery] = made.deliveries as { delivery_id: string; reason: string }[];
    const id = delivery?.delivery_id ?? '';
    expect(delivery?.reason).toBe('user_not_mapped');
    const refused = await act(world, id, 'retry');
    expect(refused.body).toMatchObject({ code: 'conflict', detail: expect.stringContaining('channel') });
    const platform_user_id = randomUUID();
    await world.create('/links', {
      user_id: user,
      registration_id: world.ids.registration_id,
      platform_user_id,
    });
    const answer = await act(world, id, 'retry');
    expect(answer.body).toMatchObject({
      status: 'queued',
      platform: 'teams',
      destination: { type: 'teams_chat', id: platform_user_id },
    });
    expect(await readyRow(world, id)).toMatchObject({ attempt_no: 1 });
  });

  test.each([[{ status: 'sent' }], [{ status: 'delivered' }]])(
    'refuses what is over well: %j',
    async (end) => {
      const id = await newDelivery(world);
      await endDelivery(world, id, end);
      expect((await act(world, id, 'retry')).body.code).toBe('conflict');
    },
  );

  test('keeps the channels for the time after it', async () => {
    const own = await makeWorld(app);
    await linkSlack(own);
    const id = await newDelivery(own);
    expect(await readyRow(own, id)).toMatchObject({ fallback: [{ type: 'slack_dm' }] });
    await endDelivery(own, id, { status: 'failed', error_code: 'outcome_unknown' });
    await act(own, id, 'retry');
    expect(await readyRow(own, id)).toMatchObject({ fallback: [{ type: 'slack_dm' }] });
  });
});

describe('resolve', () => {
  const unknown = { status: 'failed', error_code: 'outcome_unknown' };

  test('as sent records when it was on the wire, and the note', async () => {
    const id = await newDelivery(world);
    const at = new Date(Date.now() + 1_000).toISOString();
    await logTry(world, id, { attempt: 1, at, outcome: 'held' });
    await endDelivery(world, id, unknown);
    const answer = await act(world, id, 'resolve', { outcome: 'sent', note: 'Ann saw it' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'sent', error_code: null, sent_at: at, remedy: null });
    expect(answer.body.log).toContainEqual(
      expect.objectContaining({ attempt: 1, outcome: 'resolved_sent', detail: 'Ann saw it' }),
    );
    expect((await act(world, id, 'resolve', { outcome: 'not_sent' })).body.code).toBe('conflict');
  });

  test('as not_sent is a definite failure, and the next channel is tried', async () => {
    const own = await makeWorld(app);
    const slackUser = await linkSlack(own);
    const id = await newDelivery(own);
    await endDelivery(own, id, unknown);
    const answer = await act(own, id, 'resolve', { outcome: 'not_sent', note: 'Nothing there' });
    expect(answer.body).toMatchObject({
      status: 'failed',
      error_code: 'unknown',
      error_message: 'Nothing there',
      fallbacks: [
        {
          status: 'queued',
          destination: { type: 'slack_dm', id: slackUser },
          fallback_of: id,
          platform: 'slack',
        },
      ],
    });
    // Retried all the same, and unknown again: the fallback is not made twice.
    await act(own, id, 'retry');
    await endDelivery(own, id, unknown);
    const again = await act(own, id, 'resolve', { outcome: 'not_sent' });
    expect(again.body.fallbacks).toHaveLength(1);
  });

  test.each([
    [{ status: 'failed', error_code: 'not_found' }],
    [{ status: 'sent' }],
    [{ status: 'skipped', reason: 'muted' }],
  ])('refuses any other: %j', async (end) => {
    const id = await newDelivery(world);
    await endDelivery(world, id, end);
    const before = (await read(world, id)).body;
    for (const outcome of ['sent', 'not_sent']) {
      expect((await act(world, id, 'resolve', { outcome })).body.code).toBe('conflict');
    }
    expect((await read(world, id)).body).toEqual(before);
  });

  test.each([[{}], [{ outcome: 'maybe' }], [{ outcome: 'sent', note: 'x'.repeat(1_001) }]])(
    'refuses %j',
    async (body) => {
      expect((await act(world, world.ids.delivery_id, 'resolve', body)).body.code).toBe('validation_error');
    },
  );
});

describe('cancel', () => {
  test('stops what waits, once', async () => {
    const id = await newDelivery(world);
    const two = await Promise.all([1, 2].map(() => act(world, id, 'cancel')));
    expect(two.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await read(world, id)).body).toMatchObject({ status: 'skipped', reason: 'cancelled' });
    expect(await readyRow(world, id)).toBeUndefined();
  });

  test.each(['sending', 'unknown'])('refuses one in phase %s, which stays as it is', async (phase) => {
    const id = await newDelivery(world);
    await sql(
      world,
      `update delivery_ready set phase = $3, try_no = 1 where tenant_id = $1 and delivery_id = $2`,
      [id, phase],
    );
    expect((await act(world, id, 'cancel')).body.code).toBe('conflict');
    expect((await read(world, id)).body).toMatchObject({ status: 'queued' });
    expect(await readyRow(world, id)).toMatchObject({ phase });
  });

  test('loses against an intent that is being written', async () => {
    const id = await newDelivery(world);
    let cancelled: Promise<Answer> | undefined;
    await app.services.database.inTenant(world.tenantId, async (tx) => {
      await tx.execute(
        `update delivery_ready set phase = 'sending', try_no = 1
          where tenant_id = $1 and delivery_id = $2 and phase = 'ready'`,
        [world.tenantId, id],
      );
      cancelled = act(world, id, 'cancel');
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    expect((await cancelled)?.body.code).toBe('conflict');
    expect(await readyRow(world, id)).toMatchObject({ phase: 'sending' });
  });

  test('refuses one that is over', async () => {
    const id = await newDelivery(world);
    await endDelivery(world, id, { status: 'sent' });
    expect((await act(world, id, 'cancel')).body.code).toBe('conflict');
  });
});

test('technicians may look and not touch', async () => {
  const key = world.keys.technician;
  const id = await newDelivery(world);
  expect((await world.call('GET', `/deliveries/${id}`, { key })).status).toBe(200);
  for (const [verb, body] of [
    ['cancel', {}],
    ['retry', {}],
    ['resolve', { outcome: 'sent' }],
  ] as const) {
    expect((await world.call('POST', `/deliveries/${id}/${verb}`, { key, body })).status).toBe(403);
  }
});
