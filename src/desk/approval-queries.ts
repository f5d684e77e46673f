/** Reads of approvals. */
import { statement, type Transaction } from '../infra/database.ts';
import { containsPattern, ListConditions, type Page, type PageRequest, toPage } from '../infra/keyset.ts';
import type { ApprovalRecord, ApprovalStatus } from './records.ts';

const selectApproval = `select a.approval_id as "approvalId", a.ticket_id as "ticketId", t.number as "ticketNumber",
  t.title as "ticketTitle", t.url as "ticketUrl", a.title, a.description, a.requester_id as "requesterId",
  r.name as "requesterName", a.approver_id as "approverId", p.name as "approverName", a.status, a.comment,
  a.responded_at as "respondedAt", a.external_id as "externalId", a.created_at as "createdAt",
  a.updated_at as "updatedAt"
  from approvals a
  join users p on p.tenant_id = $1 and p.user_id = a.approver_id
  left join users r on r.tenant_id = $1 and r.user_id = a.requester_id
  left join tickets t on t.tenant_id = $1 and t.ticket_id = a.ticket_id
  where a.tenant_id = $1`;

const byId = statement('approval-by-id', `${selectApproval} and a.approval_id = $2`);
const byExternalId = statement(
  'approval-by-external-id',
  `${selectApproval} and a.external_id = $2 for update of a`,
);
const pendingOf = statement(
  'approval-pending-of',
  `${selectApproval} and a.approver_id = $2 and a.status = 'pending'
    order by a.created_at desc, a.approval_id desc limit $3`,
);
const countPending = statement(
  'approval-count-pending-of',
  `select count(*) as count from approvals where tenant_id = $1 and approver_id = $2 and status = 'pending'`,
);

/** Null when the tenant has no such approval. */
export async function findApproval(tx: Transaction, approvalId: string): Promise<ApprovalRecord | null> {
  const [approval] = await tx.query<ApprovalRecord>(byId, [tx.tenantId, approvalId]);
  return approval ?? null;
}

/** Locked until the transaction ends. */
export async function lockApprovalByExternalId(
  tx: Transaction,
  externalId: string,
): Promise<ApprovalRecord | null> {
  const [approval] = await tx.query<ApprovalRecord>(byExternalId, [tx.tenantId, externalId]);
  return approval ?? null;
}

/** What waits for a person's answer, newest first. */
export function listPendingApprovalsOf(
  tx: Transaction,
  approverId: string,
  limit: number,
): Promise<ApprovalRecord[]> {
  return tx.query<ApprovalRecord>(pendingOf, [tx.tenantId, approverId, limit]);
}

/** How many approvals wait for a person's answer. */
export async function countPendingApprovalsOf(tx: Transaction, approverId: string): Promise<number> {
  const [row] = await tx.query<{ count: number }>(countPending, [tx.tenantId, approverId]);
  return row?.count ?? 0;
}

export interface ApprovalFilter {
  status?: ApprovalStatus;
  approverId?: string;
  ticketId?: string;
  /** Every word occurs in the title, the description or the ticket's title. */
  text?: string;
}

/** Approvals newest first. */
export async function listApprovals(
  tx: Transaction,
  filter: ApprovalFilter,
  page: PageRequest,
): Promise<Page<ApprovalRecord>> {
  const conditions = approvalConditions(tx, filter);
  conditions.startAfter(page.after, 'a.created_at', 'a.approval_id');
  const limit = conditions.parameter(page.limit + 1);
  const rows = await tx.query<ApprovalRecord>(
    `${selectApproval}${conditions.sql} order by a.created_at desc, a.approval_id desc limit ${limit}`,
    conditions.values,
  );
  return toPage(rows, page.limit, (row) => ({ createdAt: row.createdAt, id: row.approvalId }));
}

/** Approvals newest first by offset, for lists that a chat client pages by number. */
export function searchApprovals(
  tx: Transaction,
  filter: ApprovalFilter,
  window: { skip: number; count: number },
): Promise<ApprovalRecord[]> {
  const conditions = approvalConditions(tx, filter);
  const limit = conditions.parameter(window.count);
  const offset = conditions.parameter(window.skip);
  return tx.query<ApprovalRecord>(
    `${selectApproval}${conditions.sql} order by a.created_at desc, a.approval_id desc
      limit ${limit} offset ${offset}`,
    conditions.values,
  );
}

function approvalConditions(tx: Transaction, filter: ApprovalFilter): ListConditions {
  const conditions = new ListConditions(tx.tenantId);
  if (filter.status !== undefined) conditions.add((p) => `a.status = ${p}`, filter.status);
  if (filter.approverId !== undefined) conditions.add((p) => `a.approver_id = ${p}`, filter.approverId);
  if (filter.ticketId !== undefined) conditions.add((p) => `a.ticket_id = ${p}`, filter.ticketId);
  const text = filter.text?.trim() ?? '';
  if (text !== '') {
    const patterns = text.split(/\s+/).map(containsPattern);
    conditions.add(
      (p) => `concat_ws(' ', a.title, a.description, t.title) ilike all (${p}::text[])`,
      patterns,
    );
  }
  return conditions;
}
