/** Records of replies: each arrives, whoever shares its transaction, and a failure is told to all who shared it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ReplyRecords } from '../../../src/inbound/record-replies.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ environment: { DESKBRIDGE_ROLES: 'web' } });
});
afterAll(() => gateway.close());

/** A receipt whose reply is on its way. */
async function handled(attempts: number): Promise<string> {
  const { maintenance } = gateway.running.services.database;
  const receiptId = newId();
  await maintenance.execute(
    `insert into receipts (tenant_id, registration_id, event_key, receipt_id, claimed_at, status, attempts, ambiguous,
       send_until) values ($1, $2, $3, $3::text::uuid, $4, 'handled', $5, false, $4)`,
    [gateway.tenantId, gateway.registrationId, receiptId, new Date(), attempts],
  );
  await maintenance.execute(
    "insert into due_work (kind, tenant_id, item_id, due_at) values ('reply', $1, $2, $3)",
    [gateway.tenantId, receiptId, new Date()],
  );
  return receiptId;
}

async function stateOf(receiptId: string) {
  const { maintenance } = gateway.running.services.database;
  const [row] = await maintenance.query<{ status: string; platform_message_id: string | null; due: number }>(
    `select status, platform_message_id,
            (select count(*) from due_work d where d.item_id = r.receipt_id) as due
       from receipts r where receipt_id = $1`,
    [receiptId],
  );
  return row;
}

it('completes every reply of a batch, each with its own message', async () => {
  const records = new ReplyRecords(gateway.running.services.database);
  const ids = await Promise.all([handled(0), handled(2), handled(0)]);
  const [first, second, third] = ids;
  await Promise.all([
    records.add(gateway.tenantId, { receiptId: first, attempts: 0, messageId: 'm1', sentAt: new Date() }),
    records.add(gateway.tenantId, { receiptId: second, attempts: 2, messageId: 'm2', sentAt: new Date() }),
    records.add(gateway.tenantId, { receiptId: third, attempts: 0, messageId: null, sentAt: new Date() }),
  ]);
  expect(await Promise.all(ids.map(stateOf))).toEqual([
    { status: 'replied', platform_message_id: 'm1', due: 0 },
    { status: 'replied', platform_message_id: 'm2', due: 0 },
    { status: 'replied', platform_message_id: null, due: 0 },
  ]);
});

it('leaves a reply alone that a sweep took over since', async () => {
  const records = new ReplyRecords(gateway.running.services.database);
  const taken = await handled(1);
  await records.add(gateway.tenantId, {
    receiptId: taken,
    attempts: 0,
    messageId: 'late',
    sentAt: new Date(),
  });
  expect(await stateOf(taken)).toEqual({ status: 'handled', platform_message_id: null, due: 1 });
});

it('tells everybody of a batch that it failed, and starts anew', async () => {
  const records = new ReplyRecords(gateway.running.services.database);
  const one = await handled(0);
  const failing = Promise.allSettled([
    records.add(gateway.tenantId, { receiptId: one, attempts: 0, messageId: 'm', sentAt: new Date() }),
    records.add(gateway.tenantId, { receiptId: 'no id', attempts: 0, messageId: 'm', sentAt: new Date() }),
  ]);
  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await records.add(gateway.tenantId, { receiptId: one, attempts: 0, messageId: 'm', sentAt: new Date() });
  expect(await stateOf(one)).toMatchObject({ status: 'replied' });
});
