/** What a notification looks like to its reader (pure): the same input makes the same card, attempt after attempt. */
import type { Button, Fact, Message } from '../kernel/message.ts';
import { truncateText } from '../kernel/plain-text.ts';
import { type Say, sayStatus } from '../words/index.ts';
import { categoryName, isMutable, muteCommand } from './category-words.ts';
import type { Category, NotificationContent, TicketSnapshot } from './records.ts';

export interface Presenting {
  say: Say;
  /** IANA name of the reader's time zone; null: UTC, and says so. */
  timeZone: string | null;
  category: Category;
  content: NotificationContent;
  ticketUrl(ticket: Pick<TicketSnapshot, 'number' | 'url'>): string;
  /** The token of a button, the same for the same label. */
  nonce(label: string): string;
  /** `group`: many read it, and what suits one of them is offered to all. */
  recipient: 'person' | 'group';
  /** The user who reads it; null in a group, and where nobody knows who it is. */
  userId: string | null;
}

type TicketContent = Extract<NotificationContent, { kind: 'ticket' }>;
type ApprovalContent = Extract<NotificationContent, { kind: 'approval' }>;
type TextContent = Extract<NotificationContent, { kind: 'text' }>;

const maxExcerpt = 500;
const maxDescription = 1000;

/** The card of a notification. */
export function presentNotification(p: Presenting): Message {
  const message = presentContent(p);
  return p.recipient === 'group' || !isMutable(p.category)
    ? message
    : { ...message, footer: p.say('notify.mute', { command: muteCommand(p.say, p.category) }) };
}

/** What stands in place of a message that was taken back and cannot be deleted. */
export function presentWithdrawn(say: Say): Message {
  return { title: say('notify.withdrawn.title'), text: say('notify.withdrawn.text') };
}

function presentContent(p: Presenting): Message {
  const { say, content } = p;
  switch (content.kind) {
    case 'text':
      return presentText(p, content);
    case 'ticket':
      return presentTicketNews(p, content);
    case 'approval':
      return presentApprovalRequest(p, content);
    case 'test':
      return { title: say('notify.test.title'), text: say('notify.test.text') };
    case 'event':
      // Nothing is known of the record: the kind of the news at least is.
      return { title: categoryName(say, p.category) };
  }
}

function presentText(p: Presenting, { title, text, ticket }: TextContent): Message {
  const message: Message = { title, ...(text === '' ? {} : { text }), ...toneOf(p.category) };
  if (ticket === null) return message;
  return {
    ...message,
    facts: [{ label: p.say('record_kind.ticket'), value: titleOf(p.say, ticket) }],
    buttons: [openButton(p, ticket)],
  };
}

function presentTicketNews(p: Presenting, content: TicketContent): Message {
  const { say } = p;
  const { ticket } = content;
  const excerpt = truncateText(content.excerpt?.trim() ?? '', maxExcerpt);
  const about: Fact = { label: say('record_kind.ticket'), value: titleOf(say, ticket) };
  return {
    title: newsOf(p, content),
    text: excerpt === '' ? ticket.title : excerpt,
    ...toneOf(p.category),
    facts: excerpt === '' ? ticketFacts(p, ticket) : [about, ...ticketFacts(p, ticket)],
    buttons: ticketButtons(p, ticket),
  };
}

/** What happened, in one line. */
function newsOf(p: Presenting, { ticket, actorName: actor }: TicketContent): string {
  const { say, category } = p;
  const number = String(ticket.number);
  switch (category) {
    case 'assignment':
      return assignmentNews(p, ticket, actor);
    case 'customer_reply':
      return actor === null
        ? say('notify.customer_reply', { number })
        : say('notify.customer_reply_by', { number, actor });
    case 'escalation':
      return say('notify.escalation', { number });
    case 'sla_risk': {
      const due = dueText(p, ticket);
      return due === null ? say('notify.sla_risk', { number }) : say('notify.sla_risk_due', { number, due });
    }
    default:
      return titleOf(say, ticket);
  }
}

function assignmentNews(
  { say, recipient }: Presenting,
  ticket: TicketSnapshot,
  actor: string | null,
): string {
  const number = String(ticket.number);
  if (recipient === 'person') {
    return actor === null
      ? say('notify.assigned_to_you', { number })
      : say('notify.assigned_to_you_by', { number, actor });
  }
  const { assigneeName: assignee } = ticket;
  if (assignee === null) return say('notify.unassigned', { number });
  return actor === null
    ? say('notify.assigned', { number, assignee })
    : say('notify.assigned_by', { number, assignee, actor });
}

