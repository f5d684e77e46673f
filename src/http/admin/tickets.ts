/** The desk's tickets. */
import { z } from 'zod';
import { limits, requiredLine } from '../../actions/input-fields.ts';
import { changeTicket } from '../../desk/change-ticket.ts';
import { createTicket, type TicketInput } from '../../desk/create-ticket.ts';
import { ticketItem } from '../../desk/record-items.ts';
import { statusKinds, type TicketRecord, ticketPriorities } from '../../desk/records.ts';
import { listTickets } from '../../desk/ticket-queries.ts';
import { ticketUrl } from '../../desk/ticket-url.ts';
import { upsertTicket } from '../../desk/upsert-ticket.ts';
import {
  anyInstant,
  id,
  instant,
  listOf,
  mutationRoute,
  pageQuery,
  type Route,
  type RouteContext,
  readRoute,
  recordId,
  toDeskPage,
} from '../route.ts';
import { created, notifyQuery, upserted } from './desk-answers.ts';
import { externalId, externalIdIn, type Given, given, textBlock } from './fields.ts';
import { ticketIn } from './ticket-in-path.ts';

const nullableText = z.string().nullable();
const ticket = z.object({
  ticket_id: id,
  number: z.int(),
  title: z.string(),
  description: z.string(),
  priority: z.enum(ticketPriorities),
  board_id: id,
  board: z.string(),
  status_id: id,
  status: z.string(),
  status_kind: z.enum(statusKinds),
  client_id: id.nullable(),
  client: nullableText,
  contact_id: id.nullable(),
  contact: nullableText,
  assignee_id: id.nullable(),
  assignee: nullableText,
  created_by: id.nullable(),
  due_at: instant.nullable(),
  url: z.string(),
  source_url: nullableText,
  external_id: nullableText,
  closed_at: instant.nullable(),
  created_at: instant,
  updated_at: instant,
});

const fields = z.strictObject({
  title: requiredLine(limits.title),
  description: textBlock(limits.description).optional(),
  priority: z.enum(ticketPriorities).optional(),
  board_id: recordId.optional().describe('Without it the default board'),
  status_id: recordId.optional().describe("Without it the board's first"),
  client_id: recordId.nullish(),
  contact_id: recordId.nullish(),
  assignee_id: recordId.nullish(),
  due_at: anyInstant.nullish(),
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .nullish()
    .describe('Its page in another desk'),
});

type Fields = z.output<typeof fields> & { external_id: string };
type Body = { [Name in keyof Fields]?: Fields[Name] | undefined };

/** Fields that were left out stay out. */
function toInput(body: Body): Given<Partial<{ [Name in keyof TicketInput]: TicketInput[Name] | undefined }>> {
  return given({
    title: body.title,
    description: body.description,
    priority: body.priority,
    boardId: body.board_id,
    statusId: body.status_id,
    clientId: body.client_id,
    contactId: body.contact_id,
    assigneeId: body.assignee_id,
    dueAt: body.due_at == null ? body.due_at : new Date(body.due_at),
    url: body.url,
    externalId: body.external_id,
  });
}

function presenter({ services, tenant }: Pick<RouteContext, 'services' | 'tenant'>) {
  return (record: TicketRecord) =>
    ticketItem(record, (page) => ticketUrl(services.publicUrl, tenant.slug, page));
}

const path = '/v1/tenants/{tenant}/tickets';
const tag = 'Desk';

export const ticketRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Open a ticket',
    capability: 'ticket:create',
    action: 'ticket.create',
    body: fields.extend({ external_id: externalId.optional() }),
    response: ticket,
    status: 201,
    handle: async (tx, { body, now, ...context }) => {
      const input = { ...toInput(body), title: body.title };
      const record = await createTicket(tx, input, { actorUserId: null, now });
      return created('ticket', record.ticketId, presenter(context)(record));
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List tickets, newest first',
    capability: 'ticket:read',
    query: pageQuery.extend({
      status_id: recordId.optional(),
      assignee_id: recordId.optional(),
      client_id: recordId.optional(),
      open: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
      text: z
        .string()
        .max(limits.query)
        .optional()
        .describe('Words of the title, description or client; or #1002'),
    }),
    response: listOf(ticket),
    handle: async (tx, { query, ...context }) => {
      const filter = given({
        statusId: query.status_id,
        assigneeId: query.assignee_id,
        clientId: query.client_id,
        open: query.open,
        text: query.text,
      });
      const page = await listTickets(tx, filter, toDeskPage(query));
      return { items: page.items.map(presenter(context)), next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: `${path}/{ticket}`,
    tag,
    summary: 'Read a ticket by its id or number',
    capability: 'ticket:read',
    response: ticket,
    handle: async (tx, { params, ...context }) => presenter(context)(await ticketIn(tx, params)),
  }),
  mutationRoute({
    method: 'patch',
    path: `${path}/{ticket}`,
    tag,
    summary: 'Change a ticket; what is left out stays, null empties',
    capability: 'ticket:update',
    action: 'ticket.update',
    body: fields.partial(),
    response: ticket,
    handle: async (tx, { params, body, now, ...context }) => {
      const { ticketId } = await ticketIn(tx, params);
      const record = await changeTicket(tx, ticketId, toInput(body), { actorUserId: null, now });
      return created('ticket', record.ticketId, presenter(context)(record));
    },
  }),
  mutationRoute({
    method: 'put',
    path: `${path}/by-external-id/{external_id}`,
    tag,
    summary: 'Mirror a ticket of another desk; fields that are left out stay; 201 when it is new',
    capability: 'desk:manage',
    action: 'ticket.upsert',
    query: notifyQuery,
    body: fields,
    response: ticket,
    handle: async (tx, { params, query, body, now, ...context }) => {
      const input = { ...toInput(body), title: body.title };
      const change = { actorUserId: null, now, notify: query.notify };
      const { record, outcome } = await upsertTicket(tx, externalIdIn(params), input, change);
      return upserted('ticket', record.ticketId, presenter(context)(record), outcome);
    },
  }),
];
