/** SQL of conversation references. */
import { statement, type Transaction } from '../infra/database.ts';
import type { ConversationReference } from '../kernel/activity.ts';

export interface ConversationRow {
  conversation_id: string;
  registration_id: string;
  platform: string;
  type: ConversationReference['type'];
  platform_user_id: string | null;
  platform_conversation_id: string;
  state: 'active' | 'retired';
  retired_reason: string | null;
  last_activity_at: Date;
  created_at: Date;
}

const columns = `conversation_id, registration_id, platform, type, platform_user_id, platform_conversation_id, state,
  retired_reason, last_activity_at, created_at`;

// A conversation that spoke within the last seconds and looks the same is left alone: no write, no contention.
const upsertSql = statement(
  'conversation_upsert',
  `insert into conversations as c (tenant_id, conversation_id, registration_id, platform, platform_conversation_id,
     person_key, type, platform_user_id, service_url, organization, bot_id, channel_id, thread_id, locale, state,
     last_activity_at, created_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'active', $15, $15)
   on conflict (tenant_id, registration_id, platform_conversation_id, person_key) do update
     set type = excluded.type, service_url = excluded.service_url, bot_id = excluded.bot_id,
         channel_id = excluded.channel_id, thread_id = excluded.thread_id, locale = excluded.locale,
         state = 'active', retired_reason = null, last_activity_at = excluded.last_activity_at
   where c.last_activity_at < $16 or c.state <> 'active' or c.service_url is distinct from excluded.service_url
      or c.thread_id is distinct from excluded.thread_id or c.locale is distinct from excluded.locale
      or c.bot_id is distinct from excluded.bot_id or c.channel_id is distinct from excluded.channel_id`,
);

/** Writes or refreshes the reference; the answer arrives with the enclosing savepoint. */
export function upsertReference(
  tx: Transaction,
  conversation: { conversationId: string; registrationId: string; platform: string; personKey: string },
  reference: ConversationReference,
  now: Date,
): void {
  tx.enqueue(upsertSql, [
    tx.tenantId,
    conversation.conversationId,
    conversation.registrationId,
    conversation.platform,
    reference.platformConversationId,
    conversation.personKey,
    reference.type,
    reference.platformUserId,
    reference.serviceUrl,
    reference.organization,
    reference.botId,
    reference.channelId,
    reference.threadId,
    reference.locale,
    now,
    new Date(now.getTime() - 10_000),
  ]);
}

/** Marks the conversation as greeted. @returns false when it was greeted before */
export async function markGreeted(tx: Transaction, conversationId: string, now: Date): Promise<boolean> {
  return (
    (await tx.execute(
      `update conversations set greeted_at = $3
        where tenant_id = $1 and conversation_id = $2 and greeted_at is null`,
      [tx.tenantId, conversationId, now],
    )) === 1
  );
}

/** Ends every reference of the platform's conversation: nothing is sent there any more. */
export async function retireReferences(
  tx: Transaction,
  registrationId: string,
  platformConversationId: string,
  reason: string,
): Promise<void> {
  await tx.execute(
    `update conversations set state = 'retired', retired_reason = $4
      where tenant_id = $1 and registration_id = $2 and platform_conversation_id = $3 and state = 'active'`,
    [tx.tenantId, registrationId, platformConversationId, reason],
  );
}

export async function listConversations(
  tx: Transaction,
  page: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<ConversationRow[]> {
  return await tx.query<ConversationRow>(
    `select ${columns} from conversations
      where tenant_id = $1 and ($3::timestamptz is null or (created_at, conversation_id) < ($3, $4::uuid))
      order by created_at desc, conversation_id desc limit $2`,
    [tx.tenantId, page.limit, page.after?.createdAt ?? null, page.after?.id ?? null],
  );
}
