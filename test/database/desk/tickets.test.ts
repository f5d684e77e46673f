/** Tickets on a real database: numbers, isolation, assignment, statuses, paging, mirroring. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { assignTicket } from '../../../src/desk/assign-ticket.ts';
import { listStatuses } from '../../../src/desk/board-queries.ts';
import { changeTicket } from '../../../src/desk/change-ticket.ts';
import { setStatus } from '../../../src/desk/set-status.ts';
import { findTicket, findTicketByNumber, listTickets } from '../../../src/desk/ticket-queries.ts';
import { createBoard, upsertBoard } from '../../../src/desk/upsert-board.ts';
import { createClient, upsertClient } from '../../../src/desk/upsert-client.ts';
import { createContact } from '../../../src/desk/upsert-contact.ts';
import { upsertTicket } from '../../../src/desk/upsert-ticket.ts';
import type { Database } from '../../../src/infra/database.ts';
import { decodeCursor, type KeysetPosition } from '../../../src/infra/keyset.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { now, openDesk, outcomeCode, TestTenant } from './desk-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: TestTenant;

beforeAll(async () => {
  ({ database, close } = await openDesk());
});
afterAll(() => close());
beforeEach(async () => {
  tenant = await TestTenant.create(database);
});

const change = { actorUserId: null, now };

test('fifty tickets created at once have distinct numbers without a gap, from 1001 on', async () => {
  const tickets = await Promise.all(Array.from({ length: 50 }, () => tenant.ticket()));
  const numbers = tickets.map((ticket) => ticket.number).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => 1001 + index));
});

test('a refused ticket uses up no number', async () => {
  await tenant.ticket();
  expect(await outcomeCode(tenant.ticket({ boardId: newId() }))).toBe('validation_error');
  expect(await outcomeCode(tenant.ticket({ clientId: newId() }))).toBe('validation_error');
  expect((await tenant.ticket()).number).toBe(1002);
});

test('each tenant counts for itself and sees its own tickets only', async () => {
  const other = await TestTenant.create(database);
  const foreign = await other.ticket();
  await tenant.ticket();
  expect(foreign.number).toBe(1001);
  expect(await tenant.within((tx) => findTicket(tx, foreign.ticketId))).toBeNull();
  expect((await tenant.within((tx) => findTicketByNumber(tx, 1001)))?.ticketId).not.toBe(foreign.ticketId);
  expect(await outcomeCode(tenant.within((tx) => changeTicket(tx, foreign.ticketId, {}, change)))).toBe(
    'not_found',
  );
});

test('a ticket begins on the default board, in its first status, and takes the client of its contact', async () => {
  const client = await tenant.within((tx) => createClient(tx, { name: 'Contoso' }, now));
  const { clientId } = client;
  const contact = await tenant.within((tx) => createContact(tx, { name: 'Kim', clientId }, now));
  const ticket = await tenant.ticket({ contactId: contact.contactId });
  expect(ticket).toMatchObject({
    statusName: 'New',
    statusKind: 'new',
    boardName: 'Service desk',
    clientName: 'Contoso',
    contactName: 'Kim',
    closedAt: null,
  });
  expect(await tenant.eventTypes()).toEqual(['ticket_created']);
});

test('references to records of another tenant are refused by field', async () => {
  const other = await TestTenant.create(database);
  const client = await other.within((tx) => createClient(tx, { name: 'Theirs' }, now));
  const person = await other.person('Bob');
  await expect(tenant.ticket({ clientId: client.clientId, assigneeId: person.userId })).rejects.toMatchObject(
    {
      code: 'validation_error',
      fields: [{ path: 'client_id' }, { path: 'assignee_id' }],
    },
  );
});

test('only an active user of the tenant can be assigned', async () => {
  const ann = await tenant.person('Ann');
  const gone = await tenant.person('Gone', { active: false });
  const ticket = await tenant.ticket();
  const assign = (assigneeId: string) =>
    tenant.within((tx) => assignTicket(tx, { ticket, assigneeId }, change));
  expect(await outcomeCode(assign(gone.userId))).toBe('validation_error');
  expect(await outcomeCode(assign(newId()))).toBe('validation_error');
  expect(await tenant.eventTypes()).toEqual(['ticket_created']);
  expect(await assign(ann.userId)).toMatchObject({ assigneeName: 'Ann' });
  expect((await tenant.events()).at(-1)).toMatchObject({
    type: 'assignment',
    target_id: ticket.ticketId,
    data: { number: 1001, assignee_id: ann.userId, previous_assignee_id: null },
  });
});

test('closing sets the closing time, reopening clears it, a status of another board is refused', async () => {
  const ticket = await tenant.ticket();
  const statuses = await tenant.within((tx) => listStatuses(tx, ticket.boardId));
  const status = (kind: string) => {
    const found = statuses.find((candidate) => candidate.kind === kind);
    if (found === undefined) throw new Error(`no status ${kind}`);
    return found;
  };
  const set = (to: (typeof statuses)[number]) =>
    tenant.within((tx) => setStatus(tx, { ticket, status: to }, change));
  expect((await set(status('closed'))).closedAt).toEqual(now);
  expect((await set(status('waiting'))).closedAt).toBeNull();

  const board = await tenant.within((tx) =>
    createBoard(
      tx,
      {
        name: 'Projects',
        statuses: [
          { name: 'To do', kind: 'new' },
          { name: 'Done', kind: 'closed' },
        ],
      },
      now,
    ),
  );
  const [foreign] = await tenant.within((tx) => listStatuses(tx, board.boardId));
  if (foreign === undefined) throw new Error('the board has no status');
  expect(await outcomeCode(set(foreign))).toBe('validation_error');
  const moved = await tenant.within((tx) =>
    changeTicket(tx, ticket.ticketId, { boardId: board.boardId }, change),
  );
  expect(moved).toMatchObject({ boardName: 'Projects', statusName: 'To do' });
});

test('pages of tickets are stable while others are created', async () => {
  const created = [];
  for (let index = 0; index < 5; index += 1) {
    // Two of them in the same millisecond: the id decides then.
    created.push(await tenant.ticket({}, new Date(now.getTime() + Math.min(index, 3))));
  }
  const seen: string[] = [];
  let after: KeysetPosition | null = null;
  for (;;) {
    const page = await tenant.within((tx) => listTickets(tx, {}, { limit: 2, after }));
    seen.push(...page.items.map((ticket) => ticket.ticketId));
    await tenant.ticket({}, new Date(now.getTime() + 60_000));
    if (page.nextCursor === null) break;
    after = decodeCursor(page.nextCursor);
  }
  const newestFirst = [...created].sort(
    (a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.ticketId < b.ticketId ? 1 : -1),
  );
  expect(seen).toEqual(newestFirst.map((ticket) => ticket.ticketId));
});

test('filters narrow the list; wildcards in a search mean themselves', async () => {
  const ann = await tenant.person('Ann');
  const client = await tenant.within((tx) => createClient(tx, { name: 'Contoso' }, now));
  const mine = await tenant.ticket({ title: 'Toner at 5%', assigneeId: ann.userId });
  const theirs = await tenant.ticket({
    title: 'Laptop',
    description: 'toner_dust',
    clientId: client.clientId,
  });
  const find = async (filter: Parameters<typeof listTickets>[1]) => {
    const page = await tenant.within((tx) => listTickets(tx, filter, { limit: 50, after: null }));
    return page.items.map((ticket) => ticket.number);
  };
  expect(await find({ text: 'TONER' })).toEqual([theirs.number, mine.number]);
  expect(await find({ text: '%' })).toEqual([mine.number]);
  expect(await find({ text: 'r_d' })).toEqual([theirs.number]);
  expect(await find({ text: 'contoso laptop' })).toEqual([theirs.number]);
  expect(await find({ text: `#${mine.number}` })).toEqual([mine.number]);
  expect(await find({ assigneeId: ann.userId })).toEqual([mine.number]);
  expect(await find({ clientId: client.clientId, open: true })).toEqual([theirs.number]);
  expect(await find({ open: false })).toEqual([]);
});

test('a mirror creates, changes and repeats without a trace, and messages nobody unless asked to', async () => {
  const ann = await tenant.person('Ann');
  const mirror = (input: object, notify: boolean) =>
    tenant.within((tx) => upsertTicket(tx, 'ext-1', { title: 'From afar', ...input }, { ...change, notify }));
  const created = await mirror({ url: 'https://desk.test/7' }, false);
  expect(created).toMatchObject({ outcome: 'created', record: { number: 1001, url: 'https://desk.test/7' } });
  expect((await mirror({}, true)).outcome).toBe('unchanged');
  expect((await mirror({ title: 'Changed' }, false)).record).toMatchObject({
    title: 'Changed',
    number: 1001,
  });
  expect(await tenant.eventTypes()).toEqual([]);
  expect((await mirror({ title: 'Changed', assigneeId: ann.userId }, true)).outcome).toBe('updated');
  expect(await tenant.eventTypes()).toEqual(['assignment']);
});

test('the same external id sent many times at once makes one record, and no number is lost', async () => {
  const sendTicket = () =>
    tenant.within((tx) => upsertTicket(tx, 'ext-1', { title: 'Once' }, { ...change, notify: true }));
  const sendClient = () => tenant.within((tx) => upsertClient(tx, 'ext-1', { name: 'Contoso' }, now));
  const tickets = await Promise.all(Array.from({ length: 8 }, sendTicket));
  const clients = await Promise.all(Array.from({ length: 8 }, sendClient));
  expect(new Set(tickets.map(({ record }) => record.ticketId)).size).toBe(1);
  expect(tickets.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
  expect(new Set(clients.map(({ record }) => record.clientId)).size).toBe(1);
  expect(await tenant.eventTypes()).toEqual(['ticket_created']);
  expect((await tenant.ticket()).number).toBe(1002);
});

test('a new default board takes the place of the former one, and a status in use stays', async () => {
  const statuses = [
    { name: 'Inbox', kind: 'new' as const },
    { name: 'Done', kind: 'closed' as const },
  ];
  const mirror = (input: { name: string; isDefault?: boolean; statuses?: typeof statuses }) =>
    tenant.within((tx) => upsertBoard(tx, 'b-1', input, { now, statuses }));
  expect((await mirror({ name: 'Second', isDefault: true })).outcome).toBe('created');
  expect(await tenant.ticket()).toMatchObject({ boardName: 'Second', statusName: 'Inbox' });
  expect((await mirror({ name: 'Second' })).outcome).toBe('unchanged');
  const without = [{ name: 'Fresh', kind: 'new' as const }, ...statuses.slice(1)];
  expect(await outcomeCode(mirror({ name: 'Second', statuses: without }))).toBe('conflict');
  expect(await outcomeCode(mirror({ name: 'Service desk' }))).toBe('conflict');
});