/** As the ticket was when it happened. */
function ticketFacts(p: Presenting, ticket: TicketSnapshot): Fact[] {
  const { say } = p;
  const status = sayStatus(say, { name: ticket.statusName, kind: ticket.statusKind });
  const facts: Fact[] = [{ label: say('ticket.label.status'), value: status }];
  if (ticket.priority !== 'normal') {
    facts.push({ label: say('ticket.label.priority'), value: say(`priority.${ticket.priority}`) });
  }
  if (!isReaders(p, ticket)) {
    const value = ticket.assigneeName ?? say('ticket.unassigned');
    facts.push({ label: say('ticket.label.assignee'), value });
  }
  if (ticket.clientName !== null) facts.push({ label: say('ticket.label.client'), value: ticket.clientName });
  const due = dueText(p, ticket);
  // Of a ticket at risk the title says it.
  if (due !== null && p.category !== 'sla_risk') {
    const value = p.category === 'escalation' ? say('ticket.overdue', { due }) : due;
    facts.push({ label: say('ticket.label.due'), value });
  }
  return facts;
}

/** What the reader is likely to do next. Whether that is allowed is checked when it is done. */
function ticketButtons(p: Presenting, ticket: TicketSnapshot): Button[] {
  const { say, category } = p;
  const input = { ticket: ticket.ticketId };
  const form = (label: string, action: string): Extract<Button, { kind: 'form' }> => ({
    kind: 'form',
    label,
    action,
    input,
    nonce: p.nonce(action),
  });
  const buttons: Button[] = [];
  if (category === 'customer_reply') {
    buttons.push({ ...form(say('button.reply'), 'reply_to_contact'), style: 'primary' });
  }
  if (ticket.statusKind !== 'closed' && !isReaders(p, ticket)) buttons.push(assignButton(p, ticket));
  buttons.push(form(say('button.add_note'), 'add_note'), openButton(p, ticket));
  return buttons;
}

function assignButton({ say, nonce, category }: Presenting, ticket: TicketSnapshot): Button {
  const button: Button = {
    kind: 'action',
    label: say('button.assign_to_me'),
    action: 'assign_ticket',
    input: { ticket: ticket.ticketId, assignee: 'me' },
    nonce: nonce('assign_ticket'),
  };
  // One button a card stands out: the answer to a customer, else this.
  return category === 'customer_reply' ? button : { ...button, style: 'primary' };
}

function openButton({ say, ticketUrl }: Presenting, ticket: TicketSnapshot): Button {
  return { kind: 'url', label: say('button.open_in_desk'), url: ticketUrl(ticket) };
}

/** Approving is one press; asking for changes needs a comment, hence a form. */
function presentApprovalRequest(p: Presenting, approval: ApprovalContent): Message {
  const { say } = p;
  const { requesterName: requester, ticketNumber, approvalId } = approval;
  const description = truncateText(approval.description.trim(), maxDescription);
  const facts: Fact[] = [];
  if (ticketNumber !== null) facts.push({ label: say('approval.label.ticket'), value: `#${ticketNumber}` });
  if (requester !== null) facts.push({ label: say('approval.label.requester'), value: requester });
  const input = { approval: approvalId };
  return {
    title: approvalNews(p, approval),
    ...(description === '' ? {} : { text: description }),
    ...toneOf(p.category),
    ...(facts.length === 0 ? {} : { facts }),
    buttons: [
      {
        kind: 'action',
        label: say('button.approve'),
        action: 'approval_response',
        input: { ...input, response: 'approve' },
        nonce: p.nonce('approve'),
        style: 'primary',
      },
      {
        kind: 'form',
        label: say('button.request_changes'),
        action: 'approval_response',
        input: { ...input, response: 'request_changes' },
        nonce: p.nonce('request_changes'),
        style: 'danger',
      },
    ],
  };
}

function approvalNews({ say, recipient }: Presenting, approval: ApprovalContent): string {
  const { title, requesterName: actor } = approval;
  if (recipient === 'person') {
    return actor === null
      ? say('notify.approval_of_you', { title })
      : say('notify.approval_of_you_by', { title, actor });
  }
  return actor === null ? say('notify.approval', { title }) : say('notify.approval_by', { title, actor });
}

/** `#1002 Printer is jammed` */
function titleOf(say: Say, { number, title }: TicketSnapshot): string {
  return say('ticket.title', { number: String(number), title });
}

/** Null where the ticket has no due time, or one that is none. */
function dueText({ say, timeZone }: Presenting, { dueAt }: TicketSnapshot): string | null {
  if (dueAt === null) return null;
  const due = new Date(dueAt);
  return Number.isNaN(due.getTime()) ? null : say.dateTime(due, timeZone);
}

function isReaders({ userId }: Presenting, { assigneeId }: TicketSnapshot): boolean {
  return userId !== null && assigneeId === userId;
}

function toneOf(category: Category): Pick<Message, 'tone'> {
  if (category === 'escalation') return { tone: 'attention' };
  return category === 'sla_risk' ? { tone: 'warning' } : {};
}
