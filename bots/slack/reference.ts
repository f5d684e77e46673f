/** Conversation references of Slack: from what a payload names, and back to where chat.postMessage posts. */
import type { ConversationReference, ConversationType } from '../../src/kernel/activity.ts';

export interface ChannelPlace {
  /** `C…`, `G…` or `D…`. */
  channel: string;
  /** `channel_type` of a message event; absent where Slack does not say. */
  hint?: string | undefined;
  organization: string;
  /** Who acted there. */
  userId: string | null;
  /** The bot's own user id. */
  botId: string | null;
  /** The message, and the root of its thread; a root itself is in no thread. */
  ts?: string | undefined;
  threadTs?: string | undefined;
}

/** The reference of a channel; null for an id of no known kind, or a direct message without the person. */
export function channelReference(place: ChannelPlace): ConversationReference | null {
  const type = conversationType(place.channel, place.hint);
  if (type === null || (type === 'personal' && place.userId === null)) return null;
  const threadId = place.threadTs !== undefined && place.threadTs !== place.ts ? place.threadTs : null;
  return {
    platformConversationId: place.channel,
    type,
    organization: place.organization,
    platformUserId: type === 'personal' ? place.userId : null,
    serviceUrl: null,
    botId: place.botId,
    channelId: type === 'channel' ? place.channel : null,
    threadId,
    locale: null,
  };
}

/**
 * The person's own conversation with the bot, named by the user id, which chat.postMessage takes for a channel:
 * gestures may come from where the bot is no member.
 * https://docs.slack.dev/reference/methods/chat.postMessage#channels
 */
export function personalReference(organization: string, userId: string): ConversationReference {
  return {
    platformConversationId: userId,
    type: 'personal',
    organization,
    platformUserId: userId,
    serviceUrl: null,
    botId: null,
    channelId: null,
    threadId: null,
    locale: null,
  };
}

/**
 * Kind of a conversation. `hint` counts where it is sure; the prefix otherwise, as with mentions, which come without
 * one: a new private channel has a `C…` like a public one, so that both are channels.
 */
export function conversationType(channel: string, hint?: string): ConversationType | null {
  if (hint === 'im' || hint === 'app_home') return 'personal';
  if (hint === 'mpim') return 'group';
  switch (channel.charAt(0)) {
    case 'D':
    case 'U':
    case 'W':
      return 'personal';
    case 'G':
      return 'group';
    case 'C':
      return 'channel';
    default:
      return null;
  }
}

/**
 * Where a message goes: in a channel under the message that it answers, so that the channel stays readable; elsewhere
 * in a thread only when the conversation was in one.
 */
export function postTarget(
  reference: ConversationReference,
  replyToMessageId: string | null,
): { channel: string; threadTs: string | null } {
  const threadTs = reference.threadId ?? (reference.type === 'channel' ? replyToMessageId : null);
  return { channel: reference.platformConversationId, threadTs };
}
