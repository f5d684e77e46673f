/** SQL of working through audiences: the notifications, locked, and their progress. */
import { statement, type Transaction } from '../infra/database.ts';
import type { NotificationRow } from './enqueue-store.ts';
import type { NotificationContent, NotificationTarget } from './records.ts';

/** A notification as it is worked through. */
export interface ExpandedNotification
  extends Omit<NotificationRow, 'createdBy' | 'createdAt' | 'expandedAt'> {
  withdrawnAt: Date | null;
  acceptedAt: Date;
}

type Row = Omit<ExpandedNotification, 'target'> & {
  targetKind: NotificationTarget['kind'] | null;
  targetId: string | null;
};

const lockSql = statement(
  'expansion_lock',
  `select notification_id as "notificationId", category, content, target_kind as "targetKind", target_id as "targetId",
     actor_user_id as "actorUserId", on_unknown as "onUnknown", priority, collapse_key as "collapseKey",
     send_at as "sendAt", send_at_local as "sendAtLocal", expires_at as "expiresAt", recipients,
     withdrawn_at as "withdrawnAt", created_at as "acceptedAt"
     from notifications where tenant_id = $1 and notification_id = any($2::uuid[]) and expanded_at is null
    order by created_at, notification_id
      for update skip locked`,
);

/**
 * The notifications, the oldest first, locked until the transaction ends: without those that another holds, and those of
 * which nothing is left to do.
 */
export async function lockForExpansion(
  tx: Transaction,
  notificationIds: readonly string[],
): Promise<ExpandedNotification[]> {
  const rows = await tx.query<Row>(lockSql, [tx.tenantId, notificationIds]);
  return rows.map(({ targetKind, targetId, ...notification }) => {
    const target = targetKind === null || targetId === null ? null : { kind: targetKind, id: targetId };
    return { ...notification, target };
  });
}

const pendingSql = statement(
  'expansion_pending',
  `select notification_id from notifications
    where tenant_id = $1 and notification_id = any($2::uuid[]) and expanded_at is null`,
);

/** Those that somebody has to work through still. */
export async function findPending(tx: Transaction, notificationIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ notification_id: string }>(pendingSql, [tx.tenantId, notificationIds]);
  return new Set(rows.map((row) => row.notification_id));
}

const contentSql = statement(
  'expansion_content',
  'update notifications set content = $3 where tenant_id = $1 and notification_id = $2',
);

/** Writes the snapshot; travels with the next statements. */
export function writeContent(tx: Transaction, notificationId: string, content: NotificationContent): void {
  tx.enqueue(contentSql, [tx.tenantId, notificationId, JSON.stringify(content)]);
}

const expandedSql = statement(
  'expansion_done',
  'update notifications set expanded_at = $3 where tenant_id = $1 and notification_id = any($2::uuid[])',
);

/** Everybody has their deliveries; travels with the next statements. */
export function markExpanded(tx: Transaction, notificationIds: readonly string[], now: Date): void {
  tx.enqueue(expandedSql, [tx.tenantId, notificationIds, now]);
}
