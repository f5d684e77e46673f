/** Reads of tickets. */
import { statement, type Transaction } from '../infra/database.ts';
import { containsPattern, ListConditions, type Page, type PageRequest, toPage } from '../infra/keyset.ts';
import type { TicketRecord } from './records.ts';

const ticketColumns = `t.ticket_id as "ticketId", t.number, t.title, t.description, t.priority,
  t.board_id as "boardId", b.name as "boardName",
  t.status_id as "statusId", s.name as "statusName", s.kind as "statusKind",
  t.client_id as "clientId", c.name as "clientName", t.contact_id as "contactId", k.name as "contactName",
  t.assignee_id as "assigneeId", u.name as "assigneeName", t.created_by as "createdBy",
  t.due_at as "dueAt", t.url, t.source_url as "sourceUrl", t.external_id as "externalId",
  t.sla_risk_at as "slaRiskAt", t.escalated_at as "escalatedAt", t.closed_at as "closedAt",
  t.created_at as "createdAt", t.updated_at as "updatedAt"`;

const ticketTables = `tickets t
  join boards b on b.tenant_id = $1 and b.board_id = t.board_id
  join ticket_statuses s on s.tenant_id = $1 and s.status_id = t.status_id
  left join clients c on c.tenant_id = $1 and c.client_id = t.client_id
  left join contacts k on k.tenant_id = $1 and k.contact_id = t.contact_id
  left join users u on u.tenant_id = $1 and u.user_id = t.assignee_id`;

const selectTicket = `select ${ticketColumns} from ${ticketTables} where t.tenant_id = $1`;

const byId = statement('ticket-by-id', `${selectTicket} and t.ticket_id = $2`);
const byNumber = statement('ticket-by-number', `${selectTicket} and t.number = $2`);
const byExternalId = statement(
  'ticket-by-external-id',
  `${selectTicket} and t.external_id = $2 for update of t`,
);
const lockedById = statement('ticket-locked-by-id', `${selectTicket} and t.ticket_id = $2 for update of t`);
const lockedForSweep = statement(
  'ticket-locked-for-sweep',
  `${selectTicket} and t.ticket_id = any($2::uuid[]) order by t.ticket_id for update of t skip locked`,
);
const openOfAssignee = statement(
  'ticket-open-of-assignee',
  `${selectTicket} and t.assignee_id = $2 and t.closed_at is null
    order by t.created_at desc, t.ticket_id desc limit $3`,
);
const countOpen = statement(
  'ticket-count-open-of-assignee',
  'select count(*) as count from tickets where tenant_id = $1 and assignee_id = $2 and closed_at is null',
);

/** The largest ticket number that the column holds. */
const maxNumber = 2_147_483_647;

/** Null when the tenant has no such ticket. */
export async function findTicket(tx: Transaction, ticketId: string): Promise<TicketRecord | null> {
  const [ticket] = await tx.query<TicketRecord>(byId, [tx.tenantId, ticketId]);
  return ticket ?? null;
}

/** Null when the tenant has no such ticket. */
export async function findTicketByNumber(tx: Transaction, number: number): Promise<TicketRecord | null> {
  if (!Number.isInteger(number) || number < 1 || number > maxNumber) return null;
  const [ticket] = await tx.query<TicketRecord>(byNumber, [tx.tenantId, number]);
  return ticket ?? null;
}

/** The ticket, locked until the transaction ends: for changes that depend on what it was before. */
export async function lockTicket(tx: Transaction, ticketId: string): Promise<TicketRecord | null> {
  const [ticket] = await tx.query<TicketRecord>(lockedById, [tx.tenantId, ticketId]);
  return ticket ?? null;
}

/** The ticket that mirrors another desk's, locked until the transaction ends. */
export async function lockTicketByExternalId(
  tx: Transaction,
  externalId: string,
): Promise<TicketRecord | null> {
  const [ticket] = await tx.query<TicketRecord>(byExternalId, [tx.tenantId, externalId]);
  return ticket ?? null;
}

