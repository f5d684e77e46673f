/** The published rate limits of Lark and Feishu as data; a registration's `limits` can override them. */
import { type RateLimit, windows } from '../shared/rate-limit.ts';

/** `user` and `group`: who is written to. `message`: the one that is updated. */
type Scope = 'app_organization' | 'user' | 'group' | 'message';
/** `send` is a new message or a reply: the pages give both the same figures, and do not say that they are apart. */
type Operation = 'send' | 'update';

const docs = 'https://open.feishu.cn/document/server-docs/im-v1';
const sending = `${docs}/message/create; ${docs}/message/reply`;
const updating = `${docs}/message-card/patch`;

export const larkLimits: readonly RateLimit<Scope, Operation>[] = [
  {
    scope: 'app_organization',
    operations: ['send', 'update'],
    windows: windows([50, 1], [1000, 60]),
    source: `${sending}; ${updating}`,
  },
  {
    scope: 'user',
    operations: ['send'],
    windows: windows([5, 1]),
    source: sending,
  },
  {
    // All bots of the group together.
    scope: 'group',
    operations: ['send'],
    windows: windows([5, 1]),
    source: sending,
  },
  {
    scope: 'message',
    operations: ['update'],
    windows: windows([5, 1]),
    source: updating,
  },
];
