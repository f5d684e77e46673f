/** `reply <ticket>: <text>`: records a reply to the contact and says whether anything delivers it. */
import { z } from 'zod';
import { noteItem } from '../../desk/record-items.ts';
import type { TicketRecord } from '../../desk/records.ts';
import { type ReplyDelivery, replyToContact } from '../../desk/reply-to-contact.ts';
import type { Say } from '../../words/index.ts';
import { defineAction, requireActor } from '../define-action.ts';
import { limits, reference, requiredText } from '../input-fields.ts';
import { resolveTicketTarget } from '../references/ticket.ts';
import { prefilled, ticketDone } from '../ticket-draft.ts';

const input = z.strictObject({ ticket: reference, reply: requiredText(limits.note) });

export const replyToContactAction = defineAction<z.output<typeof input>, TicketRecord>({
  id: 'reply_to_contact',
  kind: 'mutation',
  permission: 'ticket:update',
  surfaces: ['bot', 'quick_action', 'api'],
  targetKinds: ['ticket'],
  input,
  commands: [{ id: 'reply_to_contact' }],
  form: async ({ say }, known) =>
    prefilled(
      [
        {
          name: 'reply',
          label: say('field.reply.label'),
          kind: 'multiline',
          required: true,
          maxLength: limits.note,
          placeholder: say('field.reply.placeholder'),
        },
      ],
      known,
    ),
  resolve: resolveTicketTarget,
  run: async (context, { reply }, ticket) => {
    const { tx, say, now } = context;
    const { actor } = requireActor(context);
    const change = { actorUserId: actor.userId, now };
    const { note, delivery } = replyToContact(tx, { ticket, text: reply, author: actor }, change);
    const footer = deliveryWords(say, delivery);
    const done = say('done.replied', { number: String(ticket.number) });
    const result = { ...ticketDone(context, ticket, done, { footer }), items: [noteItem(note)] };
    return delivery === 'desk' ? result : { ...result, warnings: [footer] };
  },
});

/** What becomes of a reply, in words. */
export function deliveryWords(say: Say, delivery: ReplyDelivery): string {
  return delivery === 'desk' ? say('done.reply_delivered_by_desk') : say('done.reply_not_delivered');
}
