/** How destinations in Lark and Feishu are named: people by their open_id, groups by their chat_id. */
import type { Destination, PlatformAddressing } from '../../src/kernel/notification.ts';

const chatAddress = /^oc_[\w-]{1,190}$/;
/** A union_id or an e-mail address names a person as well, but not as links and events do. */
const personAddress = /^(ou|on)_[\w-]{1,190}$/;
const mailAddress = /^[^\s@<>"(),:;]{1,64}@[^\s@<>"(),:;]{1,189}$/;

export const larkAddressing: PlatformAddressing = {
  ofPerson(platformUserId) {
    return [person(platformUserId)];
  },
  ofReference({ type, platformConversationId, platformUserId }) {
    if (type !== 'personal') return chat(platformConversationId);
    if (platformUserId !== null) return person(platformUserId);
    return platformConversationId.startsWith('oc_')
      ? chat(platformConversationId)
      : person(platformConversationId);
  },
  ofAddress(address) {
    const id = address.trim();
    if (chatAddress.test(id)) return chat(id);
    return personAddress.test(id) || mailAddress.test(id) ? person(id) : null;
  },
  paced({ type, id }) {
    return { conversation: id, kind: type === 'lark_chat' ? 'group' : 'personal', operation: 'send' };
  },
  // A send to an open_id opens the chat by itself.
  opening: () => null,
  // A repeat under the same uuid is a send like another; lists and recalls have no published limits of their own.
  lookingUp: () => null,
  withdrawing: () => null,
};

function person(id: string): Destination {
  return { type: 'lark_user', id };
}

function chat(id: string): Destination {
  return { type: 'lark_chat', id };
}
