/** Keeps what is needed to speak first later: written at every verified activity, since service URLs move. */
import { v5 } from 'uuid';
import type { Transaction } from '../infra/database.ts';
import type { ConversationReference } from '../kernel/activity.ts';
import { upsertReference } from './reference-store.ts';

/**
 * The id of a conversation: derived from what makes it unique, so that capturing needs no answer from the database.
 * A personal chat is unique with its person; a group or channel without.
 */
export function conversationIdOf(registrationId: string, reference: ConversationReference): string {
  return v5(`${reference.platformConversationId}\n${personKeyOf(reference)}`, registrationId);
}

/** Captures the reference in a savepoint of its own: a failure here must not cost the person the answer. */
export async function captureReference(
  tx: Transaction,
  registration: { registrationId: string; platform: string },
  reference: ConversationReference,
  now: Date,
): Promise<string> {
  const conversationId = conversationIdOf(registration.registrationId, reference);
  const personKey = personKeyOf(reference);
  await tx.savepoint(async () => {
    upsertReference(tx, { ...registration, conversationId, personKey }, reference, now);
  });
  return conversationId;
}

function personKeyOf(reference: ConversationReference): string {
  return reference.type === 'personal' ? (reference.platformUserId ?? '') : '';
}
