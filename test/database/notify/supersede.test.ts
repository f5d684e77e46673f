/** Collapse keys on a real database: a newer notification replaces what is unsent of older ones. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../src/infra/database.ts';
import { enqueueNotification } from '../../../src/notify/enqueue.ts';
import { expandNotification } from '../../../src/notify/expand-audience.ts';
import type { Recipient } from '../../../src/notify/recipients.ts';
import { at, deps, NotifyTenant, openDatabase } from './notify-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: NotifyTenant;
let everyone: Recipient[];
let minute = 0;

beforeAll(async () => {
  ({ database, close } = await openDatabase());
});
afterAll(() => close());
beforeEach(async () => {
  tenant = await NotifyTenant.create(database);
  const slack = await tenant.registration('slack');
  everyone = [];
  for (const id of ['U1', 'U2']) {
    const user = await tenant.person(id);
    await tenant.link(user, slack, id);
    everyone.push({ user });
  }
});

async function enqueue(to = everyone, collapseKey: string | null = 'status'): Promise<string> {
  minute += 1;
  const request = {
    category: 'announcement' as const,
    content: { kind: 'text' as const, title: 'Status', text: '', ticket: null },
    target: null,
    actorUserId: null,
    createdBy: { kind: 'key' as const, id: 'k1' },
    collapseKey,
    to,
  };
  return (await tenant.within((tx) => enqueueNotification(tx, request, at(minute * 60_000)))).notificationId;
}

const expand = (...ids: string[]) =>
  Promise.all(
    ids.map((id) =>
      expandNotification(
        { ...deps, database, clock: { now: () => at(minute * 60_000) } },
        tenant.tenantId,
        id,
      ),
    ),
  );

const states = async (id: string) =>
  (await tenant.deliveries(id)).map((row) =>
    `${row.destination_id} ${row.status} ${row.reason ?? ''}`.trim(),
  );

const inPhase = (phase: string, destination: string) =>
  tenant.within((tx) =>
    tx.execute('update delivery_ready set phase = $2 where tenant_id = $1 and destination_id = $3', [
      tx.tenantId,
      phase,
      destination,
    ]),
  );

const superseded = ['U1 skipped superseded', 'U2 skipped superseded'];
const queued = ['U1 queued', 'U2 queued'];

test('a newer one replaces the unsent, destination by destination', async () => {
  const first = await enqueue();
  await expand(first);
  const second = await enqueue(everyone.slice(0, 1));
  await expand(second);
  expect(await states(first)).toEqual(['U1 skipped superseded', 'U2 queued']);
  const third = await enqueue();
  await expand(third);
  expect(await states(first)).toEqual(superseded);
  expect(await states(second)).toEqual(['U1 skipped superseded']);
  expect(await states(third)).toEqual(queued);
  expect(await tenant.count('delivery_ready')).toBe(2);
});

test('what is on the wire, or of unknown outcome, is left to its end', async () => {
  const first = await enqueue();
  await expand(first);
  await inPhase('sending', 'U1');
  await inPhase('unknown', 'U2');
  await expand(await enqueue());
  expect(await states(first)).toEqual(queued);
});

test('other keys, no key and other tenants are left alone', async () => {
  const first = await enqueue();
  const plain = await enqueue(everyone, null);
  await expand(first, plain);
  const other = await NotifyTenant.create(database);
  const stranger = await other.person('eve');
  await other.within((tx) =>
    enqueueNotification(
      tx,
      {
        category: 'announcement',
        content: { kind: 'text', title: 'Status', text: '', ticket: null },
        target: null,
        actorUserId: null,
        createdBy: { kind: 'key', id: 'k1' },
        collapseKey: 'status',
        to: [{ user: stranger }],
      },
      at(0),
    ),
  );
  await expand(await enqueue(everyone, 'another'), await enqueue(everyone, null));
  expect(await states(first)).toEqual(queued);
  expect(await states(plain)).toEqual(queued);
});

test('an older one that is worked through later goes nowhere', async () => {
  const older = await enqueue();
  const newer = await enqueue(everyone.slice(0, 1));
  await expand(newer);
  await expand(older);
  expect(await states(older)).toEqual(['U1 skipped superseded', 'U2 queued']);
  expect(await states(newer)).toEqual(['U1 queued']);
});

test('of many that are worked through at once only the newest goes', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 8; index += 1) ids.push(await enqueue());
  const newest = ids.at(-1) ?? '';
  await expand(...ids);
  for (const id of ids) expect(await states(id)).toEqual(id === newest ? queued : superseded);
  expect(await tenant.count('delivery_ready')).toBe(2);
});
