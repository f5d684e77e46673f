/** Conversations in which the tenant's bots can speak first. */
import { z } from 'zod';
import { type ConversationRow, listConversations } from '../../conversations/reference-store.ts';
import { toPage } from '../../infra/keyset.ts';
import { id, instant, listOf, pageQuery, type Route, readRoute, toPageRequest } from '../route.ts';

const conversation = z.object({
  conversation_id: id,
  registration_id: id,
  platform: z.string(),
  type: z.enum(['personal', 'group', 'channel']),
  platform_user_id: z.string().nullable(),
  platform_conversation_id: z.string(),
  state: z.enum(['active', 'retired']),
  retired_reason: z.string().nullable(),
  last_activity_at: instant,
  created_at: instant,
});

function present({ last_activity_at, created_at, ...row }: ConversationRow) {
  return {
    ...row,
    last_activity_at: last_activity_at.toISOString(),
    created_at: created_at.toISOString(),
  };
}

export const conversationRoutes: Route[] = [
  readRoute({
    method: 'get',
    path: '/v1/tenants/{tenant}/conversations',
    tag: 'Conversations',
    summary: 'List captured conversations, newest first',
    capability: 'conversation:read',
    query: pageQuery,
    response: listOf(conversation),
    handle: async (tx, { query }) => {
      const rows = await listConversations(tx, toPageRequest(query));
      const page = toPage(rows, query.limit, (row) => ({
        createdAt: row.created_at,
        id: row.conversation_id,
      }));
      return { items: page.items.map(present), next_cursor: page.nextCursor };
    },
  }),
];
