/** Working through audiences on a real database: each recipient once, by their own facts, whoever works. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTicket } from '../../../src/desk/create-ticket.ts';
import type { Database, Transaction } from '../../../src/infra/database.ts';
import { DeskbridgeError } from '../../../src/kernel/errors.ts';
import { newId } from '../../../src/kernel/ids.ts';
import {
  enqueueNotification,
  type NotificationRequest,
  type Recipient,
} from '../../../src/notify/enqueue.ts';
import { expandChunk, expandDue, expandNotification } from '../../../src/notify/expand-audience.ts';
import { writePreferences } from '../../../src/notify/preference-store.ts';
import { updateTenant } from '../../../src/tenants/tenant-store.ts';
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

async function enqueue(to: readonly Recipient[], over: Partial<NotificationRequest> = {}): Promise<string> {
  const request = { ...announcement, to, ...over };
  return (await tenant.within((tx) => enqueueNotification(tx, request, now))).notificationId;
}

const working = (time = now) => ({ ...deps, database, clock: { now: () => time } });
const expand = (notificationId: string, time = now) =>
  expandNotification(working(time), tenant.tenantId, notificationId);

/** Enqueues, works it through, and tells each delivery in short. */
async function told(to: readonly Recipient[], over: Partial<NotificationRequest> = {}): Promise<string[]> {
  const notificationId = await enqueue(to, over);
  await expand(notificationId);
  return shapes(await tenant.deliveries(notificationId));
}

function shapes(rows: Awaited<ReturnType<NotifyTenant['deliveries']>>): string[] {
  return rows.map((row) =>
    [row.destination_type, row.destination_id, row.reason].filter((part) => part !== null).join(' '),
  );
}

const notification = async (notificationId: string) => {
  const [row] = await tenant.within((tx) =>
    tx.query<{ content: unknown; expanded_at: Date | null }>(
      'select content, expanded_at from notifications where tenant_id = $1 and notification_id = $2',
      [tx.tenantId, notificationId],
    ),
  );
  return row;
};

const dueWork = () =>
  database.directory.query<{ item_id: string; due_at: Date }>(
    `select item_id, due_at from due_work where kind = 'audience' order by due_at, item_id`,
  );

async function people(count: number, registration: string): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const person = await tenant.person(`p${index}`);
    await tenant.link(person, registration, `P${index}`);
    ids.push(person);
  }
  return ids;
}

