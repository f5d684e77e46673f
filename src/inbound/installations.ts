/** The bot comes and goes: one greeting a conversation, references that end, a registration that the organization ends. */
import { greetOnce } from '../conversations/greet-once.ts';
import { retireConversation } from '../conversations/retire-reference.ts';
import type { Reply } from '../kernel/message.ts';
import { retireRegistration } from '../registrations/change-registration.ts';
import { lastEnrolledAt } from '../registrations/registration-queries.ts';
import type { Interpretation } from './interpret.ts';
import type { Scene } from './scene.ts';

/** Greets where the bot was added, once however often it is. */
export async function greet(scene: Scene): Promise<Reply> {
  const { context, say } = scene;
  const conversationId = context.chat?.conversationId ?? null;
  if (conversationId === null || scene.groupChatOff) return {};
  if (!(await greetOnce(context.tx, conversationId, context.now))) return {};
  const text = say('greeting.text');
  const invitation = context.actor === null ? `\n${say('greeting.unlinked')}` : '';
  return { message: { title: say('greeting.title'), text: `${text}${invitation}` } };
}

/** The bot was removed from the conversation: nothing is sent there any more. */
export async function retire(scene: Scene): Promise<void> {
  const { reference } = scene.activity;
  if (reference === null) return;
  const { platformConversationId } = reference;
  await retireConversation(scene.context.tx, scene.registrationId, platformConversationId, 'uninstalled');
}

/** The organization took the app away: nothing can be sent any more, and nothing may be believed. */
export async function endRegistration(
  scene: Scene,
  { reason, at }: Extract<Interpretation, { kind: 'revoked' }>,
): Promise<void> {
  const { tx, now } = scene.context;
  const enrolledAt = await lastEnrolledAt(tx, scene.registrationId);
  // The platform repeats events for hours; one about an installation before this one ends nothing. Slack tells the time
  // in whole seconds, so that one of the very second is taken for this installation's.
  if (at.getTime() + 1_000 <= enrolledAt.getTime()) return;
  await retireRegistration(tx, scene.registrationId, reason, { kind: 'system', id: null }, now);
}
