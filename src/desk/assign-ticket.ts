/** Gives a ticket to a person. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Change } from './change.ts';
import { raiseEvent } from './raise-event.ts';
import type { TicketRecord } from './records.ts';
import { updateTicketAssignee } from './ticket-store.ts';

/**
 * Assigns and raises `assignment`; one round trip.
 * @throws DeskbridgeError validation_error when the assignee is no active user of the tenant
 */
export async function assignTicket(
  tx: Transaction,
  assignment: { ticket: TicketRecord; assigneeId: string },
  change: Change,
): Promise<TicketRecord> {
  const { ticket, assigneeId } = assignment;
  raiseEvent(tx, {
    type: 'assignment',
    target: { kind: 'ticket', id: ticket.ticketId },
    data: { number: ticket.number, assignee_id: assigneeId, previous_assignee_id: ticket.assigneeId },
    ...change,
  });
  const { ticketId } = ticket;
  const assigned = await updateTicketAssignee(tx, { ticketId, assigneeId, now: change.now });
  if (assigned === null) {
    throw new DeskbridgeError('validation_error', {
      fields: [{ path: 'assignee_id', message: 'is no active user' }],
    });
  }
  return assigned;
}
