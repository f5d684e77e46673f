/** `assign <ticket> [to <person>]`: gives a ticket to somebody, without a name to oneself. */
import { z } from 'zod';
import { addNote } from '../../desk/add-note.ts';
import { assignTicket } from '../../desk/assign-ticket.ts';
import { listActivePeople } from '../../desk/person-queries.ts';
import type { TicketRecord } from '../../desk/records.ts';
import type { FormField } from '../../kernel/message.ts';
import { defineAction, type LinkedContext, requireActor } from '../define-action.ts';
import { limits, optionalLine, optionalText, reference } from '../input-fields.ts';
import { resolveAssignee } from '../references/assignee.ts';
import { resolveTicketTarget } from '../references/ticket.ts';
import { prefilled, ticketDone } from '../ticket-draft.ts';

const input = z.strictObject({
  ticket: reference,
  /** `me`, a name, an e-mail address or an id; without it, me. */
  assignee: optionalLine(limits.name),
  note: optionalText(limits.note),
});

/** A longer list of people is no choice any more: the form then asks for a name. */
const maxListed = 50;

export const assignTicketAction = defineAction<z.output<typeof input>, TicketRecord>({
  id: 'assign_ticket',
  kind: 'mutation',
  permission: 'ticket:update',
  surfaces: ['bot', 'card', 'quick_action', 'api'],
  targetKinds: ['ticket'],
  input,
  commands: [{ id: 'assign_ticket' }],
  form: async (context, known) => {
    const { say } = context;
    const note: FormField = {
      name: 'note',
      label: say('field.note.label'),
      kind: 'multiline',
      required: false,
      maxLength: limits.note,
      placeholder: say('field.note.placeholder'),
    };
    return prefilled([await assigneeField(context), note], known);
  },
  resolve: resolveTicketTarget,
  run: async (context, input, ticket) => {
    const { tx, say, now } = context;
    const { actor } = requireActor(context);
    const number = String(ticket.number);
    const person = await resolveAssignee(context, input.assignee, (email) =>
      say('command.assign_ticket', { number, assignee: email }),
    );
    const change = { actorUserId: actor.userId, now };
    if (input.note !== undefined) {
      addNote(tx, { ticket, kind: 'internal_note', text: input.note, author: actor }, change);
    }
    const assigned = await assignTicket(tx, { ticket, assigneeId: person.userId }, change);
    const done =
      person.userId === actor.userId
        ? say('done.assigned_to_you', { number })
        : say('done.assigned', { number, assignee: person.name });
    return ticketDone(context, assigned, done);
  },
});

async function assigneeField({ tx, say, actor }: LinkedContext): Promise<FormField> {
  const people = await listActivePeople(tx, maxListed + 1);
  const field = { name: 'assignee', label: say('field.assignee.label'), required: true };
  if (people.length > maxListed) {
    return { ...field, kind: 'text', maxLength: limits.name, placeholder: say('field.assignee.placeholder') };
  }
  const choices = people.map(({ userId, name, email }) => ({ label: `${name} (${email})`, value: userId }));
  return { ...field, kind: 'choice', value: actor.userId, choices };
}
