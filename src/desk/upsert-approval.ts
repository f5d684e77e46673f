/** Mirrors an approval of another desk by its id there. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { findApproval, lockApprovalByExternalId } from './approval-queries.ts';
import { type ApprovalRow, updateApproval } from './approval-store.ts';
import type { MirrorChange } from './change.ts';
import type { ApprovalRecord, ApprovalStatus, Upserted } from './records.ts';
import {
  type ApprovalInput,
  checkApprovalReferences,
  raiseApprovalRequest,
  writeApproval,
} from './request-approval.ts';
import { raiseApprovalResponse } from './respond-approval.ts';
import { upsertRecord } from './upsert-record.ts';

/** Fields that are left out stay as they are; null empties one. */
export type MirroredApproval = Omit<ApprovalInput, 'externalId'> & {
  status?: ApprovalStatus;
  comment?: string | null;
};

/**
 * Creates the approval or changes it; the other desk decides its state. Events are raised only with `change.notify`:
 * `approval_request` for a new pending one, `approval_response` when it is answered there.
 * @throws DeskbridgeError validation_error when ticket, requester or approver are none of the tenant's
 */
export async function upsertApproval(
  tx: Transaction,
  externalId: string,
  input: MirroredApproval,
  change: MirrorChange,
): Promise<Upserted<ApprovalRecord>> {
  const { status = 'pending', comment = null } = input;
  const upserted = await upsertRecord<ApprovalRecord>(tx, {
    find: () => lockApprovalByExternalId(tx, externalId),
    create: () => writeApproval(tx, { ...input, status, comment, externalId }, change.now),
    change: (existing) => changeApproval(tx, existing, input, change),
  });
  const { record, outcome } = upserted;
  if (outcome === 'created' && change.notify && record.status === 'pending') {
    raiseApprovalRequest(tx, record, change);
  }
  return upserted;
}

async function changeApproval(
  tx: Transaction,
  existing: ApprovalRecord,
  input: MirroredApproval,
  change: MirrorChange,
): Promise<Upserted<ApprovalRecord>> {
  const wanted = patched(existing, input, change.now);
  if (comparedFields.every((field) => existing[field] === wanted[field])) {
    return { record: existing, outcome: 'unchanged' };
  }
  // People who were deactivated since may stay; only new ones are checked.
  await checkApprovalReferences(tx, {
    ticketId: wanted.ticketId === existing.ticketId ? null : wanted.ticketId,
    requesterId: wanted.requesterId === existing.requesterId ? null : wanted.requesterId,
    ...(wanted.approverId === existing.approverId ? {} : { approverId: wanted.approverId }),
  });
  await updateApproval(tx, wanted);
  const record = await findApproval(tx, existing.approvalId);
  if (record === null) throw new DeskbridgeError('not_found');
  const answered = record.status === 'approved' || record.status === 'changes_requested';
  if (change.notify && answered && existing.status !== record.status)
    raiseApprovalResponse(tx, record, change);
  return { record, outcome: 'updated' };
}

const comparedFields = [
  'ticketId',
  'title',
  'description',
  'requesterId',
  'approverId',
  'status',
  'comment',
] as const;

function patched(existing: ApprovalRecord, input: MirroredApproval, now: Date): ApprovalRow {
  const status = input.status ?? existing.status;
  const respondedAt = status === 'pending' ? null : (existing.respondedAt ?? now);
  return {
    ...existing,
    ticketId: input.ticketId === undefined ? existing.ticketId : input.ticketId,
    title: input.title,
    description: input.description ?? existing.description,
    requesterId: input.requesterId === undefined ? existing.requesterId : input.requesterId,
    approverId: input.approverId,
    status,
    comment: input.comment === undefined ? existing.comment : input.comment,
    respondedAt: status === existing.status ? existing.respondedAt : respondedAt,
    updatedAt: now,
  };
}
