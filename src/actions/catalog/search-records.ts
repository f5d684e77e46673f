/** Search as the person types, in a compose box: tickets, approvals and contacts in one list. */
import { z } from 'zod';
import { searchApprovals } from '../../desk/approval-queries.ts';
import { searchContacts } from '../../desk/contact-queries.ts';
import { approvalSummary, presentApproval } from '../../desk/present-approval.ts';
import { presentContact } from '../../desk/present-contact.ts';
import type { PresentContext } from '../../desk/present-context.ts';
import { presentTicket, ticketSummary, ticketTitle } from '../../desk/present-ticket.ts';
import type { ApprovalRecord, ContactRecord, TicketRecord } from '../../desk/records.ts';
import { findTickets } from '../../desk/ticket-queries.ts';
import type { SearchResult } from '../../kernel/message.ts';
import { cleanLine } from '../../kernel/plain-text.ts';
import { type ActionContext, defineAction, requireActor } from '../define-action.ts';
import { limits } from '../input-fields.ts';
import { presentFor } from '../references/present.ts';

/** Compose boxes page on and on; nobody reads beyond this. */
const maxSkip = 500;
/** Rows of a page. */
const maxCount = 25;

// What a person types or scrolls to is cut to size rather than refused.
const input = z.strictObject({
  text: z
    .string()
    .default('')
    .transform((text) => cleanLine(text.slice(0, limits.query))),
  skip: z.int().min(0).default(0),
  count: z
    .int()
    .min(1)
    .default(maxCount)
    .transform((count) => Math.min(count, maxCount)),
});
type Input = z.output<typeof input>;

export const searchRecordsAction = defineAction<Input>({
  id: 'search_records',
  kind: 'query',
  permission: 'ticket:read',
  surfaces: ['message_extension'],
  targetKinds: [],
  input,
  commands: [],
  run: async (context, input) => {
    const view = presentFor(context);
    const results =
      input.skip > maxSkip
        ? []
        : input.text === ''
          ? await myOpenTickets(context, view, input)
          : await search(context, view, input);
    const title =
      results.length > 0
        ? context.say('action.search_records.title')
        : context.say('search.empty', { query: input.text });
    return { message: { title }, results };
  },
});

async function myOpenTickets(
  context: ActionContext,
  view: PresentContext,
  { skip, count }: Input,
): Promise<SearchResult[]> {
  const { actor } = requireActor(context);
  const mine = { assigneeId: actor.userId, open: true };
  const tickets = await findTickets(context.tx, mine, { skip, count });
  return tickets.map((ticket) => ticketResult(view, ticket));
}

/**
 * One list of three kinds in that order, so that a page is the same window of it every time: each kind is read from
 * its beginning to the end of the window, which stays small.
 */
async function search(
  context: ActionContext,
  view: PresentContext,
  { text, skip, count }: Input,
): Promise<SearchResult[]> {
  const { tx } = context;
  const window = { skip: 0, count: skip + count };
  const may = requireActor(context).actor.capabilities;
  const [tickets, approvals, contacts] = await Promise.all([
    findTickets(tx, { text }, window),
    may.has('approval:read') ? searchApprovals(tx, { text }, window) : [],
    may.has('contact:read') ? searchContacts(tx, { text }, window) : [],
  ]);
  const all = [
    ...tickets.map((ticket) => () => ticketResult(view, ticket)),
    ...approvals.map((approval) => () => approvalResult(view, approval)),
    ...contacts.map((contact) => () => contactResult(view, contact)),
  ];
  return all.slice(skip, skip + count).map((present) => present());
}

function ticketResult(view: PresentContext, ticket: TicketRecord): SearchResult {
  return {
    title: ticketTitle(view, ticket),
    text: ticketSummary(view, ticket),
    message: presentTicket(view, ticket),
  };
}

function approvalResult(view: PresentContext, approval: ApprovalRecord): SearchResult {
  const text = `${view.say('record_kind.approval')} · ${approvalSummary(view, approval)}`;
  return { title: approval.title, text, message: presentApproval(view, approval) };
}

function contactResult(view: PresentContext, contact: ContactRecord): SearchResult {
  const about = [view.say('record_kind.contact'), contact.email, contact.clientName];
  const text = about.filter((part) => part !== null).join(' · ');
  return { title: contact.name, text, message: presentContact(view, contact) };
}
