/** Cards of contacts and time entries. */
import type { Fact, Message } from '../kernel/message.ts';
import { formatDuration } from './duration.ts';
import type { PresentContext } from './present-context.ts';
import { ticketTitle } from './present-ticket.ts';
import type { ContactRecord, TimeEntryRecord } from './records.ts';

export function presentContact(context: PresentContext, contact: ContactRecord): Message {
  const { say } = context;
  const facts: Fact[] = [];
  if (contact.email !== null) facts.push({ label: say('contact.label.email'), value: contact.email });
  if (contact.clientName !== null) {
    facts.push({ label: say('contact.label.client'), value: contact.clientName });
  }
  return { title: contact.name, facts };
}

export function presentTimeEntry(context: PresentContext, entry: TimeEntryRecord): Message {
  const { say, viewer } = context;
  const duration = formatDuration(entry.minutes, say);
  const ticket = { number: entry.ticketNumber, title: entry.ticketTitle };
  return {
    title: say('time_entry.title', { duration, number: String(entry.ticketNumber) }),
    facts: [
      { label: say('time_entry.label.ticket'), value: ticketTitle(context, ticket) },
      { label: say('time_entry.label.person'), value: entry.userName },
      { label: say('time_entry.label.started'), value: say.dateTime(entry.startedAt, viewer.timeZone) },
      { label: say('time_entry.label.billable'), value: entry.billable ? say('value.yes') : say('value.no') },
      ...(entry.note === null ? [] : [{ label: say('time_entry.label.note'), value: entry.note }]),
    ],
    buttons: [
      {
        kind: 'url',
        label: say('button.open_in_desk'),
        url: context.ticketUrl({ number: entry.ticketNumber, url: entry.ticketUrl }),
      },
    ],
  };
}