/** Locks those of the tickets that nobody else holds right now. */
export function lockFreeTickets(tx: Transaction, ticketIds: readonly string[]): Promise<TicketRecord[]> {
  return tx.query<TicketRecord>(lockedForSweep, [tx.tenantId, [...ticketIds]]);
}

/** A person's open tickets, newest first. */
export function listOpenTicketsOf(tx: Transaction, userId: string, limit: number): Promise<TicketRecord[]> {
  return tx.query<TicketRecord>(openOfAssignee, [tx.tenantId, userId, limit]);
}

/** How many open tickets a person has. */
export async function countOpenTicketsOf(tx: Transaction, userId: string): Promise<number> {
  const [row] = await tx.query<{ count: number }>(countOpen, [tx.tenantId, userId]);
  return row?.count ?? 0;
}

/** Each condition narrows the list. */
export interface TicketFilter {
  statusId?: string;
  assigneeId?: string;
  clientId?: string;
  /** True: without the closed ones; false: the closed ones only. */
  open?: boolean;
  /** Every word occurs in the title, the description or the client's name; or `#1002`, `1002`: that number. */
  text?: string;
}

/** Tickets newest first. */
export async function listTickets(
  tx: Transaction,
  filter: TicketFilter,
  page: PageRequest,
): Promise<Page<TicketRecord>> {
  const conditions = ticketConditions(tx, filter);
  conditions.startAfter(page.after, 't.created_at', 't.ticket_id');
  const limit = conditions.parameter(page.limit + 1);
  const rows = await tx.query<TicketRecord>(
    `${selectTicket}${conditions.sql} order by t.created_at desc, t.ticket_id desc limit ${limit}`,
    conditions.values,
  );
  return toPage(rows, page.limit, (ticket) => ({ createdAt: ticket.createdAt, id: ticket.ticketId }));
}

/** Tickets newest first by offset, for lists that a chat client pages by number. */
export function findTickets(
  tx: Transaction,
  filter: TicketFilter,
  window: { skip: number; count: number },
): Promise<TicketRecord[]> {
  const conditions = ticketConditions(tx, filter);
  const limit = conditions.parameter(window.count);
  const offset = conditions.parameter(window.skip);
  return tx.query<TicketRecord>(
    `${selectTicket}${conditions.sql} order by t.created_at desc, t.ticket_id desc limit ${limit} offset ${offset}`,
    conditions.values,
  );
}

/** How many tickets fit the filter. */
export async function countTickets(tx: Transaction, filter: TicketFilter): Promise<number> {
  const conditions = ticketConditions(tx, filter);
  const [row] = await tx.query<{ count: number }>(
    `select count(*) as count from tickets t
      left join clients c on c.tenant_id = $1 and c.client_id = t.client_id
      where t.tenant_id = $1${conditions.sql}`,
    conditions.values,
  );
  return row?.count ?? 0;
}

function ticketConditions(tx: Transaction, filter: TicketFilter): ListConditions {
  const conditions = new ListConditions(tx.tenantId);
  if (filter.statusId !== undefined) conditions.add((p) => `t.status_id = ${p}`, filter.statusId);
  if (filter.assigneeId !== undefined) conditions.add((p) => `t.assignee_id = ${p}`, filter.assigneeId);
  if (filter.clientId !== undefined) conditions.add((p) => `t.client_id = ${p}`, filter.clientId);
  if (filter.open !== undefined) conditions.addFixed(`t.closed_at is ${filter.open ? '' : 'not '}null`);
  if (filter.text !== undefined && filter.text.trim() !== '') addText(conditions, filter.text.trim());
  return conditions;
}

function addText(conditions: ListConditions, text: string): void {
  const number = /^#?(\d{1,9})$/.exec(text)?.[1];
  const patterns = conditions.parameter(text.split(/\s+/).map(containsPattern));
  const words = `concat_ws(' ', t.title, t.description, c.name) ilike all (${patterns}::text[])`;
  if (number === undefined) conditions.addFixed(words);
  else conditions.add((p) => `(t.number = ${p} or ${words})`, Number(number));
}
