/** Records a reply to a ticket's contact, and says who delivers it. */
import type { Transaction } from '../infra/database.ts';
import { addNote, type NoteInput } from './add-note.ts';
import type { PersonalChange } from './change.ts';
import type { NoteRecord } from './records.ts';

/** `desk`: the desk behind an outgoing webhook delivers it; `nobody`: it is saved and goes nowhere. */
export type ReplyDelivery = 'desk' | 'nobody';

/**
 * Who delivers replies. The gateway itself speaks to no contact, and it has no outgoing webhooks that could hand the
 * reply to a desk which does: nobody must believe that a customer was answered who was not.
 */
export function replyDelivery(): ReplyDelivery {
  return 'nobody';
}

/** Raises `reply_to_contact`; the writes travel with the next statements. */
export function replyToContact(
  tx: Transaction,
  reply: Omit<NoteInput, 'kind'>,
  change: PersonalChange,
): { note: NoteRecord; delivery: ReplyDelivery } {
  const note = addNote(tx, { ...reply, kind: 'customer_reply' }, change);
  return { note, delivery: replyDelivery() };
}
