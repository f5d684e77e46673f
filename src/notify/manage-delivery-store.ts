/** SQL of what administrators change about deliveries: again, not at all, or as they found it out to be. */
import type { Transaction } from '../infra/database.ts';
import type { DeliveryRow } from './delivery-queries.ts';
import {
  type Channel,
  type DeliveryErrorCode,
  type Priority,
  priorityMs,
  type UnknownPolicy,
} from './records.ts';

/** What names a delivery and its partition. */
export type DeliveryKey = Pick<DeliveryRow, 'delivery_id' | 'created_at'>;

/**
 * Locks a delivery until the transaction ends, in the order in which the notifier does: what is to be sent before what
 * is recorded. After it nothing that the delivery says can change.
 * @returns the phase of what is to be sent; null when nothing is
 */
export async function lockDelivery(
  tx: Transaction,
  key: DeliveryKey,
): Promise<'ready' | 'sending' | 'unknown' | null> {
  const [ready] = await tx.query<{ phase: 'ready' | 'sending' | 'unknown' }>(
    'select phase from delivery_ready where tenant_id = $1 and delivery_id = $2 for update',
    [tx.tenantId, key.delivery_id],
  );
  await tx.query(
    'select 1 from deliveries where tenant_id = $1 and delivery_id = $2 and created_at = $3 for update',
    [tx.tenantId, key.delivery_id, key.created_at],
  );
  return ready?.phase ?? null;
}

/** Keeps the notification as it is until the transaction ends. */
export async function holdNotification(tx: Transaction, notificationId: string): Promise<void> {
  await tx.query('select 1 from notifications where tenant_id = $1 and notification_id = $2 for share', [
    tx.tenantId,
    notificationId,
  ]);
}

/**
 * Takes what is not on the wire off, and records why.
 * @returns the ids of those that this stopped: the notifier has the others
 */
export async function skipReady(
  tx: Transaction,
  keys: readonly DeliveryKey[],
  reason: 'cancelled' | 'withdrawn',
): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const stopped = await tx.query<DeliveryKey>(
    `delete from delivery_ready where tenant_id = $1 and delivery_id = any($2::uuid[]) and phase = 'ready'
     returning delivery_id, created_at`,
    [tx.tenantId, keys.map((key) => key.delivery_id)],
  );
  if (stopped.length === 0) return new Set();
  const times = stopped.map(({ created_at }) => created_at.getTime());
  tx.enqueue(
    `update deliveries set status = 'skipped', reason = $3
      where tenant_id = $1 and delivery_id = any($2::uuid[]) and status = 'queued'
        and created_at >= $4 and created_at <= $5`,
    [
      tx.tenantId,
      stopped.map(({ delivery_id }) => delivery_id),
      reason,
      new Date(Math.min(...times)),
      new Date(Math.max(...times)),
    ],
  );
  return new Set(stopped.map(({ delivery_id }) => delivery_id));
}

/** What the log knows of a delivery's tries; zero and null where there were none. */
export interface Tried {
  attemptNo: number;
  tryNo: number;
  firstStartedAt: Date | null;
  lastStartedAt: Date | null;
}

/** How often a delivery was tried. A retry that was never sent counts too: its number is used up. */
export async function readTried(tx: Transaction, delivery: DeliveryRow): Promise<Tried> {
  const [row] = await tx.query<Tried>(
    `select coalesce(max(attempt_no), 0) as "attemptNo", coalesce(max(try_no), 0) as "tryNo",
            min(started_at) as "firstStartedAt", max(started_at) as "lastStartedAt"
       from delivery_attempts where tenant_id = $1 and delivery_id = $2`,
    [tx.tenantId, delivery.delivery_id],
  );
  return row ?? { attemptNo: 0, tryNo: 0, firstStartedAt: null, lastStartedAt: null };
}

/**
 * Puts the key of an attempt down.
 * @returns false when the attempt exists: it is another delivery's, or a rival's
 */
export async function claimAttempt(tx: Transaction, key: string, delivery: DeliveryKey): Promise<boolean> {
  const claimed = await tx.execute(
    `insert into delivery_idempotency (tenant_id, idempotency_key, delivery_id, created_at) values ($1, $2, $3, $4)
     on conflict (tenant_id, idempotency_key) do nothing`,
    [tx.tenantId, key, delivery.delivery_id, delivery.created_at],
  );
  return claimed === 1;
}

/** A delivery that is to be sent once more. */
export interface Requeued {
  delivery: DeliveryRow;
  channel: Channel;
  fallback: readonly Channel[];
  attemptNo: number;
  tried: Tried;
  onUnknown: UnknownPolicy;
  priority: Priority;
  dueAt: Date;
  expiresAt: Date | null;
}

