/** Proof that a delivery arrived, on a real database: what it raises, what it settles, and what it leaves alone. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/infra/database.ts';
import type { Intent } from '../../../src/kernel/activity.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { recordEvidence, recordResponse } from '../../../src/notify/confirm-delivery.ts';
import { newDeliveryId } from '../../../src/notify/delivery-id.ts';
import { openDesk, TestTenant } from '../desk/desk-fixture.ts';

type Evidence = Extract<Intent, { kind: 'evidence' }>;

/** Partitions exist around the day of the run. */
const now = new Date();
const before = (ms: number) => new Date(now.getTime() - ms);
const registrationId = newId();

let database: Database;
let close: () => Promise<void>;
let tenant: TestTenant;
let userId: string;
beforeAll(async () => {
  ({ database, close } = await openDesk());
});
afterAll(() => close());
beforeEach(async () => {
  tenant = await TestTenant.create(database);
  ({ userId } = await tenant.person('Ann'));
});

interface Made {
  status: 'queued' | 'sent' | 'delivered' | 'failed' | 'skipped';
  errorCode?: string;
  reason?: string;
  messageId?: string;
  destinationId?: string;
  createdAt?: Date;
  registrationId?: string;
  /** What is still to be sent. */
  ready?: { phase: 'ready' | 'sending' | 'unknown'; tryNo: number };
}

async function delivery(made: Made): Promise<string> {
  const createdAt = made.createdAt ?? before(60_000);
  const id = newDeliveryId(createdAt);
  const lane = made.registrationId ?? registrationId;
  const destination = ['teams_chat', made.destinationId ?? 'ann'];
  await tenant.within(async (tx) => {
    const sentAt = made.status === 'sent' || made.status === 'delivered' ? before(30_000) : null;
    await tx.execute(
      `insert into deliveries (tenant_id, delivery_id, created_at, notification_id, category, user_id, registration_id,
         platform, destination_type, destination_id, status, reason, error_code, attempts, provider_message_id, sent_at)
       values ($1, $2, $3, $4, 'announcement', $5, $6, 'teams', $7, $8, $9, $10, $11, $12, $13, $14)`,
      [
        tx.tenantId,
        id,
        createdAt,
        newId(),
        userId,
        lane,
        ...destination,
        made.status,
        made.reason ?? null,
        made.errorCode ?? null,
        made.ready === undefined ? 1 : 0,
        made.messageId ?? null,
        sentAt,
      ],
    );
    if (made.messageId !== undefined) {
      await tx.execute(
        `insert into delivery_attempts (tenant_id, delivery_id, at, attempt_id, attempt_no, try_no, lane_id, outcome,
           provider_message_id) values ($1, $2, $3, $4, 1, 1, $5, 'sent', $6)`,
        [tx.tenantId, id, before(30_000), newId(), lane, made.messageId],
      );
    }
    if (made.ready === undefined) return;
    await tx.execute(
      `insert into delivery_ready (tenant_id, delivery_id, created_at, notification_id, lane_id, category, user_id,
         destination_type, destination_id, on_unknown, priority, rank, due_at, phase, attempt_no, try_no)
       values ($1, $2, $3, $4, $5, 'announcement', $6, $7, $8, 'hold', 0, 0, $3, $9, 2, $10)`,
      [tx.tenantId, id, createdAt, newId(), lane, userId, ...destination, made.ready.phase, made.ready.tryNo],
    );
  });
  return id;
}

interface State {
  status: string;
  error_code: string | null;
  attempts: number;
  provider_message_id: string | null;
  sent_at: Date | null;
  delivered_at: Date | null;
  responded_at: Date | null;
  /** Rows that are still to be sent. */
  waiting: number;
}

async function stateOf(id: string): Promise<Partial<State>> {
  return await tenant.within(async (tx) => {
    const [row] = await tx.query<Omit<State, 'waiting'>>(
      `select status, error_code, attempts, provider_message_id, sent_at, delivered_at, responded_at
         from deliveries where tenant_id = $1 and delivery_id = $2`,
      [tx.tenantId, id],
    );
    const ready = await tx.query('select 1 from delivery_ready where tenant_id = $1 and delivery_id = $2', [
      tx.tenantId,
      id,
    ]);
    return { ...row, waiting: ready.length };
  });
}

async function log(id: string) {
  return await tenant.within((tx) =>
    tx.query<{
      outcome: string;
      provider_message_id: string | null;
      attempt_no: number;
      detail: string | null;
    }>(
      `select outcome, provider_message_id, attempt_no, detail from delivery_attempts
        where tenant_id = $1 and delivery_id = $2 and outcome in ('delivered', 'surplus') order by at, outcome`,
      [tx.tenantId, id],
    ),
  );
}

