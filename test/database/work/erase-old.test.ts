/** Retention: replies, receipts, nonces, keys and codes go when their time is over, and not before. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eraseOldKeys } from '../../../src/http/idempotency-store.ts';
import { eraseOldReceipts } from '../../../src/inbound/receipt-store.ts';
import { eraseOldCodes } from '../../../src/tenants/link-store.ts';
import { eraseOld } from '../../../src/work/erase-old.ts';
import { type Gateway, startGateway } from '../../support/gateway.ts';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const day = 86_400_000;

async function eraseAt(now: Date): Promise<void> {
  const { database } = gateway.running.services;
  await eraseOld({
    database,
    clock: { now: () => now },
    tenantIds: async () => [gateway.tenantId],
    erasers: [eraseOldReceipts, eraseOldKeys, eraseOldCodes],
  });
}

async function counts() {
  const [row] = await gateway.running.services.database.maintenance.query<Record<string, number>>(
    `select (select count(*) from receipts) as receipts, (select count(reply) from receipts) as replies,
            (select count(*) from consumed_nonces) as nonces, (select count(*) from link_codes) as codes,
            (select count(*) from idempotency_keys) as keys`,
  );
  return row;
}

it('erases what nothing can repeat any more, step by step', async () => {
  const { number } = await gateway.ticket({ title: 'Old one' });
  const card = await gateway.ask(`ticket ${number}`);
  await gateway.simulator.pressButton(card, 'Assign to me');
  await gateway.ask('link', { as: 'eve' });
  const { database } = gateway.running.services;
  await database.inTenant(gateway.tenantId, (tx) =>
    tx.execute(
      'insert into idempotency_keys (tenant_id, principal, key, fingerprint, created_at) values ($1, $2, $3, $4, $5)',
      [gateway.tenantId, 'operator', 'k', 'f', new Date()],
    ),
  );
  // Replies are confirmed shortly after they were seen.
  for (let tries = 0; tries < 100; tries += 1) {
    const open = await database.maintenance.query("select 1 from receipts where status = 'handled'");
    if (open.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const now = Date.now();
  const before = await counts();
  expect(before).toEqual({ receipts: 3, replies: 3, nonces: 1, codes: 1, keys: 1 });
  await eraseAt(new Date(now + day - 60_000));
  expect(await counts()).toEqual(before);
  await eraseAt(new Date(now + day + 60_000));
  expect(await counts()).toEqual({ receipts: 3, replies: 0, nonces: 1, codes: 1, keys: 1 });
  await eraseAt(new Date(now + 2 * day));
  expect(await counts()).toMatchObject({ codes: 0, keys: 1 });
  await eraseAt(new Date(now + 8 * day));
  expect(await counts()).toEqual({ receipts: 0, replies: 0, nonces: 1, codes: 0, keys: 0 });
  await eraseAt(new Date(now + 31 * day));
  expect(await counts()).toMatchObject({ nonces: 0 });
});

it('tries every tenant although one fails', async () => {
  const tried: string[] = [];
  const work = eraseOld({
    database: gateway.running.services.database,
    clock: { now: () => new Date() },
    tenantIds: async () => ['00000000-0000-4000-8000-000000000001', gateway.tenantId],
    erasers: [
      async (tx) => {
        tried.push(tx.tenantId);
        if (tried.length === 1) throw new Error('no');
      },
    ],
  });
  await expect(work).rejects.toThrow('no');
  expect(tried).toEqual(['00000000-0000-4000-8000-000000000001', gateway.tenantId]);
});
