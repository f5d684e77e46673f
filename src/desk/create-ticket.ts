/** Creates a ticket: its number, its events and its due work, in the caller's transaction. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Change } from './change.ts';
import { checkReferences } from './check-references.ts';
import { planDueWork } from './due-work-store.ts';
import { raiseEvent } from './raise-event.ts';
import type { TicketPriority, TicketRecord } from './records.ts';
import { nextSlaMoment } from './sla.ts';
import { insertNewTicket } from './ticket-store.ts';

/** What is left out is empty; without a board the default one, without a status the board's first. */
export interface TicketInput {
  title: string;
  description?: string;
  priority?: TicketPriority;
  boardId?: string | null;
  statusId?: string | null;
  clientId?: string | null;
  contactId?: string | null;
  assigneeId?: string | null;
  dueAt?: Date | null;
  /** Its page in another desk. */
  url?: string | null;
  /** The chat message that it is made from. */
  sourceUrl?: string | null;
  externalId?: string | null;
}

/**
 * Writes the ticket and raises `ticket_created`, and `assignment` when it is assigned. One round trip without a
 * contact, two with one.
 * @throws DeskbridgeError validation_error for a reference that is none of the tenant's; the caller's transaction or
 * savepoint must then be undone
 */
export async function createTicket(
  tx: Transaction,
  input: TicketInput,
  change: Change,
): Promise<TicketRecord> {
  const ticket = await writeTicket(tx, input, change);
  raiseCreated(tx, ticket, change);
  return ticket;
}

/** The same without events, for the mirror of another desk. */
export async function writeTicket(
  tx: Transaction,
  input: TicketInput,
  change: Change,
): Promise<TicketRecord> {
  const checked = checkReferences(tx, input);
  let clientId = input.clientId ?? null;
  // The client may come from the contact; otherwise the checks and the write travel together.
  if (input.contactId) clientId = clientId ?? (await checked)?.clientId ?? null;
  const inserted = insertNewTicket(tx, {
    ticketId: newId(),
    title: input.title,
    description: input.description ?? '',
    priority: input.priority ?? 'normal',
    boardId: input.boardId ?? null,
    statusId: input.statusId ?? null,
    clientId,
    contactId: input.contactId ?? null,
    assigneeId: input.assigneeId ?? null,
    createdBy: change.actorUserId,
    dueAt: input.dueAt ?? null,
    url: input.url ?? null,
    sourceUrl: input.sourceUrl ?? null,
    externalId: input.externalId ?? null,
    now: change.now,
  });
  inserted.catch(() => undefined); // a refused reference is reported first, and by its name
  await checked;
  const ticket = await inserted;
  if (ticket === null) throw missingPlace(input);
  if (ticket.dueAt !== null) planDueWork(tx, ticket.ticketId, nextSlaMoment(ticket));
  return ticket;
}

/** Raises the events of a new ticket. */
export function raiseCreated(tx: Transaction, ticket: TicketRecord, change: Change): void {
  const target = { kind: 'ticket' as const, id: ticket.ticketId };
  raiseEvent(tx, {
    type: 'ticket_created',
    target,
    data: { number: ticket.number, client_id: ticket.clientId, assignee_id: ticket.assigneeId },
    ...change,
  });
  if (ticket.assigneeId === null) return;
  raiseEvent(tx, {
    type: 'assignment',
    target,
    data: { number: ticket.number, assignee_id: ticket.assigneeId, previous_assignee_id: null },
    ...change,
  });
}

function missingPlace(input: TicketInput): DeskbridgeError {
  const field = input.statusId
    ? { path: 'status_id', message: 'is no status of the board' }
    : { path: 'board_id', message: 'is no board with statuses' };
  return new DeskbridgeError('validation_error', { fields: [field] });
}