async function surplusWork(): Promise<string[]> {
  const rows = await tenant.within((tx) =>
    tx.query<{ item_id: string }>(
      "select item_id from due_work where kind = 'surplus' and tenant_id = $1 order by item_id",
      [tx.tenantId],
    ),
  );
  return rows.map((row) => row.item_id);
}

const respond = (deliveryId: string, at = now, messageId: string | null = null) =>
  tenant.within((tx) => recordResponse(tx, { deliveryId, messageId }, at));

const nothing: Evidence = { kind: 'evidence', of: 'posted', tokens: [], messageIds: [], readUpTo: null };
const tell = (
  evidence: Partial<Evidence>,
  destinationIds: string[] | null = null,
  reader: string | null = userId,
) =>
  tenant.within((tx) =>
    recordEvidence(tx, { ...nothing, ...evidence }, { registrationId, userId: reader, destinationIds }, now),
  );
const posted = (token: string, messageId: string | null) => tell({ tokens: [{ token, messageId }] });
const read = (more: Partial<Evidence>, destinationIds: string[] | null = ['ann', 'a:chat']) =>
  tell({ of: 'read', ...more }, destinationIds);

describe('an answer', () => {
  it('makes a sent delivery delivered, and is recorded once', async () => {
    const id = await delivery({ status: 'sent', messageId: 'm1' });
    await respond(id);
    expect(await stateOf(id)).toMatchObject({ status: 'delivered', delivered_at: now, responded_at: now });
    await respond(id, new Date(now.getTime() + 5_000));
    expect(await stateOf(id)).toMatchObject({
      delivered_at: now,
      responded_at: now,
      sent_at: before(30_000),
    });
    expect(await log(id)).toMatchObject([{ outcome: 'delivered', attempt_no: 1 }]);
  });

  it('resolves an unknown outcome, and tells the message that it came from', async () => {
    const id = await delivery({ status: 'failed', errorCode: 'outcome_unknown' });
    await respond(id, now, 'm7');
    expect(await stateOf(id)).toMatchObject({
      status: 'delivered',
      error_code: null,
      sent_at: now,
      provider_message_id: 'm7',
    });
  });

  it.each(['sending', 'unknown', 'ready'] as const)(
    'ends a try that is %s: nothing is sent again',
    async (phase) => {
      const id = await delivery({ status: 'queued', ready: { phase, tryNo: 1 } });
      await respond(id);
      expect(await stateOf(id)).toMatchObject({ status: 'delivered', sent_at: now, attempts: 2, waiting: 0 });
      expect(await log(id)).toMatchObject([{ outcome: 'delivered', attempt_no: 2 }]);
    },
  );

  it('raises nothing that never went, failed for good, or was skipped', async () => {
    const ids = [
      await delivery({ status: 'queued', ready: { phase: 'ready', tryNo: 0 } }),
      await delivery({ status: 'failed', errorCode: 'blocked_by_user' }),
      await delivery({ status: 'skipped', reason: 'cancelled' }),
    ];
    for (const id of ids) await respond(id);
    const states = await Promise.all(ids.map(stateOf));
    expect(states.map(({ status, waiting, responded_at }) => [status, waiting, responded_at])).toEqual([
      ['queued', 1, now],
      ['failed', 0, now],
      ['skipped', 0, now],
    ]);
    expect(await Promise.all(ids.map(log))).toEqual([[], [], []]);
  });

  it('means nothing in another tenant', async () => {
    const id = await delivery({ status: 'sent' });
    const mine = tenant;
    tenant = await TestTenant.create(database);
    await respond(id);
    tenant = mine;
    expect(await stateOf(id)).toMatchObject({ status: 'sent', responded_at: null });
  });
});

