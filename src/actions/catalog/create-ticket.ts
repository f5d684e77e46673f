/** `new ticket <title> [for <client>]`: opens a ticket. */
import { z } from 'zod';
import { defineAction } from '../define-action.ts';
import { limits, requiredLine } from '../input-fields.ts';
import { createFromDraft, draftFields, draftForm, prefilled, ticketDone } from '../ticket-draft.ts';

const input = z.strictObject({ title: requiredLine(limits.title), ...draftFields });

export const createTicketAction = defineAction<z.output<typeof input>>({
  id: 'create_ticket',
  kind: 'mutation',
  permission: 'ticket:create',
  surfaces: ['bot', 'quick_action', 'shortcut', 'api'],
  targetKinds: ['ticket'],
  input,
  commands: [{ id: 'create_ticket' }],
  form: async (context, known) => prefilled(draftForm(context, {}), known),
  run: async (context, draft) => {
    const ticket = await createFromDraft(context, draft, null);
    return ticketDone(context, ticket, context.say('done.created', { number: String(ticket.number) }));
  },
});
