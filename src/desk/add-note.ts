/** Adds a note to a ticket: an internal one, a reply of ours, or a contact's own words. */
import type { Transaction } from '../infra/database.ts';
import { newId } from '../kernel/ids.ts';
import type { Change } from './change.ts';
import type { DomainEventType } from './domain-event-store.ts';
import { enqueueNote } from './note-store.ts';
import { raiseEvent } from './raise-event.ts';
import type { NoteKind, NoteRecord, TicketRecord } from './records.ts';

/** Who wrote it; the caller has found them in the tenant. */
export type NoteAuthor = { userId: string; name: string } | { contactId: string; name: string };

export interface NoteInput {
  ticket: Pick<TicketRecord, 'ticketId' | 'number' | 'assigneeId' | 'contactId'>;
  kind: NoteKind;
  text: string;
  /** Null for another desk's note without a known author. */
  author: NoteAuthor | null;
  /** The chat message that it was made from. */
  sourceUrl?: string | null;
}

/**
 * Adds an internal note (raises `note_added`), a reply to the contact (`reply_to_contact`) or a contact's own note
 * (`customer_reply`). The writes travel with the next statements.
 */
export function addNote(tx: Transaction, input: NoteInput, change: Change): NoteRecord {
  const note = newNote(input, change.now);
  enqueueNote(tx, note);
  raiseNote(tx, note, input.ticket, change);
  return note;
}

/** The record of a new note. */
export function newNote(input: NoteInput, now: Date): NoteRecord {
  const { author } = input;
  return {
    noteId: newId(),
    ticketId: input.ticket.ticketId,
    kind: input.kind,
    text: input.text,
    authorUserId: author && 'userId' in author ? author.userId : null,
    authorContactId: author && 'contactId' in author ? author.contactId : null,
    authorName: author?.name ?? null,
    sourceUrl: input.sourceUrl ?? null,
    externalId: null,
    createdAt: now,
  };
}

const eventOfKind: Record<NoteKind, DomainEventType> = {
  internal_note: 'note_added',
  customer_reply: 'reply_to_contact',
  contact_note: 'customer_reply',
};

/** Raises the event of a note. */
export function raiseNote(
  tx: Transaction,
  note: NoteRecord,
  ticket: NoteInput['ticket'],
  change: Change,
): void {
  const { actorUserId, now } = change;
  raiseEvent(tx, {
    type: eventOfKind[note.kind],
    target: { kind: 'ticket', id: ticket.ticketId },
    data: {
      number: ticket.number,
      note_id: note.noteId,
      assignee_id: ticket.assigneeId,
      contact_id: note.authorContactId ?? ticket.contactId,
    },
    actorUserId,
    now,
  });
}
