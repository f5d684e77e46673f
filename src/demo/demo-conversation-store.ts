/** SQL of the demo's conversations, which begin without an activity. */
import type { Transaction } from '../infra/database.ts';
import type { ConversationReference } from '../kernel/activity.ts';

/** Makes a personal conversation, or refreshes the address of the one there is; travels with the next statements. */
export function putConversation(
  tx: Transaction,
  conversation: { conversationId: string; registrationId: string; platform: string },
  reference: ConversationReference,
  at: Date,
): void {
  tx.enqueue(
    `insert into conversations (tenant_id, conversation_id, registration_id, platform, platform_conversation_id,
       person_key, type, platform_user_id, service_url, organization, bot_id, state, last_activity_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $6, $8, $9, $10, 'active', $11, $11)
     on conflict (tenant_id, registration_id, platform_conversation_id, person_key) do update
       set service_url = excluded.service_url, bot_id = excluded.bot_id, state = 'active', retired_reason = null`,
    [
      tx.tenantId,
      conversation.conversationId,
      conversation.registrationId,
      conversation.platform,
      reference.platformConversationId,
      reference.platformUserId ?? '',
      reference.type,
      reference.serviceUrl,
      reference.organization,
      reference.botId,
      at,
    ],
  );
}
