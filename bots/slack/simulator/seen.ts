/** The bot's messages as a person sees them. */
import type { SeenMessage } from '../../../src/kernel/simulated-chat.ts';
import type { Oracle, OracleMessage } from './oracle.ts';
import { readContent } from './read-card.ts';
import type { Scene, World } from './world.ts';

/** Whether the person of the scene sees the message there, in the thread if the scene has one. */
export function isSeenBy(scene: Scene, message: OracleMessage): boolean {
  const { installation, conversation, person, threadTs } = scene;
  const there = message.conversationId === conversation.id && message.installation === installation.key;
  const shown = message.onlyFor === null || message.onlyFor === person.platformUserId;
  const inThread = threadTs === null || message.threadTs === threadTs || message.ts === threadTs;
  return there && shown && inThread && !message.deleted;
}

export function seenMessage(world: World, message: OracleMessage): SeenMessage {
  const { ts, conversationId, threadTs, content, onlyFor, history } = message;
  const card = readContent(content, (userId) => world.nameOf(userId));
  const token = (content.metadata?.event_payload as { token?: unknown } | undefined)?.token;
  return {
    id: ts,
    conversation: conversationId,
    replyTo: threadTs,
    token: typeof token === 'string' ? token : null,
    card,
    text: card.lines.map(({ text }) => text).join('\n'),
    versions: history.length,
    onlyFor: onlyFor === null ? null : (world.keyOf(onlyFor) ?? onlyFor),
  };
}

/** Messages of bots that anybody sees now, wherever they are, in the order of posting. */
export function allSeenMessages(world: World, oracle: Oracle): SeenMessage[] {
  const visible = oracle.conversations().flatMap((id) => oracle.visible(id));
  const inOrder = visible.sort((a, b) => Number(a.ts) - Number(b.ts));
  return inOrder.map((message) => seenMessage(world, message));
}

/** What the person sees now, in the order of posting. */
export function seenMessages(world: World, oracle: Oracle, scene: Scene): SeenMessage[] {
  const visible = oracle.visible(scene.conversation.id);
  return visible.filter((message) => isSeenBy(scene, message)).map((message) => seenMessage(world, message));
}

/** The next message or version that is not among `known`. @throws Error after the time */
export function nextSeen(
  world: World,
  oracle: Oracle,
  scene: Scene,
  known: readonly SeenMessage[],
  timeoutMs: number,
): Promise<SeenMessage> {
  const isNew = (seen: SeenMessage) =>
    !known.some(({ id, versions }) => id === seen.id && versions === seen.versions);
  const there = seenMessages(world, oracle, scene).find(isNew);
  if (there !== undefined) return Promise.resolve(there);
  const read = (message: OracleMessage) => {
    const seen = isSeenBy(scene, message) ? seenMessage(world, message) : null;
    return seen !== null && isNew(seen) ? seen : null;
  };
  return oracle.first(read, timeoutMs, 'no new message');
}
