/** How the destinations of Teams are named: people by their Entra object id, everything else by its conversation. */
import type { ConversationReference } from '../../src/kernel/activity.ts';
import type { Destination, PacedCall, PlatformAddressing } from '../../src/kernel/notification.ts';
import { splitConversationId } from './reference.ts';

const maxAddressLength = 500;

const entraId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Channels; `skype` is the older form. */
const channelId = /^19:[^@\s]+@thread\.(?:tacv2|skype)$/i;
/** Group and meeting chats, and chats of two people. */
const chatId = /^19:[^@\s]+@(?:thread\.v2|unq\.gbl\.spaces)$/i;
/** A person's chat with a bot, as the connector names it. */
const personalChatId = /^a:[^\s]+$/;

/** Whether a destination's id names a conversation; it is a person's otherwise. */
export function isConversationId(id: string): boolean {
  return id.startsWith('19:') || id.startsWith('a:');
}

/** Whether it is the id of an Entra object, as Graph takes it. */
export function isEntraId(id: string): boolean {
  return entraId.test(id);
}

export const teamsAddressing: PlatformAddressing = {
  ofPerson: (platformUserId) => [
    { type: 'teams_chat', id: platformUserId },
    { type: 'teams_feed', id: platformUserId },
  ],

  ofReference({ type, platformConversationId, platformUserId }) {
    if (type === 'channel') return { type: 'teams_channel', id: platformConversationId };
    const id = type === 'personal' ? (platformUserId ?? platformConversationId) : platformConversationId;
    return { type: 'teams_chat', id };
  },

  /** An Entra object id is the person's chat; a channel's thread is its channel, since a notification is a new post. */
  ofAddress(address) {
    const text = address.trim();
    if (text.length > maxAddressLength) return null;
    if (isEntraId(text)) return { type: 'teams_chat', id: text.toLowerCase() };
    const { platformConversationId: id } = splitConversationId(text);
    if (channelId.test(id)) return { type: 'teams_channel', id };
    return chatId.test(id) || personalChatId.test(id) ? { type: 'teams_chat', id } : null;
  },

  paced: (destination) => pacedCall(destination, destination.type === 'teams_feed' ? 'feed' : 'send'),

  /** A person to whom the bot never spoke: their chat is created first. */
  opening(destination, reference: ConversationReference | null) {
    const isPerson = destination.type === 'teams_chat' && !isConversationId(destination.id);
    return isPerson && reference === null ? pacedCall(destination, 'create') : null;
  },

  /** Graph's reads; nobody asks after an entry of the feed. */
  lookingUp(destination) {
    if (destination.type === 'teams_feed') return null;
    return pacedCall(destination, destination.type === 'teams_channel' ? 'read_channel' : 'read_chat');
  },

  // The page that counts what bots send says nothing of deleting.
  withdrawing: () => null,
};

function pacedCall(destination: Destination, operation: string): PacedCall {
  const { type, id } = destination;
  const isGroup = type === 'teams_channel' || (type === 'teams_chat' && /@thread\.v2$/i.test(id));
  return { conversation: id, kind: isGroup ? 'group' : 'personal', operation };
}
