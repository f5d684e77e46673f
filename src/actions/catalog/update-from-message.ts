/** Adds a chat message to a ticket, as an internal note or as a reply to the contact. */
import { z } from 'zod';
import { addNote } from '../../desk/add-note.ts';
import type { TicketRecord } from '../../desk/records.ts';
import { replyToContact } from '../../desk/reply-to-contact.ts';
import { cleanText, truncateText } from '../../kernel/plain-text.ts';
import { defineAction, requireActor } from '../define-action.ts';
import { limits, messageUrl, reference, requiredText } from '../input-fields.ts';
import { sourceUrlOf } from '../message-source.ts';
import { resolveTicketTarget } from '../references/ticket.ts';
import { prefilled, ticketDone } from '../ticket-draft.ts';
import { deliveryWords } from './reply-to-contact.ts';

const kinds = ['internal_note', 'customer_reply'] as const;

const input = z.strictObject({
  ticket: reference,
  kind: z.enum(kinds),
  content: requiredText(limits.note),
  /** The form carries it from the message to here. */
  source_url: messageUrl.optional(),
});

export const updateFromMessageAction = defineAction<z.output<typeof input>, TicketRecord>({
  id: 'update_from_message',
  kind: 'mutation',
  permission: 'ticket:update',
  surfaces: ['message_extension', 'shortcut'],
  targetKinds: ['ticket'],
  input,
  commands: [],
  form: async ({ say, chat }, known) =>
    prefilled(
      [
        {
          name: 'ticket',
          label: say('field.ticket.label'),
          kind: 'text',
          required: true,
          maxLength: limits.reference,
          placeholder: say('field.ticket.placeholder'),
        },
        {
          name: 'kind',
          label: say('field.kind.label'),
          kind: 'choice',
          required: true,
          value: 'internal_note',
          choices: kinds.map((value) => ({ label: say(`note_kind.${value}`), value })),
        },
        {
          name: 'content',
          label: say('field.content.label'),
          kind: 'multiline',
          required: true,
          maxLength: limits.note,
        },
      ],
      { content: truncateText(cleanText(chat?.source?.text ?? '').trim(), limits.note), ...known },
    ),
  resolve: resolveTicketTarget,
  run: async (context, { kind, content, source_url }, ticket) => {
    const { tx, say, now, chat } = context;
    const { actor } = requireActor(context);
    const number = String(ticket.number);
    const note = {
      ticket,
      text: content,
      author: actor,
      sourceUrl: source_url ?? sourceUrlOf(chat?.source ?? null),
    };
    const change = { actorUserId: actor.userId, now };
    if (kind === 'internal_note') {
      addNote(tx, { ...note, kind }, change);
      return ticketDone(context, ticket, say('done.noted', { number }));
    }
    const { delivery } = replyToContact(tx, note, change);
    const footer = deliveryWords(say, delivery);
    const result = ticketDone(context, ticket, say('done.replied', { number }), { footer });
    return delivery === 'desk' ? result : { ...result, warnings: [footer] };
  },
});
