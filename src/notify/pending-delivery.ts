/** From a row of the database to a delivery as its lane's owner holds it. */
import type { ConversationReference } from '../kernel/activity.ts';
import type { PacedCall, PlatformAddressing } from '../kernel/notification.ts';
import type { ConversationKind } from '../kernel/rate-limit.ts';
import type { PendingDelivery } from './delivery.ts';
import type { ReadyRow } from './ready-store.ts';
import { priorityMs } from './records.ts';

export function toPending(row: ReadyRow, addressing: PlatformAddressing): PendingDelivery {
  const destination = { type: row.destination_type, id: row.destination_id };
  const reference = referenceOf(row);
  const opening = row.phase === 'ready' ? addressing.opening(destination, reference) : null;
  return {
    id: row.delivery_id,
    conversation: conversationKey(addressing.paced(destination)),
    operation: (opening ?? addressing.paced(destination)).operation,
    priority: row.priority,
    dueAt: row.due_at.getTime(),
    createdAt: row.created_at,
    queuedAt: row.rank + row.priority * priorityMs,
    notificationId: row.notification_id,
    category: row.category,
    userId: row.user_id,
    destination,
    fallback: row.fallback ?? [],
    onUnknown: row.on_unknown,
    expiresAt: row.expires_at,
    phase: row.phase,
    attemptNo: row.attempt_no,
    tryNo: row.try_no,
    reduced: row.reduced,
    firstStartedAt: row.first_started_at,
    startedAt: row.started_at,
    notAfter: row.not_after,
    locale: row.locale ?? row.conversation_locale,
    timeZone: row.time_zone,
    quietHours:
      row.quiet_from === null || row.quiet_to === null ? null : { from: row.quiet_from, to: row.quiet_to },
    reference,
    openings: 0,
    repeatUntil: null,
  };
}

function referenceOf(row: ReadyRow): ConversationReference | null {
  if (row.platform_conversation_id === null || row.conversation_type === null) return null;
  return {
    platformConversationId: row.platform_conversation_id,
    type: row.conversation_type,
    organization: row.organization ?? '',
    platformUserId: row.platform_user_id,
    serviceUrl: row.service_url,
    botId: row.bot_id,
    channelId: row.channel_id,
    // A notification begins anew; it is no reply in the thread that somebody last wrote in.
    threadId: null,
    locale: row.conversation_locale,
  };
}

/** The key under which the limits count a conversation; it tells the kind, since the log has nothing else to tell it by. */
export function conversationKey({ conversation, kind }: Pick<PacedCall, 'conversation' | 'kind'>): string {
  return `${kind === 'group' ? 'g' : 'p'}:${conversation}`;
}

export function kindOfKey(key: string): ConversationKind {
  return key.startsWith('g:') ? 'group' : 'personal';
}