describe('facts of people', () => {
  it('choose the channel: the latest activity, the preference, what can be reached', async () => {
    const [slack, teams] = [await tenant.registration('slack'), await tenant.registration('teams')];
    const ann = await tenant.person('ann');
    await tenant.link(ann, slack, 'U1');
    await tenant.link(ann, teams, 'T1');
    expect(await told([{ user: ann }])).toEqual(['slack_dm U1']);
    await tenant.conversation(teams, 'teams', { person: 'T1', lastActivityAt: at(-hourMs) });
    expect(await told([{ user: ann }])).toEqual(['teams_chat T1']);
    await tenant.conversation(slack, 'slack', { person: 'U1', state: 'retired' });
    expect(await told([{ user: ann }])).toEqual(['teams_chat T1']);
    const prefer = (channels: ('slack_dm' | 'teams_feed')[]) =>
      tenant.within((tx) =>
        writePreferences(tx, ann, { quietHours: null, categories: { announcement: { channels } } }, now),
      );
    await prefer(['teams_feed']);
    expect(await told([{ user: ann }])).toEqual(['teams_feed T1']);
    await prefer(['slack_dm', 'teams_feed']);
    const notificationId = await enqueue([{ user: ann }]);
    await expand(notificationId);
    const [skipped, feed] = (await tenant.deliveries(notificationId)).sort((a, b) =>
      a.reason ? -1 : b.reason ? 1 : 0,
    );
    expect(skipped).toMatchObject({ destination_id: 'U1', reason: 'not_in_conversation', platform: 'slack' });
    expect(feed).toMatchObject({
      destination_type: 'teams_feed',
      fallback_of: skipped?.delivery_id,
      status: 'queued',
    });
  });

  it('say why somebody is not told', async () => {
    const [slack, pending] = [
      await tenant.registration('slack'),
      await tenant.registration('teams', 'pending'),
    ];
    const nobody = await tenant.person('nobody');
    const waiting = await tenant.person('waiting');
    await tenant.link(waiting, pending, 'T1');
    const left = await tenant.person('left', { active: false });
    await tenant.link(left, slack, 'U2');
    const muted = await tenant.person('muted');
    await tenant.link(muted, slack, 'U3');
    const preferences = { quietHours: null, categories: { announcement: { muted: true } } };
    await tenant.within((tx) => writePreferences(tx, muted, preferences, now));
    expect(await told([{ user: nobody }, { user: waiting }, { user: left }, { user: muted }])).toEqual([
      'slack_dm U3 muted',
      'teams_chat T1 registration_inactive',
      'user_not_mapped',
      'user_not_mapped',
    ]);
  });

  it('shift the time into the zone and out of quiet hours', async () => {
    const slack = await tenant.registration('slack');
    const ann = await tenant.person('ann', { timeZone: 'Europe/Berlin' });
    await tenant.link(ann, slack, 'U1');
    const local = await enqueue([{ user: ann }], { sendAtLocal: '2026-11-22T09:00' });
    await expand(local);
    expect((await tenant.deliveries(local))[0]?.due_at).toEqual(new Date('2026-11-22T08:00:00.000Z'));
    const quietHours = { from: '09:00', to: '12:30' };
    await tenant.within((tx) => writePreferences(tx, ann, { quietHours, categories: {} }, now));
    const quiet = await enqueue([{ user: ann }]);
    await expand(quiet);
    expect((await tenant.deliveries(quiet))[0]?.due_at).toEqual(new Date('2026-11-20T11:30:00.000Z'));
  });

  it('stand behind places too: a person is told once, however they are named', async () => {
    const slack = await tenant.registration('slack');
    const ann = await tenant.person('ann');
    await tenant.link(ann, slack, 'U1');
    const dm = await tenant.conversation(slack, 'slack', { person: 'U1' });
    const group = await tenant.conversation(slack, 'slack', { group: 'C1' });
    expect(
      await told([
        { user: ann },
        { conversation: dm },
        { conversation: group },
        { registration: slack, address: 'C1' },
        { registration: slack, address: '?' },
      ]),
    ).toEqual(['slack_channel C1', 'slack_dm U1', 'user_not_mapped']);
    const preferences = { quietHours: null, categories: { announcement: { muted: true } } };
    await tenant.within((tx) => writePreferences(tx, ann, preferences, now));
    const notificationId = await enqueue([{ conversation: dm }]);
    await expand(notificationId);
    expect(await tenant.deliveries(notificationId)).toMatchObject([{ user_id: ann, reason: 'muted' }]);
  });
});

describe('nobody is told', () => {
  async function reasonAfter(change: (notificationId: string) => Promise<unknown>): Promise<string[]> {
    const slack = await tenant.registration('slack');
    const ids = await people(2, slack);
    const notificationId = await enqueue(ids.map((user) => ({ user })));
    await change(notificationId);
    await expand(notificationId);
    expect(await tenant.count('delivery_ready')).toBe(0);
    expect((await notification(notificationId))?.expanded_at).toEqual(now);
    return (await tenant.deliveries(notificationId)).map(({ reason }) => reason ?? '');
  }

  it('of what was withdrawn', async () => {
    const withdraw = (id: string) =>
      tenant.within((tx) =>
        tx.execute(
          'update notifications set withdrawn_at = $3 where tenant_id = $1 and notification_id = $2',
          [tx.tenantId, id, now],
        ),
      );
    expect(await reasonAfter(withdraw)).toEqual(['withdrawn', 'withdrawn']);
  });

  it('for a suspended tenant', async () => {
    const suspend = () => updateTenant(database.directory, tenant.tenantId, { status: 'suspended' }, now);
    expect(await reasonAfter(suspend)).toEqual(['tenant_suspended', 'tenant_suspended']);
  });

  it('of a category that is switched off', async () => {
    const disable = () =>
      tenant.within((tx) =>
        tx.execute(`update tenant_settings set disabled_categories = '{announcement}' where tenant_id = $1`, [
          tx.tenantId,
        ]),
      );
    expect(await reasonAfter(disable)).toEqual(['category_disabled', 'category_disabled']);
  });

  it('of a record that is gone', async () => {
    const slack = await tenant.registration('slack');
    const [ann] = await people(1, slack);
    const event = { content: { kind: 'event' as const, noteId: null }, category: 'assignment' as const };
    const target = { kind: 'ticket' as const, id: newId() };
    expect(await told([{ user: ann ?? '' }], { ...event, target })).toEqual(['slack_dm P0 cancelled']);
  });
});

