/** `note <ticket>: <text>`: adds an internal note. */
import { z } from 'zod';
import { addNote } from '../../desk/add-note.ts';
import { noteItem } from '../../desk/record-items.ts';
import type { TicketRecord } from '../../desk/records.ts';
import { defineAction, requireActor } from '../define-action.ts';
import { limits, reference, requiredText } from '../input-fields.ts';
import { resolveTicketTarget } from '../references/ticket.ts';
import { prefilled, ticketDone } from '../ticket-draft.ts';

const input = z.strictObject({ ticket: reference, note: requiredText(limits.note) });

export const addNoteAction = defineAction<z.output<typeof input>, TicketRecord>({
  id: 'add_note',
  kind: 'mutation',
  permission: 'ticket:update',
  surfaces: ['bot', 'card', 'quick_action', 'api'],
  targetKinds: ['ticket'],
  input,
  commands: [{ id: 'add_note' }],
  form: async ({ say }, known) =>
    prefilled(
      [
        {
          name: 'note',
          label: say('field.note.label'),
          kind: 'multiline',
          required: true,
          maxLength: limits.note,
          placeholder: say('field.note.placeholder'),
        },
      ],
      known,
    ),
  resolve: resolveTicketTarget,
  run: async (context, input, ticket) => {
    const { actor } = requireActor(context);
    const note = addNote(
      context.tx,
      { ticket, kind: 'internal_note', text: input.note, author: actor },
      { actorUserId: actor.userId, now: context.now },
    );
    const done = context.say('done.noted', { number: String(ticket.number) });
    return { ...ticketDone(context, ticket, done), items: [noteItem(note)] };
  },
});
