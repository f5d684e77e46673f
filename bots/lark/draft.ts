/** What the translators of single events hand to `to-activity.ts`, which adds what all activities have. */
import type { ChatPerson, ConversationReference, Intent } from '../../src/kernel/activity.ts';

export interface Draft {
  intent: Intent;
  person: ChatPerson | null;
  reference: ConversationReference | null;
  /** The person's message. It also is a key that the platform may repeat the event under. */
  messageId?: string | undefined;
  quotedMessageId?: string | undefined;
  cardMessageId?: string | undefined;
  /** Name of the callback that waits for an answer in the response; the platform sends it once. */
  callback?: string;
}

/** An event that is not for us. Nothing is captured of it: its conversation may be any that the app can see. */
export function ignored(reason: string): Draft {
  return { intent: { kind: 'ignored', reason }, person: null, reference: null };
}
