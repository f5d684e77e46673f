/** What every activity has to say before it is handled, whatever platform it comes from (pure). */
import type { Activity, ConversationReference } from '../kernel/activity.ts';

/** Intents that are about the bot itself, or not for it: nobody in particular need have them. */
const impersonal = new Set(['installed', 'uninstalled', 'revoked', 'evidence', 'ignored']);
/** Intents that need no conversation. */
const placeless = new Set(['revoked', 'evidence', 'ignored']);

/**
 * Why the activity cannot be handled, as a metric label; null when it can. An identifier that no database keeps is none
 * of the platform's; what a person does names the person; and what is replied to by a message names a conversation, or
 * it would be done and nobody told.
 */
export function activityFault(activity: Activity): string | null {
  if (!identifiersOf(activity).every(isStorable)) return 'malformed_id';
  const { intent, person, reference, replyReference, replyBy } = activity;
  if (person === null && !impersonal.has(intent.kind)) return 'person_missing';
  const hasPlace = reference !== null || replyReference !== undefined || replyBy === 'answer';
  return hasPlace || placeless.has(intent.kind) ? null : 'conversation_missing';
}

/** PostgreSQL takes neither NUL in a text nor half a surrogate pair in JSON. */
function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

function identifiersOf(activity: Activity): string[] {
  const { organization, eventKeys, person, messageId, cardMessageId, quotedMessageId, invoke } = activity;
  const ids = [organization, ...eventKeys, messageId, cardMessageId, quotedMessageId, invoke];
  const { intent } = activity;
  const evidence = intent.kind === 'evidence' ? [intent.readUpTo, ...intent.messageIds] : [];
  const posted = intent.kind === 'evidence' ? intent.tokens.map(({ messageId }) => messageId) : [];
  const people = [person?.platformUserId, person?.otherId];
  const places = [activity.reference, activity.replyReference].flatMap(idsOfReference);
  return [...ids, ...people, ...places, ...evidence, ...posted].filter((id) => typeof id === 'string');
}

function idsOfReference(reference: ConversationReference | null | undefined): (string | null)[] {
  return reference == null ? [] : Object.values(reference);
}
