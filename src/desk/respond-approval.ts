/** Answers an approval: once, while it is pending, by its approver. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { answerApproval } from './approval-store.ts';
import type { PersonalChange } from './change.ts';
import { raiseEvent } from './raise-event.ts';
import type { ApprovalRecord } from './records.ts';

export const approvalResponses = ['approve', 'request_changes'] as const;
export type ApprovalResponse = (typeof approvalResponses)[number];

const statusOf = { approve: 'approved', request_changes: 'changes_requested' } as const;

/**
 * Raises `approval_response`; one round trip.
 * @throws DeskbridgeError forbidden for anybody but the approver; conflict when it was answered or cancelled before
 */
export async function respondApproval(
  tx: Transaction,
  answer: { approval: ApprovalRecord; response: ApprovalResponse; comment: string | null },
  change: PersonalChange,
): Promise<ApprovalRecord> {
  const { approval, response, comment } = answer;
  const { actorUserId, now } = change;
  if (approval.approverId !== actorUserId) throw new DeskbridgeError('forbidden');
  const status = statusOf[response];
  const { approvalId } = approval;
  const won = await answerApproval(tx, { approvalId, approverId: actorUserId, status, comment, now });
  if (!won) throw new DeskbridgeError('conflict');
  raiseApprovalResponse(tx, { ...approval, status }, change);
  return { ...approval, status, comment, respondedAt: now, updatedAt: now };
}

/** Raises `approval_response`. */
export function raiseApprovalResponse(
  tx: Transaction,
  approval: ApprovalRecord,
  change: { actorUserId: string | null; now: Date },
): void {
  raiseEvent(tx, {
    type: 'approval_response',
    target: { kind: 'approval', id: approval.approvalId },
    data: {
      status: approval.status,
      approver_id: approval.approverId,
      requester_id: approval.requesterId,
      ticket_id: approval.ticketId,
      number: approval.ticketNumber,
    },
    actorUserId: change.actorUserId,
    now: change.now,
  });
}
