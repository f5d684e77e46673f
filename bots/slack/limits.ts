/** The published rate limits of Slack as data; a registration's `limits` can override them. */
import { type RateLimit, windows } from '../../src/kernel/rate-limit.ts';

/** `send` is chat.postMessage; the others are the methods that they are named after. */
type Operation =
  | 'send'
  | 'chat.update'
  | 'chat.delete'
  | 'chat.postEphemeral'
  | 'conversations.history'
  | 'conversations.replies'
  | 'conversations.open'
  | 'users.info'
  | 'views.open'
  | 'views.publish';

const page = 'https://docs.slack.dev/apis/web-api/rate-limits';
const methods = 'https://docs.slack.dev/reference/methods';

export const slackLimits: readonly RateLimit<Operation>[] = [
  {
    // Short bursts are let through, without a promise.
    name: 'conversation_messages',
    scope: 'bot_conversation',
    operations: ['send'],
    counted: 'each',
    windows: windows([1, 1]),
    source: page,
  },
  {
    // The page says "several hundred a minute" for a workspace and gives no number: the lowest that can be meant.
    name: 'organization_messages',
    scope: 'app_organization',
    operations: ['send'],
    counted: 'each',
    windows: windows([300, 60]),
    source: `${methods}/chat.postMessage`,
  },
  {
    // Tier 3. The two that read messages fall to 1 a minute for apps that are sold outside Slack's marketplace.
    name: 'organization_tier_3',
    scope: 'app_organization',
    operations: [
      'chat.update',
      'chat.delete',
      'conversations.history',
      'conversations.replies',
      'conversations.open',
    ],
    counted: 'each',
    windows: windows([50, 60]),
    source: `${page}; ${methods}/conversations.history`,
  },
  {
    // Tier 4.
    name: 'organization_tier_4',
    scope: 'app_organization',
    operations: ['chat.postEphemeral', 'users.info', 'views.open', 'views.publish'],
    counted: 'each',
    windows: windows([100, 60]),
    source: page,
  },
];
