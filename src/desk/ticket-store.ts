/** Writes of tickets. */
import { statement, type Transaction } from '../infra/database.ts';
import type { TicketPriority, TicketRecord } from './records.ts';
import { findTicket } from './ticket-queries.ts';

// The number is taken and used in two statements that travel together; the second reads what the first wrote.
// (On Citus a statement with an INSERT inside WITH is refused.)
const takeNumber = statement(
  'ticket-take-number',
  `insert into desk_counters (tenant_id, kind, last_number) values ($1, 'ticket', 1001)
   on conflict (tenant_id, kind) do update set last_number = desk_counters.last_number + 1`,
);

// Without a board: the default one. Without a status: the board's first.
const insertTicket = statement(
  'ticket-insert',
  `insert into tickets (tenant_id, ticket_id, number, title, description, board_id, status_id, priority, client_id,
     contact_id, assignee_id, created_by, due_at, url, source_url, external_id, closed_at, created_at, updated_at)
   select n.tenant_id, $2::uuid, n.last_number, $3::text, $4::text, b.board_id, s.status_id, $5::text, $6::uuid,
     $7::uuid, $8::uuid, $9::uuid, $10::timestamptz, $11::text, $12::text, $13::text,
     case when s.kind = 'closed' then $14::timestamptz end, $14::timestamptz, $14::timestamptz
   from desk_counters n
   join boards b on b.tenant_id = $1 and (b.board_id = $15::uuid or ($15::uuid is null and b.is_default))
   join ticket_statuses s on s.tenant_id = $1 and s.board_id = b.board_id
   where n.tenant_id = $1 and n.kind = 'ticket' and ($16::uuid is null or s.status_id = $16::uuid)
   order by s.position limit 1`,
);

const updateTicket = statement(
  'ticket-update',
  `update tickets set title = $3, description = $4, priority = $5, board_id = $6, status_id = $7, client_id = $8,
     contact_id = $9, assignee_id = $10, due_at = $11, url = $12, sla_risk_at = $13, escalated_at = $14,
     closed_at = $15, updated_at = $16
   where tenant_id = $1 and ticket_id = $2`,
);

const updateAssignee = statement(
  'ticket-assign',
  `update tickets set assignee_id = $3, updated_at = $4
   where tenant_id = $1 and ticket_id = $2
     and exists (select 1 from users where tenant_id = $1 and user_id = $3 and status = 'active')`,
);

const updateStatus = statement(
  'ticket-set-status',
  `update tickets set status_id = $3, updated_at = $4,
     closed_at = case when $5::boolean then coalesce(closed_at, $4::timestamptz) end
   where tenant_id = $1 and ticket_id = $2
     and exists (select 1 from ticket_statuses s
                  where s.tenant_id = $1 and s.status_id = $3 and s.board_id = tickets.board_id)`,
);

const markSlaRisk = statement(
  'ticket-mark-sla-risk',
  `update tickets set sla_risk_at = $3
   where tenant_id = $1 and ticket_id = $2 and due_at = $4 and sla_risk_at is null and escalated_at is null
     and closed_at is null`,
);

const markEscalated = statement(
  'ticket-mark-escalated',
  `update tickets set escalated_at = $3
   where tenant_id = $1 and ticket_id = $2 and due_at = $4 and escalated_at is null and closed_at is null`,
);

export interface NewTicket {
  ticketId: string;
  title: string;
  description: string;
  priority: TicketPriority;
  /** Null: the tenant's default board. */
  boardId: string | null;
  /** Null: the board's first status. */
  statusId: string | null;
  clientId: string | null;
  contactId: string | null;
  assigneeId: string | null;
  createdBy: string | null;
  dueAt: Date | null;
  url: string | null;
  sourceUrl: string | null;
  externalId: string | null;
  now: Date;
}

/**
 * Takes the next number and writes the ticket, in one round trip. Null when the board, or the status on it, does not
 * exist: the number is used up then, so the caller must fail the transaction or savepoint.
 */
export async function insertNewTicket(tx: Transaction, ticket: NewTicket): Promise<TicketRecord | null> {
  tx.enqueue(takeNumber, [tx.tenantId]);
  tx.enqueue(insertTicket, [
    tx.tenantId,
    ticket.ticketId,
    ticket.title,
    ticket.description,
    ticket.priority,
    ticket.clientId,
    ticket.contactId,
    ticket.assigneeId,
    ticket.createdBy,
    ticket.dueAt,
    ticket.url,
    ticket.sourceUrl,
    ticket.externalId,
    ticket.now,
    ticket.boardId,
    ticket.statusId,
  ]);
  return findTicket(tx, ticket.ticketId);
}

/** Writes every field that can change; the row is locked by the caller. */
export async function updateTicketFields(
  tx: Transaction,
  ticket: TicketRecord,
): Promise<TicketRecord | null> {
  tx.enqueue(updateTicket, [
    tx.tenantId,
    ticket.ticketId,
    ticket.title,
    ticket.description,
    ticket.priority,
    ticket.boardId,
    ticket.statusId,
    ticket.clientId,
    ticket.contactId,
    ticket.assigneeId,
    ticket.dueAt,
    ticket.url,
    ticket.slaRiskAt,
    ticket.escalatedAt,
    ticket.closedAt,
    ticket.updatedAt,
  ]);
  return findTicket(tx, ticket.ticketId);
}

/** Null when the assignee is no active user of the tenant, or the ticket is gone. */
export async function updateTicketAssignee(
  tx: Transaction,
  change: { ticketId: string; assigneeId: string; now: Date },
): Promise<TicketRecord | null> {
  const values = [tx.tenantId, change.ticketId, change.assigneeId, change.now];
  const [changed, ticket] = await Promise.all([
    tx.execute(updateAssignee, values),
    findTicket(tx, change.ticketId),
  ]);
  return changed === 1 ? ticket : null;
}

/** Null when the status is none of the ticket's present board. */
export async function updateTicketStatus(
  tx: Transaction,
  change: { ticketId: string; statusId: string; closed: boolean; now: Date },
): Promise<TicketRecord | null> {
  const values = [tx.tenantId, change.ticketId, change.statusId, change.now, change.closed];
  const [changed, ticket] = await Promise.all([
    tx.execute(updateStatus, values),
    findTicket(tx, change.ticketId),
  ]);
  return changed === 1 ? ticket : null;
}

/** Notes that an event was raised for this due time; false when another worker or a change came first. */
export async function markDueEvent(
  tx: Transaction,
  event: 'sla_risk' | 'escalation',
  mark: { ticketId: string; dueAt: Date; now: Date },
): Promise<boolean> {
  const sql = event === 'sla_risk' ? markSlaRisk : markEscalated;
  return (await tx.execute(sql, [tx.tenantId, mark.ticketId, mark.now, mark.dueAt])) === 1;
}
