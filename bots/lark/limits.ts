/** The published rate limits of Lark and Feishu as data; a registration's `limits` can override them. */
import { type RateLimit, windows } from '../../src/kernel/rate-limit.ts';

/** `send` is a new message or a reply: the pages give both the same figures, and do not say that they are apart. */
type Operation = 'send' | 'update';

const docs = 'https://open.feishu.cn/document/server-docs/im-v1';
const sending = `${docs}/message/create; ${docs}/message/reply`;
const updating = `${docs}/message-card/patch`;

export const larkLimits: readonly RateLimit<Operation>[] = [
  {
    name: 'organization_messages',
    scope: 'app_organization',
    operations: ['send', 'update'],
    counted: 'each',
    windows: windows([50, 1], [1000, 60]),
    source: `${sending}; ${updating}`,
  },
  {
    name: 'user_messages',
    scope: 'bot_conversation',
    conversations: 'personal',
    operations: ['send'],
    counted: 'each',
    windows: windows([5, 1]),
    source: sending,
  },
  {
    // All bots of the group together.
    name: 'group_messages',
    scope: 'conversation',
    conversations: 'group',
    operations: ['send'],
    counted: 'each',
    windows: windows([5, 1]),
    source: sending,
  },
  {
    name: 'message_updates',
    scope: 'message',
    operations: ['update'],
    counted: 'each',
    windows: windows([5, 1]),
    source: updating,
  },
];
