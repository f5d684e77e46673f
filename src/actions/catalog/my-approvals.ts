/** `my approvals`: what waits for the person's answer. */
import { z } from 'zod';
import { countPendingApprovalsOf, listPendingApprovalsOf } from '../../desk/approval-queries.ts';
import { presentApprovalRow } from '../../desk/present-approval.ts';
import { presentList } from '../../desk/present-list.ts';
import { approvalItem } from '../../desk/record-items.ts';
import { defineAction, requireActor } from '../define-action.ts';
import { defaultLimit, listLimit } from '../input-fields.ts';
import { presentFor } from '../references/present.ts';

const input = z.strictObject({ limit: listLimit.optional() });

export const myApprovalsAction = defineAction<z.output<typeof input>>({
  id: 'my_approvals',
  kind: 'query',
  permission: 'approval:respond',
  surfaces: ['bot', 'home', 'message_extension', 'api'],
  targetKinds: [],
  input,
  commands: [{ id: 'my_approvals' }],
  run: async (context, { limit = defaultLimit(context.surface) }) => {
    const { tx, say } = context;
    const { actor } = requireActor(context);
    const [approvals, total] = await Promise.all([
      listPendingApprovalsOf(tx, actor.userId, limit),
      countPendingApprovalsOf(tx, actor.userId),
    ]);
    const ids = approvals.map((approval) => approval.approvalId);
    const present = presentFor(context);
    const empty = { title: say('approvals.mine.empty.title'), text: say('approvals.mine.empty.text') };
    return {
      message:
        approvals.length === 0
          ? empty
          : presentList(say, {
              title: say('approvals.mine.title', { count: total }),
              items: approvals.map((approval, index) => presentApprovalRow(present, approval, index + 1)),
              total,
              hint: say('list.approval_hint'),
            }),
      items: approvals.map(approvalItem),
      listed: { kind: 'approval', ids },
    };
  },
});