describe('the content', () => {
  it('of an event is the ticket as it is at the first chunk, and then stays', async () => {
    const slack = await tenant.registration('slack');
    const ids = await people(3, slack);
    const change = { actorUserId: null, now };
    const ticket = await tenant.within((tx) => createTicket(tx, { title: 'Printer is jammed' }, change));
    const target = { kind: 'ticket' as const, id: ticket.ticketId };
    const notificationId = await enqueue(
      ids.map((user) => ({ user })),
      { category: 'sla_risk', content: { kind: 'event', noteId: null }, target, actorUserId: ids[0] ?? null },
    );
    const rename = (title: string) =>
      tenant.within((tx) =>
        tx.execute('update tickets set title = $3 where tenant_id = $1 and ticket_id = $2', [
          tx.tenantId,
          ticket.ticketId,
          title,
        ]),
      );
    await rename('Printer is on fire');
    const chunk = await tenant.within((tx) => expandChunk(tx, deps, [notificationId], 2, now));
    expect(chunk).toMatchObject({ unfinished: [notificationId], worked: 1 });
    await rename('Never mind');
    await expand(notificationId);
    expect((await notification(notificationId))?.content).toMatchObject({
      kind: 'ticket',
      ticket: { title: 'Printer is on fire', number: ticket.number },
      actorName: 'p0',
      excerpt: null,
    });
    expect(await tenant.deliveries(notificationId)).toHaveLength(3);
  });

  it('of an announcement about a ticket holds the ticket', async () => {
    const slack = await tenant.registration('slack');
    const [ann] = await people(1, slack);
    const ticket = await tenant.within((tx) =>
      createTicket(tx, { title: 'Outage' }, { actorUserId: null, now }),
    );
    const notificationId = await enqueue([{ user: ann ?? '' }], {
      target: { kind: 'ticket', id: ticket.ticketId },
    });
    await expand(notificationId);
    expect((await notification(notificationId))?.content).toMatchObject({
      kind: 'text',
      title: 'Hello',
      ticket: { title: 'Outage' },
    });
  });
});

describe('workers', () => {
  it('at once make each delivery once', async () => {
    const slack = await tenant.registration('slack');
    const ids = await people(60, slack);
    const notificationId = await enqueue(ids.map((user) => ({ user })));
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
    const [ann] = await people(1, slack);
    const notificationId = await enqueue([{ user: ann ?? '' }]);
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
    const [ann] = await people(1, await tenant.registration('slack'));
    const later = await enqueue([{ user: ann ?? '' }], { sendAt: at(hourMs) });
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
    const [gopher] = await people(1, broken);
    const failing = await enqueue([{ user: gopher ?? '' }]);
    const well = await enqueue([{ user: await tenant.person('ann') }]);
    await expect(expandDue(working())).rejects.toThrow('no platform gopher');
    expect(await tenant.deliveries(well)).toHaveLength(1);
    expect(await dueWork()).toEqual([{ item_id: failing, due_at: at(60_000) }]);
    expect(await expandDue(working())).toBe(0);
  });

  it('share a chunk equally among notifications, and tell of those that are not done', async () => {
    const slack = await tenant.registration('slack');
    const ids = await people(9, slack);
    const to = ids.map((user) => ({ user }));
    const large = await enqueue(to);
    const small = await enqueue(to.slice(0, 2));
    const empty = await enqueue([]);
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
    const [ann] = await people(1, await tenant.registration('slack'));
    const to = [{ user: ann ?? '' }];
    const collapsing = (collapseKey: string | null) => enqueue(to, { collapseKey });
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
    const ids = [await enqueue([{ user: ann }]), await enqueue([{ user: ann }])];
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
    const slow = await enqueue([{ user: ann }]);
    const well = await enqueue([{ user: ann }]);
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
    const notificationId = await enqueue([{ user: await tenant.person('ann') }]);
    const chunk = await other.within((tx) => expandChunk(tx, deps, [notificationId], 10, now));
    expect(chunk).toMatchObject({ deliveries: [], worked: 0 });
    expect(await expandDue(working())).toBe(1);
  });
});
