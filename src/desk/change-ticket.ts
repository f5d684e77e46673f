/** Changes any fields of a ticket at once, for the API and for the mirror of another desk. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { findStatus, listStatuses } from './board-queries.ts';
import type { Change } from './change.ts';
import { checkReferences } from './check-references.ts';
import type { TicketInput } from './create-ticket.ts';
import { planDueWork } from './due-work-store.ts';
import { raiseEvent } from './raise-event.ts';
import type { StatusRecord, TicketRecord, Upserted } from './records.ts';
import { raiseStatusChanged } from './set-status.ts';
import { nextSlaMoment } from './sla.ts';
import { lockTicket } from './ticket-queries.ts';
import { updateTicketFields } from './ticket-store.ts';

/** Fields that are left out stay as they are; null empties one. */
export type TicketPatch = Partial<Omit<TicketInput, 'externalId' | 'sourceUrl'>>;

/**
 * Changes a ticket and raises `assignment` and `ticket_status_changed` where those changed.
 * @throws DeskbridgeError not_found; validation_error for a reference that is none of the tenant's
 */
export async function changeTicket(
  tx: Transaction,
  ticketId: string,
  patch: TicketPatch,
  change: Change,
): Promise<TicketRecord> {
  const before = await lockTicket(tx, ticketId);
  if (before === null) throw new DeskbridgeError('not_found');
  return (await applyPatch(tx, before, patch, { ...change, notify: true })).record;
}

/** The same on a ticket that the caller has locked; nothing is written where nothing differs. */
export async function applyPatch(
  tx: Transaction,
  before: TicketRecord,
  patch: TicketPatch,
  change: Change & { notify: boolean },
): Promise<Upserted<TicketRecord>> {
  const wanted = await patched(tx, before, patch, change.now);
  if (sameFields(before, wanted)) return { record: before, outcome: 'unchanged' };
  const record = await updateTicketFields(tx, wanted);
  if (record === null) throw new DeskbridgeError('not_found');
  if (before.dueAt !== null || record.dueAt !== null) planDueWork(tx, record.ticketId, nextSlaMoment(record));
  if (change.notify) raiseDifferences(tx, before, record, change);
  return { record, outcome: 'updated' };
}

async function patched(
  tx: Transaction,
  before: TicketRecord,
  patch: TicketPatch,
  now: Date,
): Promise<TicketRecord> {
  const clientId = patch.clientId === undefined ? before.clientId : patch.clientId;
  const contactId = patch.contactId === undefined ? before.contactId : patch.contactId;
  const [status] = await Promise.all([
    wantedStatus(tx, before, patch),
    // An assignee who was deactivated since may stay; only a new one is checked.
    checkReferences(tx, {
      clientId,
      contactId,
      assigneeId: patch.assigneeId === before.assigneeId ? null : (patch.assigneeId ?? null),
    }),
  ]);
  const dueAt = patch.dueAt === undefined ? before.dueAt : patch.dueAt;
  const sameDue = dueAt?.getTime() === before.dueAt?.getTime();
  return {
    ...before,
    title: patch.title ?? before.title,
    description: patch.description ?? before.description,
    priority: patch.priority ?? before.priority,
    boardId: status.boardId,
    statusId: status.statusId,
    clientId,
    contactId,
    assigneeId: patch.assigneeId === undefined ? before.assigneeId : patch.assigneeId,
    dueAt,
    url: patch.url === undefined ? before.url : patch.url,
    slaRiskAt: sameDue ? before.slaRiskAt : null,
    escalatedAt: sameDue ? before.escalatedAt : null,
    closedAt: status.kind === 'closed' ? (before.closedAt ?? now) : null,
    updatedAt: now,
  };
}

/** The status asked for, on the board asked for; on a new board without a status, that board's first. */
async function wantedStatus(
  tx: Transaction,
  before: TicketRecord,
  patch: TicketPatch,
): Promise<Pick<StatusRecord, 'statusId' | 'boardId' | 'kind'>> {
  const boardId = patch.boardId ?? before.boardId;
  if (patch.statusId) {
    const status = await findStatus(tx, patch.statusId);
    if (status?.boardId === boardId) return status;
    throw invalid('status_id', 'is no status of the board');
  }
  if (boardId === before.boardId) return { ...before, kind: before.statusKind };
  const [first] = await listStatuses(tx, boardId);
  if (first === undefined) throw invalid('board_id', 'is no board with statuses');
  return first;
}

function invalid(path: string, message: string): DeskbridgeError {
  return new DeskbridgeError('validation_error', { fields: [{ path, message }] });
}

const comparedFields = [
  'title',
  'description',
  'priority',
  'boardId',
  'statusId',
  'clientId',
  'contactId',
  'assigneeId',
  'url',
] as const;

function sameFields(before: TicketRecord, wanted: TicketRecord): boolean {
  const sameDue = before.dueAt?.getTime() === wanted.dueAt?.getTime();
  return sameDue && comparedFields.every((field) => before[field] === wanted[field]);
}

function raiseDifferences(tx: Transaction, before: TicketRecord, after: TicketRecord, change: Change): void {
  const { actorUserId, now } = change;
  if (after.statusId !== before.statusId) {
    const status = { statusId: after.statusId, kind: after.statusKind };
    raiseStatusChanged(tx, before, status, { actorUserId, now });
  }
  if (after.assigneeId !== before.assigneeId) {
    raiseEvent(tx, {
      type: 'assignment',
      target: { kind: 'ticket', id: after.ticketId },
      data: {
        number: after.number,
        assignee_id: after.assigneeId,
        previous_assignee_id: before.assigneeId,
      },
      actorUserId,
      now,
    });
  }
}
