/** Opens a ticket from a chat message, prefilled from it, with a link back. */
import { z } from 'zod';
import type { SourceMessage } from '../../kernel/activity.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { cleanLine, cleanText, truncateText } from '../../kernel/plain-text.ts';
import { defineAction } from '../define-action.ts';
import { limits, messageUrl, optionalLine } from '../input-fields.ts';
import { sourceUrlOf } from '../message-source.ts';
import { createFromDraft, draftFields, draftForm, prefilled, ticketDone } from '../ticket-draft.ts';

const input = z.strictObject({
  /** Without one, the message's first line. */
  title: optionalLine(limits.title),
  ...draftFields,
  /** The form carries it from the message to here. */
  source_url: messageUrl.optional(),
});

/** Longer first lines are cut: a title is read in lists. */
const titleFromMessage = 100;

export const createTicketFromMessageAction = defineAction<z.output<typeof input>>({
  id: 'create_ticket_from_message',
  kind: 'mutation',
  permission: 'ticket:create',
  surfaces: ['bot', 'message_extension', 'shortcut'],
  targetKinds: ['ticket'],
  input,
  commands: [],
  form: async (context, known) =>
    prefilled(draftForm(context, {}), { ...draftOf(context.chat?.source ?? null), ...known }),
  run: async (context, { source_url, title, description, ...draft }) => {
    const source = context.chat?.source ?? null;
    const fromMessage = draftOf(source);
    const wanted = title ?? fromMessage.title;
    if (wanted === undefined) {
      const message = context.say('invalid.required');
      throw new DeskbridgeError('validation_error', { fields: [{ path: 'title', message }] });
    }
    const ticket = await createFromDraft(
      context,
      { ...draft, title: wanted, description: description ?? fromMessage.description },
      source_url ?? sourceUrlOf(source),
    );
    const number = String(ticket.number);
    const done = ticket.sourceUrl === null ? 'done.created' : 'done.created_from_message';
    return ticketDone(context, ticket, context.say(done, { number }));
  },
});

function draftOf(source: SourceMessage | null): { title?: string; description?: string } {
  const text = cleanText(source?.text ?? '').trim();
  if (text === '') return {};
  const author = cleanLine(source?.authorName ?? '');
  const quoted = author === '' ? text : `${author}: ${text}`;
  return {
    title: truncateText(cleanLine(text.split('\n', 1)[0] ?? ''), titleFromMessage),
    description: truncateText(quoted, limits.description),
  };
}