describe('a message that the platform shows', () => {
  it('makes its delivery delivered, whatever was known of it', async () => {
    const sent = await delivery({ status: 'sent', messageId: 'm1' });
    const flying = await delivery({ status: 'queued', ready: { phase: 'sending', tryNo: 1 } });
    await posted(sent, 'm1');
    await posted(flying, 'm2');
    expect(await stateOf(sent)).toMatchObject({ status: 'delivered', responded_at: null });
    expect(await stateOf(flying)).toMatchObject({
      status: 'delivered',
      provider_message_id: 'm2',
      waiting: 0,
    });
    expect(await surplusWork()).toEqual([]);
  });

  it('is a surplus copy where the delivery was sent as another one, and is told of once', async () => {
    const id = await delivery({ status: 'sent', messageId: 'm1' });
    await posted(id, 'm2');
    await posted(id, 'm2');
    expect(await stateOf(id)).toMatchObject({ status: 'delivered', provider_message_id: 'm1' });
    const surplus = (await log(id)).filter(({ outcome }) => outcome === 'surplus');
    expect(surplus).toMatchObject([{ provider_message_id: 'm2' }]);
    expect(await surplusWork()).toEqual([id]);
  });

  it('is no surplus where the log has it: somebody had it sent again', async () => {
    const id = await delivery({ status: 'sent', messageId: 'm2' });
    await tenant.within((tx) =>
      tx.execute(
        `insert into delivery_attempts (tenant_id, delivery_id, at, attempt_id, attempt_no, try_no, lane_id, outcome,
           provider_message_id) values ($1, $2, $3, $4, 1, 1, $5, 'sent', 'm1')`,
        [tx.tenantId, id, now, newId(), registrationId],
      ),
    );
    await posted(id, 'm1');
    expect(await surplusWork()).toEqual([]);
  });

  it('tells two copies apart that are told of at once', async () => {
    const id = await delivery({ status: 'queued', ready: { phase: 'unknown', tryNo: 2 } });
    await tell({
      tokens: [
        { token: id, messageId: 'm1' },
        { token: id, messageId: 'm2' },
      ],
    });
    expect(await stateOf(id)).toMatchObject({ status: 'delivered', provider_message_id: 'm1' });
    expect(await log(id)).toMatchObject([
      { outcome: 'delivered', provider_message_id: 'm1' },
      { outcome: 'surplus', provider_message_id: 'm2' },
    ]);
  });

  it('is passed over where its token is no delivery of this registration', async () => {
    const foreign = await delivery({ status: 'sent', registrationId: newId() });
    const tokens = [
      foreign,
      newId(),
      'no token',
      '00000000-0000-4000-8000-000000000000',
      'ffffffff-ffff-7fff-bfff-ffffffffffff',
      '',
    ];
    await tell({ tokens: tokens.map((token) => ({ token, messageId: 'm1' })) });
    expect(await stateOf(foreign)).toMatchObject({ status: 'sent' });
    expect(await surplusWork()).toEqual([]);
  });
});

describe('a message that was read', () => {
  it('is found by its id, in the conversation where ids are unique in it alone', async () => {
    const mine = await delivery({ status: 'sent', messageId: '1700000000001' });
    const other = await delivery({ status: 'sent', messageId: '1700000000001', destinationId: 'ben' });
    await read({ messageIds: ['1700000000001', 'unheard of'] });
    expect(await stateOf(mine)).toMatchObject({ status: 'delivered', responded_at: null });
    expect(await stateOf(other)).toMatchObject({ status: 'sent' });
    await read({ messageIds: ['1700000000001'] }, null);
    expect(await stateOf(other)).toMatchObject({ status: 'delivered' });
    expect(await log(mine)).toMatchObject([{ detail: 'It was read.' }]);
  });

  it('stands for every earlier one of the conversation, and for no later one', async () => {
    const made = (messageId: string, more: Partial<Made> = {}) =>
      delivery({ status: 'sent', messageId, ...more });
    const ids = [
      await made('1700000000001'),
      await made('1700000000005'),
      await made('1700000000006'),
      await made('999999999999'),
      await made('1700000000002', { destinationId: 'a:another chat' }),
      await made('1700000000003', { createdAt: before(31 * 86_400_000) }),
    ];
    await read({ readUpTo: '1700000000005' });
    const states = await Promise.all(ids.map(stateOf));
    expect(states.map(({ status }) => status)).toEqual([
      'delivered',
      'delivered',
      'sent',
      'sent',
      'sent',
      'sent',
    ]);
  });

  it('by somebody unknown, or up to an id that is no time, stands for itself', async () => {
    const [earlier, exact] = [
      await delivery({ status: 'sent', messageId: 'om_1' }),
      await delivery({ status: 'sent', messageId: 'om_2' }),
    ];
    await read({ readUpTo: 'om_2' });
    expect(await stateOf(earlier)).toMatchObject({ status: 'sent' });
    expect(await stateOf(exact)).toMatchObject({ status: 'delivered' });
    const numbered = await delivery({ status: 'sent', messageId: '1700000000001' });
    await tell({ of: 'read', readUpTo: '1700000000009' }, ['ann'], null);
    expect(await stateOf(numbered)).toMatchObject({ status: 'sent' });
  });
});

it('two proofs at once leave one line in the log', async () => {
  const id = await delivery({ status: 'queued', ready: { phase: 'sending', tryNo: 1 } });
  await Promise.all([respond(id), posted(id, 'm1'), respond(id), posted(id, 'm1')]);
  expect(await stateOf(id)).toMatchObject({ status: 'delivered', waiting: 0 });
  expect((await log(id)).map(({ outcome }) => outcome)).toEqual(['delivered']);
});
