/** `approve <approval>`, `reject <approval>: <comment>`: answers an approval. */
import { z } from 'zod';
import { presentApprovalDone } from '../../desk/present-approval.ts';
import { approvalItem } from '../../desk/record-items.ts';
import type { ApprovalRecord } from '../../desk/records.ts';
import { approvalResponses, respondApproval } from '../../desk/respond-approval.ts';
import type { FormField } from '../../kernel/message.ts';
import { defineAction, requireActor } from '../define-action.ts';
import { limits, optionalText, reference } from '../input-fields.ts';
import { resolveApprovalTarget } from '../references/approval.ts';
import { presentFor, refuseField } from '../references/present.ts';
import { prefilled } from '../ticket-draft.ts';

const input = z.strictObject({
  approval: reference,
  response: z.enum(approvalResponses),
  /** Required when changes are requested. */
  comment: optionalText(limits.note),
});

export const approvalResponseAction = defineAction<z.output<typeof input>, ApprovalRecord>({
  id: 'approval_response',
  kind: 'mutation',
  permission: 'approval:respond',
  surfaces: ['bot', 'card', 'quick_action', 'api'],
  targetKinds: ['approval'],
  input,
  commands: [
    { id: 'approve', constants: { response: 'approve' } },
    { id: 'request_changes', constants: { response: 'request_changes' } },
  ],
  form: async ({ say }, known) => {
    const comment: FormField = {
      name: 'comment',
      label: say('field.comment.label'),
      kind: 'multiline',
      required: known.response === 'request_changes',
      maxLength: limits.note,
      placeholder: say('field.comment.placeholder'),
    };
    const response: FormField = {
      name: 'response',
      label: say('field.response.label'),
      kind: 'choice',
      required: true,
      choices: [
        { label: say('button.approve'), value: 'approve' },
        { label: say('button.request_changes'), value: 'request_changes' },
      ],
    };
    // A button that stands for one answer does not ask for it again.
    return prefilled(known.response === undefined ? [response, comment] : [comment], known);
  },
  resolve: resolveApprovalTarget,
  run: async (context, { response, comment = null }, approval) => {
    const { tx, say, now } = context;
    const { actor } = requireActor(context);
    if (approval.approverId !== actor.userId) {
      const message = say('approval.not_approver', { approver: approval.approverName });
      throw refuseField('forbidden', 'approval', message);
    }
    if (approval.status !== 'pending') {
      const status = say(`approval_status.${approval.status}`);
      throw refuseField('conflict', 'approval', say('approval.answered', { status }));
    }
    if (response === 'request_changes' && comment === null) {
      throw refuseField('validation_error', 'comment', say('invalid.comment_required'));
    }
    const change = { actorUserId: actor.userId, now };
    const answered = await respondApproval(tx, { approval, response, comment }, change);
    return {
      message: presentApprovalDone(presentFor(context), answered),
      items: [approvalItem(answered)],
    };
  },
});
