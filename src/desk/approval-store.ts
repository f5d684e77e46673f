/** Writes of approvals. */
import { statement, type Transaction } from '../infra/database.ts';
import type { ApprovalRecord } from './records.ts';

const insert = statement(
  'approval-insert',
  `insert into approvals (tenant_id, approval_id, ticket_id, title, description, requester_id, approver_id, status,
     comment, responded_at, external_id, created_at, updated_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
);

// The answer is a compare-and-set: of two at once one finds the approval pending, the other does not.
const respond = statement(
  'approval-respond',
  `update approvals set status = $4, comment = $5, responded_at = $6, updated_at = $6
   where tenant_id = $1 and approval_id = $2 and approver_id = $3 and status = 'pending'`,
);

const update = statement(
  'approval-update',
  `update approvals set ticket_id = $3, title = $4, description = $5, requester_id = $6, approver_id = $7,
     status = $8, comment = $9, responded_at = $10, updated_at = $11
   where tenant_id = $1 and approval_id = $2`,
);

export type ApprovalRow = Omit<
  ApprovalRecord,
  'ticketNumber' | 'ticketTitle' | 'ticketUrl' | 'requesterName' | 'approverName'
>;

export async function insertApproval(tx: Transaction, approval: ApprovalRow): Promise<void> {
  await tx.execute(insert, [
    tx.tenantId,
    approval.approvalId,
    approval.ticketId,
    approval.title,
    approval.description,
    approval.requesterId,
    approval.approverId,
    approval.status,
    approval.comment,
    approval.respondedAt,
    approval.externalId,
    approval.createdAt,
    approval.updatedAt,
  ]);
}

/** Writes every field that can change; the row is locked by the caller. */
export async function updateApproval(tx: Transaction, approval: ApprovalRow): Promise<void> {
  await tx.execute(update, [
    tx.tenantId,
    approval.approvalId,
    approval.ticketId,
    approval.title,
    approval.description,
    approval.requesterId,
    approval.approverId,
    approval.status,
    approval.comment,
    approval.respondedAt,
    approval.updatedAt,
  ]);
}

/** Answers a pending approval of this approver; false when it is not pending any more, or another's. */
export async function answerApproval(
  tx: Transaction,
  answer: {
    approvalId: string;
    approverId: string;
    status: 'approved' | 'changes_requested';
    comment: string | null;
    now: Date;
  },
): Promise<boolean> {
  const { approvalId, approverId, status, comment, now } = answer;
  return (await tx.execute(respond, [tx.tenantId, approvalId, approverId, status, comment, now])) === 1;
}
