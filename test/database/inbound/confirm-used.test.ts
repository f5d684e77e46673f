/** What comes in and proves something about a notification: a button, a form, and the platform's own word. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCommandParser } from '../../../src/actions/parse-command.ts';
import { actions } from '../../../src/actions/registry.ts';
import { AuditKeys } from '../../../src/audit/audit-keys.ts';
import { handleActivity, type InboundDependencies } from '../../../src/inbound/handle-activity.ts';
import { Nonces } from '../../../src/inbound/nonces.ts';
import type { Database } from '../../../src/infra/database.ts';
import { SecretBox } from '../../../src/infra/secret-box.ts';
import type { Activity, Intent } from '../../../src/kernel/activity.ts';
import { newId } from '../../../src/kernel/ids.ts';
import type { PlatformCapabilities, PlatformRegistration } from '../../../src/kernel/platform.ts';
import { newDeliveryId } from '../../../src/notify/delivery-id.ts';
import { addRegistration } from '../../../src/registrations/change-registration.ts';
import { createTenant } from '../../../src/tenants/create-tenant.ts';
import { insertLink } from '../../../src/tenants/link-store.ts';
import { LinkCodes } from '../../../src/tenants/links.ts';
import { insertUser } from '../../../src/tenants/user-store.ts';
import { languages } from '../../../src/words/index.ts';
import { testActivity, testReference } from '../../support/activity.ts';
import { testRegistration } from '../../support/registration.ts';
import { openDesk, silent } from '../desk/desk-fixture.ts';

type Evidence = Extract<Intent, { kind: 'evidence' }>;

const now = new Date();
const tenantId = newId();
const organization = newId();
const userId = newId();
const nonces = new Nonces('a key of the tests');

let database: Database;
let close: () => Promise<void>;
let deps: InboundDependencies;
let registration: PlatformRegistration;
beforeAll(async () => {
  ({ database, close } = await openDesk());
  deps = dependencies();
  registration = await enrol();
});
afterAll(() => close());

function dependencies(): InboundDependencies {
  const publicUrl = 'https://desk.test';
  const byId = new Map(actions.map((action) => [action.id as string, action]));
  return {
    database,
    auditKeys: new AuditKeys(secrets),
    nonces,
    linkCodes: new LinkCodes('a key of the tests'),
    interpreter: { parser: createCommandParser(actions, languages), actions: byId, publicUrl },
    publicUrl,
    clock: { now: () => now },
    log: silent,
    onCaptureFailed: () => undefined,
    onAction: () => undefined,
    capabilitiesOf: () => ({ modal: true, updateInPlace: true }) as PlatformCapabilities,
  };
}

const secrets = new SecretBox([randomBytes(32)]);

async function enrol(): Promise<PlatformRegistration> {
  return await database.inTenant(tenantId, async (tx) => {
    await createTenant(
      tx,
      deps.auditKeys,
      { tenantId, slug: 'acme', name: 'Acme', settings: { group_chat: true } },
      now,
    );
    const added = { platform: 'teams', name: 'acme', appId: 'app', organization };
    const { registrationId } = await addRegistration(
      tx,
      secrets,
      { ...added, options: {}, credentials: {}, status: 'active' },
      { kind: 'system', id: 'test' },
      now,
    );
    await insertUser(tx, {
      user_id: userId,
      name: 'Ann',
      email: 'ann@acme.test',
      roles: ['technician'],
      status: 'active',
      locale: null,
      time_zone: null,
      external_id: null,
      created_at: now,
    });
    await insertLink(tx, {
      link_id: newId(),
      user_id: userId,
      registration_id: registrationId,
      platform_user_id: 'ann',
      created_at: now,
    });
    return testRegistration({ platform: 'teams', appId: 'app', organization, tenantId, registrationId });
  });
}

async function sentDelivery(): Promise<string> {
  const createdAt = new Date(now.getTime() - 60_000);
  const id = newDeliveryId(createdAt);
  await database.inTenant(tenantId, (tx) =>
    tx.execute(
      `insert into deliveries (tenant_id, delivery_id, created_at, notification_id, category, user_id, registration_id,
         platform, destination_type, destination_id, status, attempts, provider_message_id, sent_at)
       values ($1, $2, $3, $4, 'announcement', $5, $6, 'teams', 'teams_chat', 'ann', 'sent', 1, '1700000000001', $3)`,
      [tx.tenantId, id, createdAt, newId(), userId, registration.registrationId],
    ),
  );
  return id;
}

async function stateOf(id: string) {
  const [row] = await database.inTenant(tenantId, (tx) =>
    tx.query<{ status: string; responded_at: Date | null }>(
      'select status, responded_at from deliveries where tenant_id = $1 and delivery_id = $2',
      [tx.tenantId, id],
    ),
  );
  return row;
}

const count = async (table: 'receipts' | 'conversations' | 'audit_events') => {
  const [row] = await database.inTenant(tenantId, (tx) =>
    tx.query<{ count: number }>(`select count(*) as count from ${table} where tenant_id = $1`, [tx.tenantId]),
  );
  return row?.count;
};

function arrive(intent: Intent, more: Partial<Activity> = {}) {
  const reference = testReference({
    platformConversationId: 'a:chat',
    type: 'personal',
    organization,
    platformUserId: 'ann',
  });
  const person = { platformUserId: 'ann', name: 'Ann' };
  const whole = { platform: 'teams', replyBy: 'answer' as const, reference, person, eventKeys: [newId()] };
  return handleActivity(deps, testActivity({ ...whole, intent, cardMessageId: 'm1', ...more }), registration);
}

const nonceFor = (id: string, label = 'mute') => nonces.issueForDelivery(tenantId, id, label, now);
const mute = (nonce: string): Intent => ({
  kind: 'press',
  action: 'mute',
  input: { category: 'announcement' },
  nonce,
});
const proven = { status: 'delivered', responded_at: now };
const unproven = { status: 'sent', responded_at: null };

it('a press does what it does, and answers its notification, refused or not', async () => {
  const [done, refused] = [await sentDelivery(), await sentDelivery()];
  const handled = await arrive(mute(nonceFor(done)));
  expect(handled.reply.answer).toMatchObject({ message: { title: 'Muted: Announcements' } });
  expect(await stateOf(done)).toEqual(proven);
  await arrive({ kind: 'press', action: 'mute', input: { category: 'weather' }, nonce: nonceFor(refused) });
  expect(await stateOf(refused)).toEqual(proven);
});

it('a command button and a form answer it too, the form once it is opened', async () => {
  const [command, opened, filled] = [await sentDelivery(), await sentDelivery(), await sentDelivery()];
  await arrive({ kind: 'press_command', text: 'my tickets', nonce: nonceFor(command) });
  expect(await stateOf(command)).toEqual(proven);
  const form = { action: 'create_ticket', input: {}, surface: 'quick_action' as const };
  await arrive({ kind: 'open_form', ...form, source: null, nonce: nonceFor(opened) });
  expect(await stateOf(opened)).toEqual(proven);
  await arrive({ kind: 'submit_form', ...form, input: { title: 'x' }, nonce: nonceFor(filled) });
  expect(await stateOf(filled)).toEqual(proven);
});

it('a token that is not genuine proves nothing', async () => {
  const id = await sentDelivery();
  const forged = new Nonces('another key').issueForDelivery(tenantId, id, 'mute', now);
  const foreign = nonces.issueForDelivery(newId(), id, 'mute', now);
  const old = nonces.issueForDelivery(tenantId, id, 'mute', new Date(now.getTime() - 31 * 86_400_000));
  for (const nonce of [forged, foreign, old, 'x', '']) {
    const handled = await arrive(mute(nonce));
    expect(handled.reply.answer).toMatchObject({ message: { tone: 'attention' } });
  }
  expect(await stateOf(id)).toEqual(unproven);
});

it('evidence leaves no receipt, no conversation and no audit row, and is answered with nothing', async () => {
  const id = await sentDelivery();
  const counts = () => Promise.all([count('receipts'), count('conversations'), count('audit_events')]);
  const before = await counts();
  const evidence: Evidence = { kind: 'evidence', of: 'posted', tokens: [], messageIds: [], readUpTo: null };
  const tokens = [{ token: id, messageId: '1700000000001' }];
  const nobody = { person: null, reference: null, cardMessageId: null };
  const handled = await arrive({ ...evidence, tokens }, nobody);
  expect(handled).toEqual({ outcome: 'handled', reply: { answer: { kind: 'none' } }, receipt: null });
  expect(await stateOf(id)).toEqual({ status: 'delivered', responded_at: null });
  const elsewhere = testReference({ platformConversationId: 'new', type: 'personal', organization });
  await arrive(evidence, { reference: elsewhere });
  expect(await counts()).toEqual(before);
});

it('a read receipt counts for the person in whose chat it is', async () => {
  const id = await sentDelivery();
  const read: Evidence = {
    kind: 'evidence',
    of: 'read',
    tokens: [],
    messageIds: [],
    readUpTo: '1700000000009',
  };
  await arrive(read, { person: { platformUserId: 'ben', name: null } });
  expect(await stateOf(id)).toEqual(unproven);
  await arrive(read);
  expect(await stateOf(id)).toEqual({ status: 'delivered', responded_at: null });
});

it('a proof that cannot be recorded costs nobody what the button does', async () => {
  const id = await sentDelivery();
  await database.maintenance.execute('alter table deliveries rename to deliveries_gone');
  try {
    const handled = await arrive(mute(nonceFor(id)));
    expect(handled.reply.answer).toMatchObject({ message: { title: 'Muted: Announcements' } });
  } finally {
    await database.maintenance.execute('alter table deliveries_gone rename to deliveries');
  }
  expect(await stateOf(id)).toEqual(unproven);
});
