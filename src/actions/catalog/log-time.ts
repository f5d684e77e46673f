/** `log <duration> on <ticket>[: note]`: logs working time. */
import { z } from 'zod';
import { formatDuration } from '../../desk/duration.ts';
import { logTime } from '../../desk/log-time.ts';
import { timeEntryItem } from '../../desk/record-items.ts';
import type { TicketRecord } from '../../desk/records.ts';
import { defineAction, requireActor } from '../define-action.ts';
import { duration, limits, optionalText, reference, toggle } from '../input-fields.ts';
import { resolveTicketTarget } from '../references/ticket.ts';
import { prefilled, ticketDone } from '../ticket-draft.ts';

const input = z.strictObject({
  ticket: reference,
  duration,
  /** When the work began; without it, as long ago as it took. */
  start: z.iso.datetime({ offset: true }).optional(),
  note: optionalText(limits.note),
  billable: toggle.default(true),
});

export const logTimeAction = defineAction<z.output<typeof input>, TicketRecord>({
  id: 'log_time',
  kind: 'mutation',
  permission: 'time_entry:create',
  surfaces: ['bot', 'quick_action', 'api'],
  targetKinds: ['ticket'],
  input,
  commands: [{ id: 'log_time' }],
  form: async ({ say }, known) =>
    prefilled(
      [
        {
          name: 'duration',
          label: say('field.duration.label'),
          kind: 'text',
          required: true,
          maxLength: limits.reference,
          placeholder: say('field.duration.placeholder'),
        },
        {
          name: 'note',
          label: say('field.note.label'),
          kind: 'multiline',
          required: false,
          maxLength: limits.note,
        },
        {
          name: 'billable',
          label: say('field.billable.label'),
          kind: 'toggle',
          required: false,
          value: 'true',
        },
      ],
      known,
    ),
  resolve: resolveTicketTarget,
  run: async (context, input, ticket) => {
    const { tx, say, now } = context;
    const { actor } = requireActor(context);
    const { start, note = null, billable, duration: minutes } = input;
    const startedAt = start === undefined ? null : new Date(start);
    const entry = logTime(tx, { ticket, user: actor, minutes, startedAt, note, billable }, now);
    const words = { duration: formatDuration(minutes, say), number: String(ticket.number) };
    const result = ticketDone(context, ticket, say('done.time', words), {
      facts: [
        { label: say('time_entry.label.duration'), value: words.duration },
        { label: say('time_entry.label.billable'), value: billable ? say('value.yes') : say('value.no') },
      ],
    });
    return { ...result, items: [timeEntryItem(entry)] };
  },
});
