/** The approval that an input names. */
import { findApproval } from '../../desk/approval-queries.ts';
import type { ApprovalRecord } from '../../desk/records.ts';
import type { ActionContext, ActionTarget } from '../define-action.ts';
import { parseReference } from '../parse-reference.ts';
import { resolveOrdinal } from './ordinal.ts';
import { refuseField } from './present.ts';

/**
 * By ordinal or id; approvals have no numbers.
 * @throws DeskbridgeError not_found; AskBack for an ordinal that means nothing
 */
export async function resolveApproval(context: ActionContext, text: string): Promise<ApprovalRecord> {
  const approval = await lookUpApproval(context, text);
  if (approval !== null) return approval;
  throw refuseField('not_found', 'approval', context.say('not_found.approval', { reference: text }));
}

/** The same as a target; for `resolve` of an action. */
export async function resolveApprovalTarget(
  context: ActionContext,
  input: { approval: string },
): Promise<{ target: ActionTarget; record: ApprovalRecord }> {
  const record = await resolveApproval(context, input.approval);
  return { target: { kind: 'approval', id: record.approvalId }, record };
}

async function lookUpApproval(context: ActionContext, text: string): Promise<ApprovalRecord | null> {
  const wanted = parseReference(text);
  if (wanted === null || wanted.kind === 'number') return null;
  if (wanted.kind === 'id') return findApproval(context.tx, wanted.value);
  if (context.chat === null) return null;
  return findApproval(context.tx, await resolveOrdinal(context, 'approval', wanted.value));
}
