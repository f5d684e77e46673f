/** What happens in the desk is told to who is responsible, in the transaction in which it happens. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addNote } from '../../../src/desk/add-note.ts';
import { assignTicket } from '../../../src/desk/assign-ticket.ts';
import { changeTicket } from '../../../src/desk/change-ticket.ts';
import { createTicket } from '../../../src/desk/create-ticket.ts';
import { raiseDueEvents } from '../../../src/desk/raise-due-events.ts';
import { requestApproval } from '../../../src/desk/request-approval.ts';
import { respondApproval } from '../../../src/desk/respond-approval.ts';
import { upsertApproval } from '../../../src/desk/upsert-approval.ts';
import { upsertTicket } from '../../../src/desk/upsert-ticket.ts';
import type { Database } from '../../../src/infra/database.ts';
import { expandDue } from '../../../src/notify/expand-audience.ts';
import { at, counted, deps, hourMs, NotifyTenant, now, openDatabase } from './notify-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: NotifyTenant;
let ann: string;
let ben: string;

beforeAll(async () => {
  ({ database, close } = await openDatabase());
});
afterAll(() => close());
beforeEach(async () => {
  await database.directory.execute('delete from due_work');
  tenant = await NotifyTenant.create(database);
  const slack = await tenant.registration('slack');
  ann = await tenant.person('ann');
  ben = await tenant.person('ben');
  await tenant.link(ann, slack, 'U-ann');
  await tenant.link(ben, slack, 'U-ben');
});

interface Told {
  category: string;
  recipients: number;
  users: string[];
  content: Record<string, unknown>;
  created_by_kind: string;
  event: string | null;
  actor_user_id: string | null;
}

/** Notifications, oldest first, and whom they are for. */
function notices(): Promise<Told[]> {
  return tenant.within((tx) =>
    tx.query<Told>(
      `select n.category, n.recipients, n.content, n.created_by_kind, n.actor_user_id, e.type as event,
         array(select a.user_id::text from notification_audience a
                where a.tenant_id = $1 and a.notification_id = n.notification_id order by a.ordinal) as users
         from notifications n left join domain_events e on e.tenant_id = $1 and e.event_id::text = n.created_by
        where n.tenant_id = $1 order by n.notification_id`,
      [tx.tenantId],
    ),
  );
}

const by = (actorUserId: string | null) => ({ actorUserId, now });
const ticket = (input: { assigneeId?: string; dueAt?: Date } = {}, actor: string | null = null) =>
  tenant.within((tx) => createTicket(tx, { title: 'Printer is jammed', ...input }, by(actor)));

describe('an assignment is told', () => {
  it('to the new assignee, of a new ticket, a command or a change', async () => {
    const first = await ticket({ assigneeId: ann });
    await tenant.within((tx) => assignTicket(tx, { ticket: first, assigneeId: ben }, by(ann)));
    await tenant.within((tx) => changeTicket(tx, first.ticketId, { assigneeId: ann }, by(null)));
    const told = await notices();
    expect(told.map(({ category, users }) => [category, users])).toEqual([
      ['assignment', [ann]],
      ['assignment', [ben]],
      ['assignment', [ann]],
    ]);
    expect(told[1]).toMatchObject({
      recipients: 1,
      content: { kind: 'event', noteId: null },
      created_by_kind: 'event',
      event: 'assignment',
      actor_user_id: ann,
    });
  });

  it('to nobody who did it, and to nobody when it ends', async () => {
    const own = await ticket({ assigneeId: ann }, ann);
    await tenant.within((tx) => changeTicket(tx, own.ticketId, { assigneeId: null }, by(ben)));
    await ticket();
    expect(await notices()).toEqual([]);
  });

  it('once to somebody who is assigned again before they were told', async () => {
    const first = await ticket({ assigneeId: ann });
    await expandDue({ ...deps, database, clock: { now: () => now } });
    for (const [assigneeId, minutes] of [
      [ben, 1],
      [ann, 2],
    ] as const) {
      const change = { actorUserId: null, now: at(minutes * 60_000) };
      await tenant.within((tx) => assignTicket(tx, { ticket: first, assigneeId }, change));
      await expandDue({ ...deps, database, clock: { now: () => change.now } });
    }
    expect((await tenant.deliveries()).map((row) => [row.user_id, row.reason])).toEqual([
      [ann, 'superseded'],
      [ben, null],
      [ann, null],
    ]);
  });
});

