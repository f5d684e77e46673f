/** Moves a ticket to another status of its board; closing and reopening follow from the status's kind. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Change } from './change.ts';
import { planDueWork } from './due-work-store.ts';
import { raiseEvent } from './raise-event.ts';
import type { StatusRecord, TicketRecord } from './records.ts';
import { nextSlaMoment } from './sla.ts';
import { updateTicketStatus } from './ticket-store.ts';

/**
 * Sets the status and raises `ticket_status_changed`; one round trip. Closing sets the closing time and ends the SLA
 * watch, reopening clears it and takes the watch up again.
 * @throws DeskbridgeError validation_error when the status is none of the ticket's board
 */
export async function setStatus(
  tx: Transaction,
  step: { ticket: TicketRecord; status: StatusRecord },
  change: Change,
): Promise<TicketRecord> {
  const { ticket, status } = step;
  raiseStatusChanged(tx, ticket, status, change);
  const changed = await updateTicketStatus(tx, {
    ticketId: ticket.ticketId,
    statusId: status.statusId,
    closed: status.kind === 'closed',
    now: change.now,
  });
  if (changed === null) {
    throw new DeskbridgeError('validation_error', {
      fields: [{ path: 'status_id', message: "is no status of the ticket's board" }],
    });
  }
  if (changed.dueAt !== null) planDueWork(tx, changed.ticketId, nextSlaMoment(changed));
  return changed;
}

/** Raises `ticket_status_changed`. */
export function raiseStatusChanged(
  tx: Transaction,
  before: TicketRecord,
  after: Pick<StatusRecord, 'statusId' | 'kind'>,
  change: Change,
): void {
  raiseEvent(tx, {
    type: 'ticket_status_changed',
    target: { kind: 'ticket', id: before.ticketId },
    data: {
      number: before.number,
      status_id: after.statusId,
      status_kind: after.kind,
      previous_status_id: before.statusId,
      previous_status_kind: before.statusKind,
    },
    ...change,
  });
}
