/** Writes of notes. */
import { statement, type Transaction } from '../infra/database.ts';
import type { NoteRecord } from './records.ts';

const insert = statement(
  'note-insert',
  `insert into ticket_notes (tenant_id, note_id, ticket_id, kind, text, author_user_id, author_contact_id,
     source_url, external_id, created_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
);
const updateText = statement(
  'note-update',
  'update ticket_notes set text = $3 where tenant_id = $1 and note_id = $2',
);

function insertValues(tx: Transaction, note: NoteRecord): unknown[] {
  return [
    tx.tenantId,
    note.noteId,
    note.ticketId,
    note.kind,
    note.text,
    note.authorUserId,
    note.authorContactId,
    note.sourceUrl,
    note.externalId,
    note.createdAt,
  ];
}

/** Travels with the next statements. */
export function enqueueNote(tx: Transaction, note: NoteRecord): void {
  tx.enqueue(insert, insertValues(tx, note));
}

/** Fails with SQLSTATE 23505 when another note has the external id. */
export async function insertNote(tx: Transaction, note: NoteRecord): Promise<void> {
  await tx.execute(insert, insertValues(tx, note));
}

export async function updateNoteText(tx: Transaction, noteId: string, text: string): Promise<void> {
  await tx.execute(updateText, [tx.tenantId, noteId, text]);
}
