/** Cards and lists of tickets. */
import type { Button, Fact, ListItem, Message } from '../kernel/message.ts';
import { truncateText } from '../kernel/plain-text.ts';
import { type Say, sayStatus } from '../words/index.ts';
import type { PresentContext } from './present-context.ts';
import type { NoteRecord, TicketRecord } from './records.ts';

const maxDescription = 1000;
const maxNote = 500;

/** The ticket as it is now, with what the person may do next. */
export function presentTicket(
  context: PresentContext,
  ticket: TicketRecord,
  lastNote: NoteRecord | null = null,
): Message {
  const { say, viewer } = context;
  const description = truncateText(ticket.description, maxDescription);
  return {
    title: ticketTitle(context, ticket),
    ...(description === '' ? {} : { text: description }),
    facts: ticketFacts(context, ticket),
    ...(lastNote === null
      ? {}
      : {
          items: [
            {
              title: say('ticket.last_note', {
                author: lastNote.authorName ?? say('value.none'),
                at: say.dateTime(lastNote.createdAt, viewer.timeZone),
              }),
              text: truncateText(lastNote.text, maxNote),
            },
          ],
        }),
    buttons: ticketButtons(context, ticket),
  };
}

/** What was done to a ticket, and the ticket as it is now. @param details facts about what was done, if any */
export function presentTicketDone(
  context: PresentContext,
  ticket: TicketRecord,
  done: string,
  details: { facts?: Fact[]; footer?: string } = {},
): Message {
  return {
    title: done,
    text: ticketTitle(context, ticket),
    tone: 'good',
    facts: [...(details.facts ?? []), ...ticketFacts(context, ticket)],
    buttons: ticketButtons(context, ticket),
    ...(details.footer === undefined ? {} : { footer: details.footer }),
  };
}

/** One row; `ordinal` is what the person may type for it. */
export function presentTicketRow(context: PresentContext, ticket: TicketRecord, ordinal: number): ListItem {
  return {
    ordinal,
    title: ticketTitle(context, ticket),
    text: ticketSummary(context, ticket),
    url: context.ticketUrl(ticket),
  };
}

/** One row of the person's own tickets: when it is due stands in place of the assignee, who is always the same. */
export function presentOwnTicketRow(
  context: PresentContext,
  ticket: TicketRecord,
  ordinal: number,
): ListItem {
  const parts = statusParts(context, ticket);
  if (ticket.dueAt !== null) {
    const due = context.say.dateTime(ticket.dueAt, context.viewer.timeZone);
    const words = isOverdue(context, ticket) ? 'ticket.overdue_since' : 'ticket.due';
    parts.push(context.say(words, { due }));
  }
  return { ...presentTicketRow(context, ticket, ordinal), text: parts.join(' · ') };
}

/** `#1002 Printer is jammed` */
export function ticketTitle(context: PresentContext, ticket: Pick<TicketRecord, 'number' | 'title'>): string {
  return context.say('ticket.title', { number: String(ticket.number), title: ticket.title });
}

/** The ticket's status in the words of the person. */
export function statusName(say: Say, ticket: Pick<TicketRecord, 'statusName' | 'statusKind'>): string {
  return sayStatus(say, { name: ticket.statusName, kind: ticket.statusKind });
}

/** Status, priority where it is not the normal one, client and assignee on one line. */
export function ticketSummary(context: PresentContext, ticket: TicketRecord): string {
  const assignee = ticket.assigneeName ?? context.say('ticket.unassigned');
  return [...statusParts(context, ticket), assignee].join(' · ');
}

function statusParts({ say }: PresentContext, ticket: TicketRecord): string[] {
  const parts = [statusName(say, ticket)];
  if (ticket.priority !== 'normal') parts.push(say(`priority.${ticket.priority}`));
  if (ticket.clientName !== null) parts.push(ticket.clientName);
  return parts;
}

function ticketFacts(context: PresentContext, ticket: TicketRecord): Fact[] {
  const { say, viewer } = context;
  const facts: Fact[] = [
    { label: say('ticket.label.status'), value: statusName(say, ticket) },
    { label: say('ticket.label.priority'), value: say(`priority.${ticket.priority}`) },
    { label: say('ticket.label.assignee'), value: ticket.assigneeName ?? say('ticket.unassigned') },
  ];
  if (ticket.clientName !== null) facts.push({ label: say('ticket.label.client'), value: ticket.clientName });
  if (ticket.contactName !== null) {
    facts.push({ label: say('ticket.label.contact'), value: ticket.contactName });
  }
  if (ticket.dueAt !== null) {
    facts.push({ label: say('ticket.label.due'), value: dueText(context, ticket, ticket.dueAt) });
  }
  const created = say.dateTime(ticket.createdAt, viewer.timeZone);
  facts.push({ label: say('ticket.label.created'), value: created });
  return facts;
}

function dueText(context: PresentContext, ticket: TicketRecord, dueAt: Date): string {
  const { say, viewer } = context;
  const due = say.dateTime(dueAt, viewer.timeZone);
  return isOverdue(context, ticket) ? say('ticket.overdue', { due }) : due;
}

function isOverdue({ now }: PresentContext, { dueAt, closedAt }: TicketRecord): boolean {
  return dueAt !== null && dueAt < now && closedAt === null;
}

/** What excludes one another would share a nonce; these do not, so each has its own. */
function ticketButtons(context: PresentContext, ticket: TicketRecord): Button[] {
  const { say, viewer } = context;
  const buttons: Button[] = [];
  if (viewer.capabilities.has('ticket:update')) buttons.push(...updateButtons(context, ticket));
  if (viewer.capabilities.has('time_entry:create')) {
    const input = { ticket: ticket.ticketId };
    buttons.push({ kind: 'form', label: say('button.log_time'), action: 'log_time', input });
  }
  buttons.push({ kind: 'url', label: say('button.open_in_desk'), url: context.ticketUrl(ticket) });
  return buttons;
}

function updateButtons(context: PresentContext, ticket: TicketRecord): Button[] {
  const { say, viewer, nonce } = context;
  const input = { ticket: ticket.ticketId };
  const open = ticket.closedAt === null;
  const buttons: Button[] = [];
  if (open && ticket.assigneeId !== viewer.userId) {
    buttons.push({
      kind: 'action',
      label: say('button.assign_to_me'),
      action: 'assign_ticket',
      input: { ...input, assignee: 'me' },
      nonce: nonce(),
      style: 'primary',
    });
  }
  buttons.push({
    kind: 'action',
    label: open ? say('button.resolve') : say('button.reopen'),
    action: 'set_status',
    input: { ...input, status: open ? 'closed' : 'open' },
    nonce: nonce(),
  });
  if (open) {
    buttons.push({ kind: 'form', label: say('button.assign'), action: 'assign_ticket', input });
  }
  buttons.push({ kind: 'form', label: say('button.add_note'), action: 'add_note', input });
  if (ticket.contactId !== null) {
    buttons.push({ kind: 'form', label: say('button.reply'), action: 'reply_to_contact', input });
  }
  return buttons;
}
