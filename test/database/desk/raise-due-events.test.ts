/** The SLA sweep on a real database: each event once, whoever sweeps, and nothing else changed. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { listStatuses } from '../../../src/desk/board-queries.ts';
import { changeTicket } from '../../../src/desk/change-ticket.ts';
import { raiseDueEvents } from '../../../src/desk/raise-due-events.ts';
import type { TicketRecord } from '../../../src/desk/records.ts';
import { setStatus } from '../../../src/desk/set-status.ts';
import { findTicket } from '../../../src/desk/ticket-queries.ts';
import type { Database } from '../../../src/infra/database.ts';
import { now, openDesk, TestTenant } from './desk-fixture.ts';

let database: Database;
let close: () => Promise<void>;
let tenant: TestTenant;

beforeAll(async () => {
  ({ database, close } = await openDesk());
});
afterAll(() => close());
beforeEach(async () => {
  await database.directory.execute('delete from due_work');
  tenant = await TestTenant.create(database);
});

const hour = 3_600_000;
const at = (ms: number) => new Date(now.getTime() + ms);
const sweep = (ms: number) => raiseDueEvents(database, { now: () => at(ms) });
const dueWork = () =>
  database.directory.query(`select item_id, due_at from due_work where kind = 'sla' order by item_id`);

async function raised(): Promise<string[]> {
  return (await tenant.eventTypes()).filter((type) => type === 'sla_risk' || type === 'escalation');
}

async function closeTicket(ticket: TicketRecord): Promise<TicketRecord> {
  return tenant.within(async (tx) => {
    const statuses = await listStatuses(tx, ticket.boardId);
    const status = statuses.find((candidate) => candidate.kind === 'closed');
    if (status === undefined) throw new Error('no closing status');
    return setStatus(tx, { ticket, status }, { actorUserId: null, now });
  });
}

test('a ticket is at risk at 80 % of its time and escalated when it is due, each once', async () => {
  const ticket = await tenant.ticket({ dueAt: at(10 * hour) });
  expect(await sweep(8 * hour - 1)).toBe(0);
  expect(await sweep(8 * hour)).toBe(1);
  expect(await sweep(9 * hour)).toBe(0);
  expect(await raised()).toEqual(['sla_risk']);
  expect(await sweep(10 * hour)).toBe(1);
  expect(await sweep(11 * hour)).toBe(0);
  expect(await raised()).toEqual(['sla_risk', 'escalation']);
  expect(await dueWork()).toEqual([]);
  const after = await tenant.within((tx) => findTicket(tx, ticket.ticketId));
  expect(after).toEqual({ ...ticket, slaRiskAt: at(8 * hour), escalatedAt: at(10 * hour) });
});

test('a ticket that was overdue before anybody looked is escalated only', async () => {
  await tenant.ticket({ dueAt: at(hour) });
  expect(await sweep(5 * hour)).toBe(1);
  expect(await raised()).toEqual(['escalation']);
  expect(await dueWork()).toEqual([]);
});

test('workers that sweep at once raise each event once', async () => {
  const tickets = await Promise.all(
    Array.from({ length: 20 }, () => tenant.ticket({ dueAt: at(10 * hour) })),
  );
  const risks = await Promise.all([sweep(9 * hour), sweep(9 * hour), sweep(9 * hour), sweep(9 * hour)]);
  expect(risks.reduce((sum, count) => sum + count, 0)).toBe(tickets.length);
  await Promise.all([sweep(10 * hour), sweep(10 * hour), sweep(10 * hour)]);
  const events = await tenant.events();
  for (const type of ['sla_risk', 'escalation']) {
    const targets = events.filter((event) => event.type === type).map((event) => event.target_id);
    expect(targets.sort()).toEqual(tickets.map((ticket) => ticket.ticketId).sort());
  }
});

test('closing ends the watch, reopening takes it up, another due time begins anew', async () => {
  const ticket = await tenant.ticket({ dueAt: at(10 * hour) });
  await closeTicket(ticket);
  expect(await dueWork()).toEqual([]);
  expect(await sweep(20 * hour)).toBe(0);
  const [first] = await tenant.within((tx) => listStatuses(tx, ticket.boardId));
  if (first === undefined) throw new Error('no status');
  await tenant.within((tx) => setStatus(tx, { ticket, status: first }, { actorUserId: null, now }));
  expect(await sweep(9 * hour)).toBe(1);
  expect(await sweep(20 * hour)).toBe(1);
  const patch = { dueAt: at(40 * hour) };
  const changed = await tenant.within((tx) =>
    changeTicket(tx, ticket.ticketId, patch, { actorUserId: null, now: at(20 * hour) }),
  );
  expect(changed).toMatchObject({ slaRiskAt: null, escalatedAt: null });
  expect(await sweep(33 * hour)).toBe(1);
  expect(await sweep(40 * hour)).toBe(1);
  expect(await raised()).toEqual(['sla_risk', 'escalation', 'sla_risk', 'escalation']);
  await tenant.within((tx) => changeTicket(tx, ticket.ticketId, { dueAt: null }, { actorUserId: null, now }));
  expect(await dueWork()).toEqual([]);
});

test('a ticket that somebody is changing is left for the next sweep', async () => {
  const ticket = await tenant.ticket({ dueAt: at(10 * hour) });
  await tenant.within(async (tx) => {
    await tx.query('select 1 from tickets where tenant_id = $1 and ticket_id = $2 for update', [
      tx.tenantId,
      ticket.ticketId,
    ]);
    expect(await sweep(10 * hour)).toBe(0);
  });
  expect(await sweep(10 * hour)).toBe(1);
});

test('the sweep reaches every tenant within its limit, the oldest work first', async () => {
  const other = await TestTenant.create(database);
  await tenant.ticket({ dueAt: at(2 * hour) });
  await other.ticket({ dueAt: at(hour) });
  const clock = { now: () => at(3 * hour) };
  expect(await raiseDueEvents(database, clock, { limit: 1 })).toBe(1);
  expect(await other.eventTypes()).toContain('escalation');
  expect(await raiseDueEvents(database, clock, { limit: 1 })).toBe(1);
  expect(await raised()).toEqual(['escalation']);
});
