/** The published rate limits of Teams as data; a registration's `limits` can override them. */
import { type RateLimit, windows } from '../shared/rate-limit.ts';

type Scope = 'bot_conversation' | 'conversation' | 'app_organization';
type Operation = 'send' | 'create' | 'get_members' | 'get_conversations';

const page = 'https://learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit';

export const teamsLimits: readonly RateLimit<Scope, Operation>[] = [
  {
    scope: 'bot_conversation',
    operations: ['send', 'create'],
    windows: windows([7, 1], [8, 2], [60, 30], [1800, 3600]),
    source: page,
  },
  {
    scope: 'bot_conversation',
    operations: ['get_members', 'get_conversations'],
    windows: windows([14, 1], [16, 2], [120, 30], [3600, 3600]),
    source: page,
  },
  {
    // All bots of the conversation together.
    scope: 'conversation',
    operations: ['send', 'create'],
    windows: windows([14, 1], [16, 2]),
    source: page,
  },
  {
    scope: 'conversation',
    operations: ['get_members', 'get_conversations'],
    windows: windows([28, 1], [32, 2]),
    source: page,
  },
  {
    // Older copies of the page say 30 a second, newer quotations 50: the lower one until a registration says more.
    scope: 'app_organization',
    operations: ['send', 'create', 'get_members', 'get_conversations'],
    windows: windows([30, 1]),
    source: `${page}; Microsoft Q&A 848444 quotes 50 a second`,
  },
];
