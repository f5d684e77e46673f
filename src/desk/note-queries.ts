/** Reads of notes. */
import { statement, type Transaction } from '../infra/database.ts';
import { ListConditions, type Page, type PageRequest, toPage } from '../infra/keyset.ts';
import type { NoteRecord } from './records.ts';

const selectNote = `select n.note_id as "noteId", n.ticket_id as "ticketId", n.kind, n.text,
  n.author_user_id as "authorUserId", n.author_contact_id as "authorContactId",
  coalesce(u.name, k.name) as "authorName", n.source_url as "sourceUrl", n.external_id as "externalId",
  n.created_at as "createdAt"
  from ticket_notes n
  left join users u on u.tenant_id = $1 and u.user_id = n.author_user_id
  left join contacts k on k.tenant_id = $1 and k.contact_id = n.author_contact_id
  where n.tenant_id = $1`;

const byId = statement('note-by-id', `${selectNote} and n.note_id = $2`);
const byExternalId = statement('note-by-external-id', `${selectNote} and n.external_id = $2 for update of n`);

/** Null when the tenant has no such note. */
export async function findNote(tx: Transaction, noteId: string): Promise<NoteRecord | null> {
  const [note] = await tx.query<NoteRecord>(byId, [tx.tenantId, noteId]);
  return note ?? null;
}

/** Locked until the transaction ends. */
export async function lockNoteByExternalId(tx: Transaction, externalId: string): Promise<NoteRecord | null> {
  const [note] = await tx.query<NoteRecord>(byExternalId, [tx.tenantId, externalId]);
  return note ?? null;
}

/** A ticket's notes, newest first. */
export async function listNotes(
  tx: Transaction,
  ticketId: string,
  page: PageRequest,
): Promise<Page<NoteRecord>> {
  const conditions = new ListConditions(tx.tenantId);
  conditions.add((p) => `n.ticket_id = ${p}`, ticketId);
  conditions.startAfter(page.after, 'n.created_at', 'n.note_id');
  const limit = conditions.parameter(page.limit + 1);
  const rows = await tx.query<NoteRecord>(
    `${selectNote}${conditions.sql} order by n.created_at desc, n.note_id desc limit ${limit}`,
    conditions.values,
  );
  return toPage(rows, page.limit, (note) => ({ createdAt: note.createdAt, id: note.noteId }));
}
