/** Audiences as they are announced: small ones together, large ones in turn, and no tenant before another. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../src/infra/database.ts';
import { AudienceQueue } from '../../../src/notify/audience-queue.ts';
import { enqueueNotification } from '../../../src/notify/enqueue.ts';
import { announcement, deps, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let busy: NotifyTenant;
let quiet: NotifyTenant;
/** Whose transactions the queue began. */
let turns: string[];

beforeAll(async () => {
  ({ database, close } = await openDatabase());
});
afterAll(() => close());
beforeEach(async () => {
  [busy, quiet] = [await NotifyTenant.create(database), await NotifyTenant.create(database)];
  turns = [];
});

async function enqueue(tenant: NotifyTenant, users: readonly string[]): Promise<string> {
  const to = users.map((user) => ({ user }));
  return (await tenant.within((tx) => enqueueNotification(tx, { ...announcement, to }, now))).notificationId;
}

function queueOf(maxWorkers: number): AudienceQueue {
  const counted = new Proxy(database, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'inTenant') turns.push(String(args[0]));
        return value.apply(target, args);
      };
    },
  });
  return new AudienceQueue({ ...deps, database: counted, clock: { now: () => now } }, maxWorkers);
}

const namesOfTurns = () =>
  turns.map((id) => (id === busy.tenantId ? 'busy' : id === quiet.tenantId ? 'quiet' : id));

async function untilDone(): Promise<void> {
  await expect
    .poll(() => database.directory.query('select 1 from due_work'), { timeout: 30_000 })
    .toEqual([]);
}

test('works through what came meanwhile in one transaction', async () => {
  const ann = await busy.person('ann');
  const ids = [];
  for (let count = 0; count < 150; count += 1) ids.push(await enqueue(busy, [ann]));
  const queue = queueOf(1);
  for (const id of ids) queue.add(busy.tenantId, id);
  await untilDone();
  await queue.close();
  // The first as soon as it came, then 100, then the others.
  expect(turns).toHaveLength(3);
  expect((await busy.deliveries()).map((row) => row.notification_id).sort()).toEqual(ids.sort());
});

test('works through a large one a chunk at a time, and through those of another tenant between', async () => {
  await busy.crowd(2_500, await busy.registration('slack'));
  const large = await busy.within((tx) =>
    enqueueNotification(tx, { ...announcement, to: [{ everyone: true }] }, now),
  );
  const small = await enqueue(quiet, [await quiet.person('ben')]);
  const queue = queueOf(1);
  queue.add(busy.tenantId, large.notificationId);
  queue.add(quiet.tenantId, small);
  await untilDone();
  await queue.close();
  expect(namesOfTurns()).toEqual(['busy', 'quiet', 'busy', 'busy']);
  expect(await busy.count('deliveries')).toBe(large.recipients);
  expect(await quiet.deliveries(small)).toHaveLength(1);
});

test('leaves one that fails to the search, and does the others', async () => {
  const gopher = await busy.registration('gopher');
  const [broken, ann] = [await busy.person('gus'), await busy.person('ann')];
  await busy.link(broken, gopher, 'G1');
  const first = await enqueue(busy, [ann]);
  const failing = await enqueue(busy, [broken]);
  const well = await enqueue(busy, [ann]);
  const queue = queueOf(1);
  for (const id of [first, failing, well]) queue.add(busy.tenantId, id);
  await expect.poll(() => busy.deliveries(well)).toHaveLength(1);
  await queue.close();
  const due = await database.directory.query<{ item_id: string }>(
    'select item_id from due_work where tenant_id = $1',
    [busy.tenantId],
  );
  expect(due).toEqual([{ item_id: failing }]);
  await database.directory.execute('delete from due_work');
});
