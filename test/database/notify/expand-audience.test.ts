/** Working through audiences on a real database: each recipient once, by their own facts, whoever works. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTicket } from '../../../src/desk/create-ticket.ts';
import type { Database } from '../../../src/infra/database.ts';
import { newId } from '../../../src/kernel/ids.ts';
import type { NotificationRequest } from '../../../src/notify/enqueue.ts';
import { expandChunk, expandNotification } from '../../../src/notify/expand-audience.ts';
import { writePreferences } from '../../../src/notify/preference-store.ts';
import type { Recipient } from '../../../src/notify/recipients.ts';
import { updateTenant } from '../../../src/tenants/tenant-store.ts';
import { at, deps, hourMs, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

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
const expand = (notificationId: string, time = now) =>
  expandNotification(working(time), tenant.tenantId, notificationId);

/** Enqueues, works it through, and tells each delivery in short. */
async function told(to: readonly Recipient[], over: Partial<NotificationRequest> = {}): Promise<string[]> {
  const notificationId = await tenant.enqueue(to, over);
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
    const notificationId = await tenant.enqueue([{ user: ann }]);
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
    const local = await tenant.enqueue([{ user: ann }], { sendAtLocal: '2026-11-22T09:00' });
    await expand(local);
    expect((await tenant.deliveries(local))[0]?.due_at).toEqual(new Date('2026-11-22T08:00:00.000Z'));
    const quietHours = { from: '09:00', to: '12:30' };
    await tenant.within((tx) => writePreferences(tx, ann, { quietHours, categories: {} }, now));
    const quiet = await tenant.enqueue([{ user: ann }]);
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
    const notificationId = await tenant.enqueue([{ conversation: dm }]);
    await expand(notificationId);
    expect(await tenant.deliveries(notificationId)).toMatchObject([{ user_id: ann, reason: 'muted' }]);
  });
});

describe('nobody is told', () => {
  async function reasonAfter(change: (notificationId: string) => Promise<unknown>): Promise<string[]> {
    const slack = await tenant.registration('slack');
    const ids = await tenant.people(2, slack);
    const notificationId = await tenant.enqueue(ids.map((user) => ({ user })));
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
    const [ann] = await tenant.people(1, slack);
    const event = { content: { kind: 'event' as const, noteId: null }, category: 'assignment' as const };
    const target = { kind: 'ticket' as const, id: newId() };
    expect(await told([{ user: ann ?? '' }], { ...event, target })).toEqual(['slack_dm P0 cancelled']);
  });
});

describe('the content', () => {
  it('of an event is the ticket as it is at the first chunk, and then stays', async () => {
    const slack = await tenant.registration('slack');
    const ids = await tenant.people(3, slack);
    const change = { actorUserId: null, now };
    const ticket = await tenant.within((tx) => createTicket(tx, { title: 'Printer is jammed' }, change));
    const target = { kind: 'ticket' as const, id: ticket.ticketId };
    const notificationId = await tenant.enqueue(
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
    const [ann] = await tenant.people(1, slack);
    const ticket = await tenant.within((tx) =>
      createTicket(tx, { title: 'Outage' }, { actorUserId: null, now }),
    );
    const notificationId = await tenant.enqueue([{ user: ann ?? '' }], {
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
