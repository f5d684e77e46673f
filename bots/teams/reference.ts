/** Conversation references of Teams: from an activity, and back to the address that the connector needs. */
import type { ChatPerson, ConversationReference, ConversationType } from '../../src/kernel/activity.ts';
import { type Envelope, isBot, localeOf } from './envelope.ts';

const threadMark = ';messageid=';

/** The person who acted: Entra object id where the platform gives one, else the bot-specific id; null for bots. */
export function personOf(envelope: Envelope): ChatPerson | null {
  const from = envelope.from;
  const platformUserId = from?.aadObjectId?.toLowerCase() ?? from?.id;
  if (from === undefined || platformUserId === undefined || isBot(from)) return null;
  return { platformUserId, name: from.name ?? null };
}

/**
 * The reference of an activity's conversation, or null when it is incomplete: without conversation, kind, service URL
 * or bot, or a personal one without the person.
 */
export function toReference(envelope: Envelope, organization: string): ConversationReference | null {
  const { conversation, serviceUrl, recipient } = envelope;
  const type = conversationType(conversation);
  if (conversation?.id === undefined || type === null) return null;
  if (serviceUrl === undefined || recipient?.id === undefined) return null;
  const { platformConversationId, threadId } = splitConversationId(conversation.id);
  const platformUserId = type === 'personal' ? (personOf(envelope)?.platformUserId ?? null) : null;
  if (platformConversationId === '' || (type === 'personal' && platformUserId === null)) return null;
  if (!isConversationOfBot(envelope, platformConversationId, type)) return null;
  const team = envelope.channelData?.team;
  return {
    platformConversationId,
    type,
    organization,
    platformUserId,
    serviceUrl,
    botId: recipient.id,
    // The team, by Graph's id or else the connector's: the channel itself is the conversation.
    channelId: type === 'channel' ? (team?.aadGroupId?.toLowerCase() ?? team?.id ?? null) : null,
    threadId,
    locale: localeOf(envelope),
  };
}

/** The conversation's id and the thread in it: `19:…@thread.tacv2;messageid=1700000000000`. */
export function splitConversationId(id: string): { platformConversationId: string; threadId: string | null } {
  const at = id.indexOf(threadMark);
  if (at === -1) return { platformConversationId: id, threadId: null };
  const threadId = id.slice(at + threadMark.length);
  return { platformConversationId: id.slice(0, at), threadId: threadId === '' ? null : threadId };
}

/**
 * The conversation id that the connector is called with: in a channel with the thread, else with the message that is
 * replied to as the thread's root, so that the reply does not open a thread of its own.
 */
export function connectorConversationId(reference: ConversationReference, replyTo: string | null): string {
  const thread = reference.threadId ?? (reference.type === 'channel' ? replyTo : null);
  return thread === null
    ? reference.platformConversationId
    : reference.platformConversationId + threadMark + thread;
}

function conversationType(conversation: Envelope['conversation']): ConversationType | null {
  switch (conversation?.conversationType) {
    case 'personal':
      return 'personal';
    case 'groupChat':
      return 'group';
    case 'channel':
      return 'channel';
    default:
      return null;
  }
}

/**
 * A message extension runs in any chat, also in one between two people, which Teams calls personal too. To speak there
 * "to the person" would speak to both, so it is no reference. A person's chat with a bot has another form of id.
 */
function isConversationOfBot(envelope: Envelope, conversationId: string, type: ConversationType): boolean {
  const fromExtension = envelope.type === 'invoke' && envelope.name?.startsWith('composeExtension/') === true;
  return !(fromExtension && type === 'personal' && conversationId.startsWith('19:'));
}
