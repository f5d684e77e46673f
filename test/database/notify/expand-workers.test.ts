/** Workers at audiences on a real database: each recipient once, whoever works, dies or fails. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database, Transaction } from '../../../src/infra/database.ts';
import { DeskbridgeError } from '../../../src/kernel/errors.ts';
import { enqueueNotification } from '../../../src/notify/enqueue.ts';
import { expandChunk, expandDue, expandNotification } from '../../../src/notify/expand-audience.ts';
import { announcement, at, deps, hourMs, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: NotifyTenant;

beforeAll(async () => {
  ({ database, close } = await openDatabase());
});
afterAll(() => close());
beforeEach(async () => {
  await database.directory.execute('delete from due_work');
  tenant = await NotifyTenant.create(database);
});

const working = (time = now) => ({ ...deps, database, clock: { now: () => time } });
const expand = (notificationId: string) => expandNotification(working(), tenant.tenantId, notificationId);

const dueWork = () =>
  database.directory.query<{ item_id: string; due_at: Date }>(
    `select item_id, due_at from due_work where kind = 'audience' order by due_at, item_id`,
  );

describe('workers', () => {
  it('at once make each delivery once', async () => {
    const slack = await tenant.registration('slack');
    const ids = await tenant.people(60, slack);
    const notificationId = await tenant.enqueue(ids.map((user) => ({ user })));
    const work = async () => {
      let made = 0;
      for (let idle = 0; idle < 5; ) {
        const chunk = await tenant.within((tx) => expandChunk(tx, deps, [notificationId], 7, now));
        made += chunk.deliveries.length;
        idle = chunk.worked > 0 ? 0 : idle + 1;
      }
      return made;
    };
    const made = await Promise.all([work(), work(), work()]);
    expect(made.reduce((sum, count) => sum + count, 0)).toBe(60);
    expect(new Set((await tenant.deliveries()).map((row) => row.destination_id)).size).toBe(60);
    expect(await tenant.count('delivery_ready')).toBe(60);
    expect(await dueWork()).toEqual([]);
  });

  it('leave a chunk that another one has, and one that died leaves nothing behind', async () => {
    const slack = await tenant.registration('slack');
    const [ann] = await tenant.people(1, slack);
    const notificationId = await tenant.enqueue([{ user: ann ?? '' }]);
    const dying = tenant.within(async (tx) => {
      const first = await expandChunk(tx, deps, [notificationId], 10, now);
      expect(first.deliveries).toHaveLength(1);
      const second = await tenant.within((other) => expandChunk(other, deps, [notificationId], 10, now));
      expect(second).toMatchObject({ deliveries: [], worked: 0 });
      throw new Error('killed');
    });
    await expect(dying).rejects.toThrow('killed');
    expect(await tenant.deliveries()).toEqual([]);
    expect(await dueWork()).toHaveLength(1);
    expect(await expandDue(working())).toBe(1);
    expect(await tenant.deliveries()).toHaveLength(1);
    expect(await expandDue(working())).toBe(0);
    await expand(notificationId);
    expect(await tenant.deliveries()).toHaveLength(1);
  });

  it('work through what is due, of every tenant, and nothing before its time', async () => {
    const other = await NotifyTenant.create(database);
    const user = await other.person('ben');
    await other.within((tx) => enqueueNotification(tx, { ...announcement, to: [{ user }] }, now));
    const [ann] = await tenant.people(1, await tenant.registration('slack'));
    const later = await tenant.enqueue([{ user: ann ?? '' }], { sendAt: at(hourMs) });
    expect(await expandDue(working())).toBe(1);
    expect(await other.deliveries()).toMatchObject([{ user_id: user, reason: 'user_not_mapped' }]);
    expect(await tenant.deliveries()).toEqual([]);
    expect(await expandDue(working(at(hourMs)))).toBe(1);
    expect(await tenant.deliveries(later)).toMatchObject([
      { status: 'queued', due_at: at(hourMs), created_at: at(hourMs) },
    ]);
  });

  it('are not stopped by an audience that fails, which is left alone for a minute', async () => {
    const broken = await tenant.registration('gopher');
    const [gopher] = await tenant.people(1, broken);
    const failing = await tenant.enqueue([{ user: gopher ?? '' }]);
    const well = await tenant.enqueue([{ user: await tenant.person('ann') }]);
    await expect(expandDue(working())).rejects.toThrow('no platform gopher');
    expect(await tenant.deliveries(well)).toHaveLength(1);
    expect(await dueWork()).toEqual([{ item_id: failing, due_at: at(60_000) }]);
    expect(await expandDue(working())).toBe(0);
  });

  it('share a chunk equally among notifications, and tell of those that are not done', async () => {
    const slack = await tenant.registration('slack');
    const ids = await tenant.people(9, slack);
    const to = ids.map((user) => ({ user }));
    const large = await tenant.enqueue(to);
    const small = await tenant.enqueue(to.slice(0, 2));
    const empty = await tenant.enqueue([]);
    const chunk = await tenant.within((tx) => expandChunk(tx, deps, [large, small, empty], 12, now));
    expect(chunk).toMatchObject({ unfinished: [large], worked: 3 });
    const told = (of: string) => chunk.deliveries.filter((each) => each.notificationId === of).length;
    expect([large, small, empty].map(told)).toEqual([4, 2, 0]);
    expect(await dueWork()).toMatchObject([{ item_id: large }]);
    const rest = await tenant.within((tx) => expandChunk(tx, deps, [large, small], 100, now));
    expect(rest).toMatchObject({ unfinished: [], worked: 1 });
    expect(rest.deliveries).toHaveLength(5);
    expect(await dueWork()).toEqual([]);
  });

  it('leave the newer of two with one collapse key to the next chunk, which replaces the older', async () => {
    const [ann] = await tenant.people(1, await tenant.registration('slack'));
    const to = [{ user: ann ?? '' }];
    const collapsing = (collapseKey: string | null) => tenant.enqueue(to, { collapseKey });
    const [older, other, newer] = [await collapsing('a'), await collapsing('b'), await collapsing('a')];
    expect(await expandDue(working())).toBe(2);
    expect(await dueWork()).toMatchObject([{ item_id: newer }]);
    expect(await expandDue(working())).toBe(1);
    const statusOf = async (of: string) => (await tenant.deliveries(of)).map(({ status }) => status);
    expect(await statusOf(older)).toEqual(['skipped']);
    expect(await statusOf(other)).toEqual(['queued']);
    expect(await statusOf(newer)).toEqual(['queued']);
  });

  it('leave all as it is while the database cannot be reached, without asking for each', async () => {
    const ann = await tenant.person('ann');
    const ids = [await tenant.enqueue([{ user: ann }]), await tenant.enqueue([{ user: ann }])];
    const before = await dueWork();
    let asked = 0;
    const broken = Object.create(database, {
      inTenant: {
        value: async () => {
          asked += 1;
          throw new DeskbridgeError('unavailable');
        },
      },
    });
    await expect(expandDue({ ...working(), database: broken })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(asked).toBe(1);
    expect(await dueWork()).toEqual(before);
    expect(await expandDue(working())).toBe(2);
    for (const id of ids) expect(await tenant.deliveries(id)).toHaveLength(1);
  });

  it('try one soon again that took too long, and do the others meanwhile', async () => {
    const ann = await tenant.person('ann');
    const slow = await tenant.enqueue([{ user: ann }]);
    const well = await tenant.enqueue([{ user: ann }]);
    const hindered = Object.create(database, {
      inTenant: {
        value: async (id: string, work: (tx: Transaction) => Promise<unknown>) =>
          await database.inTenant(id, async (tx) => {
            const isHeld = await tx.query(
              'select 1 from notifications where tenant_id = $1 and notification_id = $2 and expanded_at is null',
              [id, slow],
            );
            const result = await work(tx);
            const isDone = await tx.query(
              'select 1 from notifications where tenant_id = $1 and notification_id = $2 and expanded_at is null',
              [id, slow],
            );
            if (isHeld.length > isDone.length)
              await tx.query('set local statement_timeout = 1; select pg_sleep(1)');
            return result;
          }),
      },
    });
    await expect(expandDue({ ...working(), database: hindered })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(await tenant.deliveries(well)).toHaveLength(1);
    expect(await dueWork()).toEqual([{ item_id: slow, due_at: at(5_000) }]);
  });

  it("never see another tenant's", async () => {
    const other = await NotifyTenant.create(database);
    const notificationId = await tenant.enqueue([{ user: await tenant.person('ann') }]);
    const chunk = await other.within((tx) => expandChunk(tx, deps, [notificationId], 10, now));
    expect(chunk).toMatchObject({ deliveries: [], worked: 0 });
    expect(await expandDue(working())).toBe(1);
  });
});
