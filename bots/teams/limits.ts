/** The published rate limits of Teams as data; a registration's `limits` can override them. */
import { type RateLimit, windows } from '../../src/kernel/rate-limit.ts';

type Operation =
  | 'send'
  | 'create'
  | 'get_members'
  | 'get_conversations'
  | 'feed'
  | 'read_channel'
  | 'read_chat';

const graphPage = 'https://learn.microsoft.com/graph/throttling-limits#microsoft-teams-service-limits';
const page = 'https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit';

export const teamsLimits: readonly RateLimit<Operation>[] = [
  {
    name: 'conversation_messages',
    scope: 'bot_conversation',
    operations: ['send', 'create'],
    counted: 'each',
    windows: windows([7, 1], [8, 2], [60, 30], [1800, 3600]),
    source: page,
  },
  {
    name: 'conversation_reads',
    scope: 'bot_conversation',
    operations: ['get_members', 'get_conversations'],
    counted: 'each',
    windows: windows([14, 1], [16, 2], [120, 30], [3600, 3600]),
    source: page,
  },
  {
    // All bots of the conversation together.
    name: 'shared_conversation_messages',
    scope: 'conversation',
    operations: ['send', 'create'],
    counted: 'each',
    windows: windows([14, 1], [16, 2]),
    source: page,
  },
  {
    name: 'shared_conversation_reads',
    scope: 'conversation',
    operations: ['get_members', 'get_conversations'],
    counted: 'each',
    windows: windows([28, 1], [32, 2]),
    source: page,
  },
  {
    // Older copies of the page say 30 a second, newer quotations 50: the lower one until a registration says more.
    name: 'organization_requests',
    scope: 'app_organization',
    operations: ['send', 'create', 'get_members', 'get_conversations'],
    counted: 'together',
    windows: windows([30, 1]),
    source: `${page}; Microsoft Q&A 848444 quotes 50 a second`,
  },
  {
    name: 'feed_notifications',
    scope: 'app_organization',
    operations: ['feed'],
    counted: 'together',
    windows: windows([5, 1]),
    source: graphPage,
  },
  {
    name: 'app_feed_notifications',
    scope: 'app',
    operations: ['feed'],
    counted: 'together',
    windows: windows([50, 1]),
    source: graphPage,
  },
  {
    name: 'graph_message_reads',
    scope: 'app_organization',
    operations: ['read_channel', 'read_chat'],
    counted: 'each',
    windows: windows([20, 1]),
    source: graphPage,
  },
  {
    // Published as the app's, for a team or channel, over all organizations; each channel belongs to one.
    name: 'graph_channel_reads',
    scope: 'bot_conversation',
    operations: ['read_channel'],
    counted: 'each',
    windows: windows([4, 1]),
    source: graphPage,
  },
];
