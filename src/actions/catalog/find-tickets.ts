/** `find <words>`: searches tickets by their words or their number. */
import { z } from 'zod';
import { presentList } from '../../desk/present-list.ts';
import { presentTicket, presentTicketRow } from '../../desk/present-ticket.ts';
import { ticketItem } from '../../desk/record-items.ts';
import type { TicketRecord } from '../../desk/records.ts';
import { countTickets, findTickets } from '../../desk/ticket-queries.ts';
import type { Button } from '../../kernel/message.ts';
import { type ActionContext, type ActionResult, defineAction } from '../define-action.ts';
import { defaultLimit, limits, requiredLine } from '../input-fields.ts';
import { presentFor } from '../references/present.ts';
import { ticketLink } from '../ticket-draft.ts';

const input = z.strictObject({
  /** Words that all occur, or a ticket number. */
  query: requiredLine(limits.query),
  page: z.int().min(1).max(1000).default(1),
});
type Input = z.output<typeof input>;

export const findTicketsAction = defineAction<Input>({
  id: 'find_tickets',
  kind: 'query',
  permission: 'ticket:read',
  // `card`: the button that turns the page.
  surfaces: ['bot', 'card', 'message_extension', 'api'],
  targetKinds: [],
  input,
  commands: [{ id: 'find_tickets' }],
  run: async (context, { query, page }) => {
    const size = defaultLimit(context.surface);
    const filter = { text: query };
    const skipped = (page - 1) * size;
    const [tickets, total] = await Promise.all([
      findTickets(context.tx, filter, { skip: skipped, count: size }),
      countTickets(context.tx, filter),
    ]);
    return {
      message: present(context, { query, page }, { tickets, total, skipped }),
      items: tickets.map((ticket) => ticketItem(ticket, context.ticketUrl)),
      links: tickets.map((ticket) => ticketLink(context, ticket)),
      listed: { kind: 'ticket', ids: tickets.map((ticket) => ticket.ticketId) },
    };
  },
});

function present(
  context: ActionContext,
  { query, page }: Input,
  found: { tickets: TicketRecord[]; total: number; skipped: number },
): ActionResult['message'] {
  const { say } = context;
  const { tickets, total, skipped } = found;
  const [first] = tickets;
  if (first === undefined) {
    return { title: say('tickets.found.empty.title'), text: say('tickets.found.empty.text', { query }) };
  }
  const view = presentFor(context);
  if (total === 1) return presentTicket(view, first);
  const next: Button = {
    kind: 'action',
    label: say('button.more'),
    action: 'find_tickets',
    input: { query, page: page + 1 },
    nonce: context.nonce(),
  };
  return presentList(say, {
    title: say('tickets.found.title', { count: total, query }),
    // Ordinals count the lines of this page: those are what the person sees.
    items: tickets.map((ticket, index) => presentTicketRow(view, ticket, index + 1)),
    total,
    skipped,
    hint: say('list.ticket_hint'),
    buttons: skipped + tickets.length < total ? [next] : [],
  });
}
