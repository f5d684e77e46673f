/** Requests for a person's approval. */
import { z } from 'zod';
import { limits, requiredLine } from '../../actions/input-fields.ts';
import { findApproval, listApprovals } from '../../desk/approval-queries.ts';
import { approvalItem } from '../../desk/record-items.ts';
import { approvalStatuses } from '../../desk/records.ts';
import { requestApproval } from '../../desk/request-approval.ts';
import { upsertApproval } from '../../desk/upsert-approval.ts';
import {
  found,
  id,
  idIn,
  instant,
  listOf,
  mutationRoute,
  pageQuery,
  type Route,
  readRoute,
  recordId,
  toDeskPage,
} from '../route.ts';
import { created, notifyQuery, upserted } from './desk-answers.ts';
import { externalId, externalIdIn, given, textBlock } from './fields.ts';

const approval = z.object({
  approval_id: id,
  title: z.string(),
  description: z.string(),
  status: z.enum(approvalStatuses),
  ticket_id: id.nullable(),
  ticket_number: z.int().nullable(),
  requester_id: id.nullable(),
  requester: z.string().nullable(),
  approver_id: id,
  approver: z.string(),
  comment: z.string().nullable(),
  responded_at: instant.nullable(),
  external_id: z.string().nullable(),
  created_at: instant,
  updated_at: instant,
});

const fields = z.strictObject({
  title: requiredLine(limits.title),
  description: textBlock(limits.description).optional(),
  approver_id: recordId,
  requester_id: recordId.nullish(),
  ticket_id: recordId.nullish(),
});

function toInput(body: z.output<typeof fields>) {
  return {
    title: body.title,
    approverId: body.approver_id,
    ...given({ description: body.description, requesterId: body.requester_id, ticketId: body.ticket_id }),
  };
}

const path = '/v1/tenants/{tenant}/approvals';
const tag = 'Desk';

export const approvalRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Ask a person for an approval',
    capability: 'desk:manage',
    action: 'approval.create',
    body: fields.extend({ external_id: externalId.optional() }),
    response: approval,
    status: 201,
    handle: async (tx, { body, now }) => {
      const input = { ...toInput(body), ...given({ externalId: body.external_id }) };
      const record = await requestApproval(tx, input, { actorUserId: null, now });
      return created('approval', record.approvalId, approvalItem(record));
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List approvals, newest first',
    capability: 'approval:read',
    query: pageQuery.extend({
      status: z.enum(approvalStatuses).optional(),
      approver_id: recordId.optional(),
      ticket_id: recordId.optional(),
      text: z.string().max(limits.query).optional().describe('Words of the title, description or ticket'),
    }),
    response: listOf(approval),
    handle: async (tx, { query }) => {
      const filter = given({
        status: query.status,
        approverId: query.approver_id,
        ticketId: query.ticket_id,
        text: query.text,
      });
      const page = await listApprovals(tx, filter, toDeskPage(query));
      return { items: page.items.map(approvalItem), next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: `${path}/{approval_id}`,
    tag,
    summary: 'Read an approval',
    capability: 'approval:read',
    response: approval,
    handle: async (tx, { params }) =>
      approvalItem(found(await findApproval(tx, idIn(params, 'approval_id')))),
  }),
  mutationRoute({
    method: 'put',
    path: `${path}/by-external-id/{external_id}`,
    tag,
    summary: 'Mirror an approval of another desk, which decides its state; 201 when it is new',
    capability: 'desk:manage',
    action: 'approval.upsert',
    query: notifyQuery,
    body: fields.extend({
      status: z.enum(approvalStatuses).optional(),
      comment: textBlock(limits.note).nullish(),
    }),
    response: approval,
    handle: async (tx, { params, query, body, now }) => {
      const input = { ...toInput(body), ...given({ status: body.status, comment: body.comment }) };
      const change = { actorUserId: null, now, notify: query.notify };
      const { record, outcome } = await upsertApproval(tx, externalIdIn(params), input, change);
      return upserted('approval', record.approvalId, approvalItem(record), outcome);
    },
  }),
];
