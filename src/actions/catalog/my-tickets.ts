/** `my tickets`: the open tickets that are assigned to the person. */
import { z } from 'zod';
import { presentList } from '../../desk/present-list.ts';
import { presentOwnTicketRow } from '../../desk/present-ticket.ts';
import { ticketItem } from '../../desk/record-items.ts';
import { countOpenTicketsOf, listOpenTicketsOf } from '../../desk/ticket-queries.ts';
import { defineAction, requireActor } from '../define-action.ts';
import { defaultLimit, listLimit } from '../input-fields.ts';
import { presentFor } from '../references/present.ts';
import { ticketLink } from '../ticket-draft.ts';

const input = z.strictObject({ limit: listLimit.optional() });

export const myTicketsAction = defineAction<z.output<typeof input>>({
  id: 'my_tickets',
  kind: 'query',
  permission: 'ticket:read',
  surfaces: ['bot', 'home', 'message_extension', 'api'],
  targetKinds: [],
  input,
  commands: [{ id: 'my_tickets' }],
  run: async (context, { limit = defaultLimit(context.surface) }) => {
    const { tx, say } = context;
    const { actor } = requireActor(context);
    const [tickets, total] = await Promise.all([
      listOpenTicketsOf(tx, actor.userId, limit),
      countOpenTicketsOf(tx, actor.userId),
    ]);
    const ids = tickets.map((ticket) => ticket.ticketId);
    const present = presentFor(context);
    const empty = { title: say('tickets.mine.empty.title'), text: say('tickets.mine.empty.text') };
    return {
      message:
        tickets.length === 0
          ? empty
          : presentList(say, {
              title: say('tickets.mine.title', { count: total }),
              items: tickets.map((ticket, index) => presentOwnTicketRow(present, ticket, index + 1)),
              total,
              hint: say('list.ticket_hint'),
            }),
      items: tickets.map((ticket) => ticketItem(ticket, context.ticketUrl)),
      links: tickets.map((ticket) => ticketLink(context, ticket)),
      listed: { kind: 'ticket', ids },
    };
  },
});
