/** The published rate limits of Slack as data; a registration's `limits` can override them. */
import { type RateLimit, windows } from '../shared/rate-limit.ts';

type Scope = 'bot_conversation' | 'app_organization';
/** `send` is chat.postMessage; the others are the methods that they are named after. */
type Operation =
  | 'send'
  | 'chat.update'
  | 'chat.postEphemeral'
  | 'conversations.history'
  | 'conversations.replies'
  | 'conversations.open'
  | 'users.info'
  | 'views.open'
  | 'views.publish';

const page = 'https://docs.slack.dev/apis/web-api/rate-limits';
const methods = 'https://docs.slack.dev/reference/methods';

export const slackLimits: readonly RateLimit<Scope, Operation>[] = [
  {
    // Short bursts are let through, without a promise.
    scope: 'bot_conversation',
    operations: ['send'],
    windows: windows([1, 1]),
    source: page,
  },
  {
    // The page says "several hundred a minute" for a workspace and gives no number: the lowest that can be meant.
    scope: 'app_organization',
    operations: ['send'],
    windows: windows([300, 60]),
    source: `${methods}/chat.postMessage`,
  },
  {
    // Tier 3. The two that read messages fall to 1 a minute for apps that are sold outside Slack's marketplace.
    scope: 'app_organization',
    operations: ['chat.update', 'conversations.history', 'conversations.replies', 'conversations.open'],
    windows: windows([50, 60]),
    source: `${page}; ${methods}/conversations.history`,
  },
  {
    // Tier 4.
    scope: 'app_organization',
    operations: ['chat.postEphemeral', 'users.info', 'views.open', 'views.publish'],
    windows: windows([100, 60]),
    source: page,
  },
];
