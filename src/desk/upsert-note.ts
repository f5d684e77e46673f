/** Mirrors a note of another desk by its id there. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { type NoteInput, newNote, raiseNote } from './add-note.ts';
import type { MirrorChange } from './change.ts';
import { lockNoteByExternalId } from './note-queries.ts';
import { insertNote, updateNoteText } from './note-store.ts';
import type { NoteRecord, Upserted } from './records.ts';
import { upsertRecord } from './upsert-record.ts';

/**
 * Creates the note or changes its text. Events are raised only for a new one, and only with `change.notify`.
 * @throws DeskbridgeError conflict when the external id is that of another ticket's note
 */
export async function upsertNote(
  tx: Transaction,
  externalId: string,
  input: NoteInput,
  change: MirrorChange,
): Promise<Upserted<NoteRecord>> {
  const upserted = await upsertRecord<NoteRecord>(tx, {
    find: () => lockNoteByExternalId(tx, externalId),
    create: async () => {
      const note = { ...newNote(input, change.now), externalId };
      await insertNote(tx, note);
      return note;
    },
    change: async (existing) => {
      if (existing.ticketId !== input.ticket.ticketId) throw new DeskbridgeError('conflict');
      if (existing.text === input.text) return { record: existing, outcome: 'unchanged' };
      await updateNoteText(tx, existing.noteId, input.text);
      return { record: { ...existing, text: input.text }, outcome: 'updated' };
    },
  });
  if (upserted.outcome === 'created' && change.notify) raiseNote(tx, upserted.record, input.ticket, change);
  return upserted;
}
