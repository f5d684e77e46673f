/** How Slack's destinations of notifications are named. Pure. */
import type { Destination, PacedCall, PlatformAddressing } from '../../src/kernel/notification.ts';

/** Of a person (`U…`, `W…`), a direct conversation (`D…`), a group (`G…`) or a channel (`C…`). */
const ids = /^(?<kind>[UWDGC])[A-Z0-9]{1,60}$/;

/**
 * People are named by their user id, which chat.postMessage takes for a channel and opens the conversation by itself
 * (https://docs.slack.dev/reference/methods/chat.postMessage#channels): no call has to come before the first post.
 */
export const slackAddressing: PlatformAddressing = {
  ofPerson: (platformUserId) => [{ type: 'slack_dm', id: platformUserId }],

  ofReference({ type, platformConversationId, platformUserId }) {
    return type === 'personal'
      ? { type: 'slack_dm', id: platformUserId ?? platformConversationId }
      : { type: 'slack_channel', id: platformConversationId };
  },

  /** A direct conversation stays named by its own id: whose it is, the id does not tell. */
  ofAddress(address) {
    const id = address.trim();
    const kind = ids.exec(id)?.groups?.kind;
    if (kind === undefined) return null;
    return { type: kind === 'G' || kind === 'C' ? 'slack_channel' : 'slack_dm', id };
  },

  paced: (destination) => pacedCall(destination, 'send'),

  opening: () => null,

  lookingUp: (destination) => pacedCall(destination, 'conversations.history'),

  withdrawing: (destination) => pacedCall(destination, 'chat.delete'),
};

function pacedCall({ type, id }: Destination, operation: string): PacedCall {
  return { conversation: id, kind: type === 'slack_dm' ? 'personal' : 'group', operation };
}
