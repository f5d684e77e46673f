/** Asks a person for an approval. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError, type FieldError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { findApproval } from './approval-queries.ts';
import { type ApprovalRow, insertApproval } from './approval-store.ts';
import type { Change } from './change.ts';
import { findActivePerson } from './person-queries.ts';
import { raiseEvent } from './raise-event.ts';
import type { ApprovalRecord } from './records.ts';
import { findTicket } from './ticket-queries.ts';

export interface ApprovalInput {
  title: string;
  description?: string;
  ticketId?: string | null;
  requesterId?: string | null;
  approverId: string;
  externalId?: string;
}

/**
 * Writes a pending approval and raises `approval_request`.
 * @throws DeskbridgeError validation_error when ticket, requester or approver are none of the tenant's
 */
export async function requestApproval(
  tx: Transaction,
  input: ApprovalInput,
  change: Change,
): Promise<ApprovalRecord> {
  const approval = await writeApproval(tx, { ...input, status: 'pending', comment: null }, change.now);
  raiseApprovalRequest(tx, approval, change);
  return approval;
}

/** The same without an event and in any state, for the mirror of another desk. */
export async function writeApproval(
  tx: Transaction,
  input: ApprovalInput & Pick<ApprovalRow, 'status' | 'comment'>,
  now: Date,
): Promise<ApprovalRecord> {
  const row: ApprovalRow = {
    approvalId: newId(),
    ticketId: input.ticketId ?? null,
    title: input.title,
    description: input.description ?? '',
    requesterId: input.requesterId ?? null,
    approverId: input.approverId,
    status: input.status,
    comment: input.comment,
    respondedAt: input.status === 'pending' ? null : now,
    externalId: input.externalId ?? null,
    createdAt: now,
    updatedAt: now,
  };
  await checkApprovalReferences(tx, row);
  await insertApproval(tx, row);
  const approval = await findApproval(tx, row.approvalId);
  if (approval === null) throw new DeskbridgeError('not_found');
  return approval;
}

/** @throws DeskbridgeError validation_error naming `ticket_id`, `requester_id` or `approver_id` */
export async function checkApprovalReferences(
  tx: Transaction,
  row: Partial<Pick<ApprovalRow, 'ticketId' | 'requesterId' | 'approverId'>>,
): Promise<void> {
  const { ticketId = null, requesterId = null, approverId = null } = row;
  const [ticket, requester, approver] = await Promise.all([
    ticketId === null ? null : findTicket(tx, ticketId),
    requesterId === null ? null : findActivePerson(tx, requesterId),
    approverId === null ? null : findActivePerson(tx, approverId),
  ]);
  const fields: FieldError[] = [];
  if (ticketId !== null && ticket === null) fields.push({ path: 'ticket_id', message: 'is no ticket' });
  if (requesterId !== null && requester === null) {
    fields.push({ path: 'requester_id', message: 'is no active user' });
  }
  if (approverId !== null && approver === null) {
    fields.push({ path: 'approver_id', message: 'is no active user' });
  }
  if (fields.length > 0) throw new DeskbridgeError('validation_error', { fields });
}

/** Raises `approval_request`. */
export function raiseApprovalRequest(tx: Transaction, approval: ApprovalRecord, change: Change): void {
  raiseEvent(tx, {
    type: 'approval_request',
    target: { kind: 'approval', id: approval.approvalId },
    data: {
      approver_id: approval.approverId,
      requester_id: approval.requesterId,
      ticket_id: approval.ticketId,
      number: approval.ticketNumber,
    },
    actorUserId: change.actorUserId,
    now: change.now,
  });
}