describe('other events are told', () => {
  it("a contact's reply to the assignee, with its text", async () => {
    const own = await ticket({ assigneeId: ann }, ann);
    await tenant.within(async (tx) => {
      for (const kind of ['internal_note', 'customer_reply', 'contact_note'] as const) {
        addNote(tx, { ticket: own, kind, text: 'It is on fire', author: null }, by(ben));
      }
    });
    expect(await notices()).toMatchObject([{ category: 'customer_reply', users: [ann] }]);
    await expandDue({ ...deps, database, clock: { now: () => now } });
    expect(await notices()).toMatchObject([
      {
        content: {
          kind: 'ticket',
          actorName: 'ben',
          excerpt: 'It is on fire',
          ticket: { assigneeName: 'ann' },
        },
      },
    ]);
    const free = await ticket();
    await tenant.within(async (tx) =>
      addNote(tx, { ticket: free, kind: 'contact_note', text: 'Hello?', author: null }, by(null)),
    );
    expect(await notices()).toHaveLength(1);
  });

  it('a request to the approver, unless it was answered by then', async () => {
    const ask = (title: string) =>
      tenant.within((tx) => requestApproval(tx, { title, approverId: ann, requesterId: ben }, by(ben)));
    await ask('New laptop');
    const answered = await ask('New phone');
    await tenant.within((tx) =>
      respondApproval(
        tx,
        { approval: answered, response: 'approve', comment: null },
        { actorUserId: ann, now },
      ),
    );
    expect(await notices()).toMatchObject([
      { category: 'approval_request', users: [ann] },
      { category: 'approval_request', users: [ann] },
    ]);
    await expandDue({ ...deps, database, clock: { now: () => now } });
    const told = await notices();
    expect(told[0]?.content).toMatchObject({ kind: 'approval', title: 'New laptop', requesterName: 'ben' });
    expect((await tenant.deliveries()).map(({ reason }) => reason)).toEqual([null, 'cancelled']);
  });

  it('a due time to the assignee, else to the admins', async () => {
    const boss = await tenant.person('boss', { role: 'admin' });
    const chief = await tenant.person('chief', { role: 'admin' });
    await tenant.person('former', { role: 'admin', active: false });
    await ticket({ assigneeId: ann, dueAt: at(10 * hourMs) }, ann);
    await ticket({ dueAt: at(20 * hourMs) });
    const sweep = (ms: number) => raiseDueEvents(database, { now: () => at(ms) });
    await sweep(9 * hourMs);
    await sweep(10 * hourMs);
    await sweep(20 * hourMs);
    const told = await notices();
    expect(told.map(({ category, recipients, users }) => [category, recipients, users])).toEqual([
      ['sla_risk', 1, [ann]],
      ['escalation', 1, [ann]],
      ['escalation', 2, [boss, chief].sort()],
    ]);
    await tenant.within((tx) =>
      tx.execute(`update users set status = 'deactivated' where tenant_id = $1 and user_id = $2`, [
        tx.tenantId,
        ann,
      ]),
    );
    await ticket({ dueAt: at(30 * hourMs) });
    await tenant.within((tx) =>
      tx.execute('update tickets set assignee_id = $2 where tenant_id = $1', [tx.tenantId, ann]),
    );
    await sweep(30 * hourMs);
    expect((await notices()).at(-1)).toMatchObject({ category: 'escalation', users: [boss, chief].sort() });
  });
});

describe('raising costs no round trip', () => {
  it('and what is undone is not told', async () => {
    const first = await ticket();
    let before = 0;
    const refused = tenant.within(async (tx) => {
      const counting = counted(tx);
      await assignTicket(counting.tx, { ticket: first, assigneeId: ann }, by(null));
      before = counting.statements();
      throw new Error('undone');
    });
    await expect(refused).rejects.toThrow('undone');
    // The event, its notification, its audience and its due work, beside the two statements of the assignment.
    expect(before).toBe(6);
    expect(await notices()).toEqual([]);
  });
});

describe('the mirror of another desk', () => {
  it('tells nobody unless it is asked to', async () => {
    const mirror = (externalId: string, notify: boolean) =>
      tenant.within((tx) =>
        upsertTicket(tx, externalId, { title: 'Mirrored', assigneeId: ann }, { ...by(null), notify }),
      );
    const approve = (externalId: string, notify: boolean) =>
      tenant.within((tx) =>
        upsertApproval(tx, externalId, { title: 'Mirrored', approverId: ann }, { ...by(null), notify }),
      );
    await mirror('1', false);
    await approve('1', false);
    expect(await notices()).toEqual([]);
    await mirror('2', true);
    await approve('2', true);
    expect((await notices()).map(({ category }) => category)).toEqual(['assignment', 'approval_request']);
  });
});