/** Makes an ended delivery one that waits again; travels with the next statements. */
export function requeueDelivery(tx: Transaction, requeued: Requeued): void {
  const { delivery, channel, tried } = requeued;
  tx.enqueue(
    `update deliveries set status = 'queued', reason = null, error_code = null, error_message = null,
            registration_id = $4, platform = $5, destination_type = $6, destination_id = $7
      where tenant_id = $1 and delivery_id = $2 and created_at = $3`,
    [
      tx.tenantId,
      delivery.delivery_id,
      delivery.created_at,
      channel.registrationId,
      channel.platform,
      channel.type,
      channel.id,
    ],
  );
  // Numbers of tries go on: an answer to an earlier try must not pass for one to this.
  tx.enqueue(
    `insert into delivery_ready (tenant_id, delivery_id, created_at, notification_id, lane_id, category, user_id,
       destination_type, destination_id, fallback, on_unknown, priority, rank, due_at, expires_at, attempt_no,
       try_no, first_started_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
    [
      tx.tenantId,
      delivery.delivery_id,
      delivery.created_at,
      delivery.notification_id,
      channel.registrationId,
      delivery.category,
      delivery.user_id,
      channel.type,
      channel.id,
      requeued.fallback.length === 0 ? null : JSON.stringify(requeued.fallback),
      requeued.onUnknown,
      requeued.priority,
      requeued.dueAt.getTime() - requeued.priority * priorityMs,
      requeued.dueAt,
      requeued.expiresAt,
      requeued.attemptNo,
      tried.tryNo,
      tried.firstStartedAt,
    ],
  );
}

/** What an administrator found out about a delivery of unknown outcome. */
export interface ResolvedOutcome {
  status: 'sent' | 'failed';
  errorCode: DeliveryErrorCode | null;
  errorMessage: string | null;
  sentAt: Date | null;
}

/** @returns false when the delivery is of unknown outcome no more */
export async function resolveOutcome(
  tx: Transaction,
  key: DeliveryKey,
  outcome: ResolvedOutcome,
): Promise<boolean> {
  const resolved = await tx.execute(
    `update deliveries set status = $4, error_code = $5, error_message = $6, sent_at = $7
      where tenant_id = $1 and delivery_id = $2 and created_at = $3
        and status = 'failed' and error_code = 'outcome_unknown'`,
    [
      tx.tenantId,
      key.delivery_id,
      key.created_at,
      outcome.status,
      outcome.errorCode,
      outcome.errorMessage,
      outcome.sentAt,
    ],
  );
  return resolved === 1;
}

/** @returns false when it was withdrawn before, or does not exist */
export async function markWithdrawn(tx: Transaction, notificationId: string, now: Date): Promise<boolean> {
  const marked = await tx.execute(
    `update notifications set withdrawn_at = $3
      where tenant_id = $1 and notification_id = $2 and withdrawn_at is null`,
    [tx.tenantId, notificationId, now],
  );
  return marked === 1;
}

/** Ends the expansion of a notification: nobody waits for a delivery any more. */
export async function dropAudience(tx: Transaction, notificationId: string, now: Date): Promise<void> {
  await tx.execute('delete from notification_audience where tenant_id = $1 and notification_id = $2', [
    tx.tenantId,
    notificationId,
  ]);
  tx.enqueue(
    `update notifications set expanded_at = $3
      where tenant_id = $1 and notification_id = $2 and expanded_at is null`,
    [tx.tenantId, notificationId, now],
  );
  tx.enqueue(`delete from due_work where kind = 'audience' and tenant_id = $1 and item_id = $2`, [
    tx.tenantId,
    notificationId,
  ]);
}

/** Deliveries of a notification that are not over, or that people may see; in the order of their ids. */
export async function listWithdrawable(
  tx: Transaction,
  notificationId: string,
  from: { createdAt: Date; afterId: string },
  limit: number,
): Promise<(DeliveryKey & Pick<DeliveryRow, 'status'>)[]> {
  return await tx.query(
    `select delivery_id, created_at, status from deliveries
      where tenant_id = $1 and notification_id = $2 and created_at >= $3 and delivery_id > $4
        and (status in ('queued', 'sent', 'delivered') or (status = 'failed' and error_code = 'outcome_unknown'))
        and withdrawn_at is null
      order by delivery_id limit $5`,
    [tx.tenantId, notificationId, from.createdAt, from.afterId, limit],
  );
}

/** Leaves it to the notifier to take sent messages back; travels with the next statements. */
export function planWithdrawals(tx: Transaction, deliveryIds: readonly string[], dueAt: Date): void {
  if (deliveryIds.length === 0) return;
  tx.enqueue(
    `insert into due_work (kind, tenant_id, item_id, due_at)
     select 'withdraw', $1, item_id, $3 from unnest($2::uuid[]) as item_id
     on conflict (kind, tenant_id, item_id) do nothing`,
    [tx.tenantId, [...deliveryIds], dueAt],
  );
}
