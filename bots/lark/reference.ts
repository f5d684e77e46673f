/** Conversation references of Lark: from the ids in an event, and back to the address that a send needs. */
import type { ChatPerson, ConversationReference, ConversationType } from '../../src/kernel/activity.ts';

/** What an event says of the conversation that it happened in. */
export interface Place {
  chatId: string | undefined;
  type: ConversationType | null;
  organization: string;
  /** Topic (`omt_…`) within the chat. */
  threadId?: string | undefined;
}

/**
 * The reference of a conversation, or null when it is incomplete: without chat or kind, or a personal one without the
 * person. Lark has one endpoint per registration, tells the bot's own id in no event, and no language.
 */
export function toReference(place: Place, person: ChatPerson | null): ConversationReference | null {
  const { chatId, type, organization, threadId } = place;
  if (chatId === undefined || type === null) return null;
  if (type === 'personal' && person === null) return null;
  return {
    platformConversationId: chatId,
    type,
    organization,
    platformUserId: type === 'personal' ? (person?.platformUserId ?? null) : null,
    serviceUrl: null,
    botId: null,
    channelId: null,
    threadId: threadId ?? null,
    locale: null,
  };
}

/** The person's chat with the bot where an event names none: the open_id is an address too. */
export function toDirectReference(person: ChatPerson, organization: string): ConversationReference | null {
  return toReference({ chatId: person.platformUserId, type: 'personal', organization }, person);
}

/** Kinds of chats: `private` is version 1's name, `topic_group` a group that consists of topics. */
export function conversationType(chatType: unknown): ConversationType | null {
  switch (chatType) {
    case 'p2p':
    case 'private':
      return 'personal';
    case 'group':
      return 'group';
    case 'topic_group':
      return 'channel';
    default:
      return null;
  }
}

/** What an id is sent to by, as the query `receive_id_type` of a send; null when the id is of no known form. */
export function receiveIdType(id: string): 'chat_id' | 'open_id' | 'union_id' | 'email' | null {
  if (id.startsWith('oc_')) return 'chat_id';
  if (id.startsWith('ou_')) return 'open_id';
  if (id.startsWith('on_')) return 'union_id';
  return id.includes('@') ? 'email' : null;
}
