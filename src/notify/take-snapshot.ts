/** Makes of an event what its notification says: the record as it is before anything is sent. */
import { findApproval } from '../desk/approval-queries.ts';
import { findNote } from '../desk/note-queries.ts';
import type { TicketRecord } from '../desk/records.ts';
import { findTicket } from '../desk/ticket-queries.ts';
import type { Transaction } from '../infra/database.ts';
import { cleanText, truncateText } from '../kernel/plain-text.ts';
import { readUserName } from './recipient-queries.ts';
import type { NotificationContent, NotificationTarget, TicketSnapshot } from './records.ts';

/** So much of a note stands on a card. */
const maxExcerpt = 1_000;

/** What is to be said. */
interface Unsaid {
  content: NotificationContent;
  target: NotificationTarget | null;
  actorUserId: string | null;
}

/**
 * The content with its records in it. An announcement about a ticket that is gone goes without it.
 * @returns null when there is nothing to tell any more: the record is gone, or the approval was answered
 */
export async function takeSnapshot(tx: Transaction, unsaid: Unsaid): Promise<NotificationContent | null> {
  const { content, target } = unsaid;
  if (content.kind === 'text' && content.ticket === null && target?.kind === 'ticket') {
    const ticket = await findTicket(tx, target.id);
    return { ...content, ticket: ticket === null ? null : snapshotOf(ticket) };
  }
  if (content.kind !== 'event') return content;
  if (target === null) return null;
  return target.kind === 'ticket'
    ? await ticketContent(tx, target.id, content.noteId, unsaid.actorUserId)
    : await approvalContent(tx, target.id);
}

async function ticketContent(
  tx: Transaction,
  ticketId: string,
  noteId: string | null,
  actorUserId: string | null,
): Promise<NotificationContent | null> {
  const [ticket, note, actorName] = await Promise.all([
    findTicket(tx, ticketId),
    noteId === null ? null : findNote(tx, noteId),
    readUserName(tx, actorUserId),
  ]);
  if (ticket === null) return null;
  return {
    kind: 'ticket',
    ticket: snapshotOf(ticket),
    actorName: note?.authorName ?? actorName,
    excerpt: note === null ? null : truncateText(cleanText(note.text), maxExcerpt),
  };
}

async function approvalContent(tx: Transaction, approvalId: string): Promise<NotificationContent | null> {
  const approval = await findApproval(tx, approvalId);
  if (approval === null || approval.status !== 'pending') return null;
  const { title, description, requesterName, ticketNumber } = approval;
  return { kind: 'approval', approvalId, title, description, requesterName, ticketNumber };
}

/** The part of a ticket that notifications show. */
export function snapshotOf(ticket: TicketRecord): TicketSnapshot {
  const { ticketId, number, title, statusName, statusKind, priority, clientName, url } = ticket;
  const { assigneeId, assigneeName, dueAt } = ticket;
  return {
    ticketId,
    number,
    title,
    statusName,
    statusKind,
    priority,
    clientName,
    assigneeId,
    assigneeName,
    dueAt: dueAt?.toISOString() ?? null,
    url,
  };
}
