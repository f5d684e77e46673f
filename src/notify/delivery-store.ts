/** SQL of new deliveries: each once for a notification and a destination, thousands in one statement. */
import { statement, type Transaction } from '../infra/database.ts';
import { attemptKey, newDeliveryId } from './delivery-id.ts';
import { wakeLane } from './lane-store.ts';
import { readerOf } from './plan-deliveries.ts';
import { endOfQuiet } from './quiet-hours.ts';
import { readPersons } from './recipient-queries.ts';
import { type Channel, errorCodeOfSkip, type NewDelivery, priorityMs } from './records.ts';

// In the order of the keys, so that two that write the same ones wait for each other instead of deadlocking.
const claimSql = statement(
  'delivery_claim',
  `insert into delivery_idempotency (tenant_id, idempotency_key, delivery_id, created_at)
   select $1, k.key, k.delivery_id, k.created_at
     from unnest($2::text[], $3::uuid[], $4::timestamptz[]) as k (key, delivery_id, created_at) order by k.key
   on conflict (tenant_id, idempotency_key) do nothing
   returning delivery_id`,
);

const insertSql = statement(
  'delivery_insert',
  `insert into deliveries (tenant_id, delivery_id, created_at, notification_id, category, user_id, registration_id,
     platform, destination_type, destination_id, status, reason, error_code, fallback_of)
   select $1, d.* from unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::text[], $6::uuid[], $7::uuid[], $8::text[],
     $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::uuid[]) as d`,
);

const readySql = statement(
  'delivery_ready_insert',
  `insert into delivery_ready (tenant_id, delivery_id, created_at, notification_id, lane_id, category, user_id,
     destination_type, destination_id, fallback, on_unknown, priority, rank, due_at, expires_at)
   select $1, r.* from unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::text[],
     $9::text[], $10::jsonb[], $11::text[], $12::smallint[], $13::bigint[], $14::timestamptz[], $15::timestamptz[]) as r`,
);

/**
 * Writes deliveries, those that are not skipped ready to go, and wakes their lanes. One round trip; the rest travels with
 * the next statements.
 * @returns those that were written: not those whose notification has a delivery to the same destination already
 */
export async function insertDeliveries(
  tx: Transaction,
  deliveries: readonly NewDelivery[],
): Promise<NewDelivery[]> {
  if (deliveries.length === 0) return [];
  const claimed = await tx.query<{ delivery_id: string }>(claimSql, [
    tx.tenantId,
    deliveries.map((delivery) => firstAttemptKey(tx.tenantId, delivery)),
    deliveries.map(({ deliveryId }) => deliveryId),
    deliveries.map(({ createdAt }) => createdAt),
  ]);
  const won = new Set(claimed.map((row) => row.delivery_id));
  const written = deliveries.filter(({ deliveryId }) => won.has(deliveryId));
  if (written.length > 0) insertRows(tx, written);
  makeReady(tx, written);
  return written;
}

function firstAttemptKey(tenantId: string, delivery: NewDelivery): string {
  const { notificationId, channel, userId, deliveryId } = delivery;
  const destination =
    channel === null
      ? { destinationType: 'user' as const, destinationId: userId ?? deliveryId }
      : { destinationType: channel.type, destinationId: channel.id };
  return attemptKey({ notificationId, tenantId, ...destination, attemptNo: 1 });
}

function insertRows(tx: Transaction, rows: readonly NewDelivery[]): void {
  tx.enqueue(insertSql, [
    tx.tenantId,
    rows.map(({ deliveryId }) => deliveryId),
    rows.map(({ createdAt }) => createdAt),
    rows.map(({ notificationId }) => notificationId),
    rows.map(({ category }) => category),
    rows.map(({ userId }) => userId),
    rows.map(({ channel }) => channel?.registrationId ?? null),
    rows.map(({ channel }) => channel?.platform ?? null),
    rows.map(({ channel }) => channel?.type ?? null),
    rows.map(({ channel }) => channel?.id ?? null),
    rows.map(({ skipped }) => (skipped === null ? 'queued' : 'skipped')),
    rows.map(({ skipped }) => skipped),
    rows.map(({ skipped }) => (skipped === null ? null : errorCodeOfSkip(skipped))),
    rows.map(({ fallbackOf }) => fallbackOf),
  ]);
}

function makeReady(tx: Transaction, deliveries: readonly NewDelivery[]): void {
  const rows = deliveries.flatMap((delivery) =>
    delivery.skipped === null && delivery.channel !== null
      ? [{ ...delivery, channel: delivery.channel }]
      : [],
  );
  if (rows.length === 0) return;
  tx.enqueue(readySql, [
    tx.tenantId,
    rows.map(({ deliveryId }) => deliveryId),
    rows.map(({ createdAt }) => createdAt),
    rows.map(({ notificationId }) => notificationId),
    rows.map(({ channel }) => channel.registrationId),
    rows.map(({ category }) => category),
    rows.map(({ userId }) => userId),
    rows.map(({ channel }) => channel.type),
    rows.map(({ channel }) => channel.id),
    rows.map(({ fallback }) => (fallback.length === 0 ? null : JSON.stringify(fallback))),
    rows.map(({ onUnknown }) => onUnknown),
    rows.map(({ priority }) => priority),
    rows.map(({ dueAt, priority }) => dueAt.getTime() - priority * priorityMs),
    rows.map(({ dueAt }) => dueAt),
    rows.map(({ expiresAt }) => expiresAt),
  ]);
  wakeLanes(tx, rows);
}

/** Once a lane, from its earliest delivery on; in the order of the ids, so that nobody deadlocks. */
function wakeLanes(tx: Transaction, rows: readonly { channel: Channel; dueAt: Date }[]): void {
  const byLane = Map.groupBy(rows, ({ channel }) => channel.registrationId);
  for (const [laneId, [first, ...others]] of [...byLane].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (first === undefined) continue;
    const earliest = others.reduce(
      (least, { dueAt }) => Math.min(least, dueAt.getTime()),
      first.dueAt.getTime(),
    );
    wakeLane(tx, { laneId, platform: first.channel.platform }, new Date(earliest));
  }
}

/** A delivery that ended in a definite failure, or in a skip because its channel cannot reach the person. */
export type FailedDelivery = Pick<
  NewDelivery,
  | 'deliveryId'
  | 'notificationId'
  | 'category'
  | 'userId'
  | 'fallback'
  | 'expiresAt'
  | 'priority'
  | 'onUnknown'
>;

const wantedSql = statement(
  'fallback_wanted',
  `select notification_id from notifications
    where tenant_id = $1 and notification_id = any($2::uuid[]) and withdrawn_at is null for share`,
);

/** Those whose notification was not withdrawn; a withdrawal that is under way is waited for. */
async function stillWanted(tx: Transaction, failed: readonly FailedDelivery[]): Promise<FailedDelivery[]> {
  const ids = [...new Set(failed.map(({ notificationId }) => notificationId))].sort();
  const rows = await tx.query<{ notification_id: string }>(wantedSql, [tx.tenantId, ids]);
  const wanted = new Set(rows.map((row) => row.notification_id));
  return failed.filter(({ notificationId }) => wanted.has(notificationId));
}

/**
 * Tries the next channel of each, at once or after the person's quiet hours. A destination that has a delivery of the same notification is left alone:
 * that one stands for itself.
 * @returns the deliveries that were written
 */
export async function insertFallback(
  tx: Transaction,
  failed: readonly FailedDelivery[],
  now: Date,
): Promise<NewDelivery[]> {
  const withFallback = failed.filter(({ fallback }) => fallback.length > 0);
  if (withFallback.length === 0) return [];
  const userIds = new Set(withFallback.flatMap(({ userId }) => userId ?? []));
  const [open, persons] = await Promise.all([stillWanted(tx, withFallback), readPersons(tx, [...userIds])]);
  const next = open.flatMap((delivery): NewDelivery[] => {
    const { deliveryId, fallback, ...kept } = delivery;
    const [channel, ...rest] = fallback;
    if (channel === undefined) return [];
    const person = persons.get(kept.userId ?? '');
    const quietUntil = person === undefined ? null : endOfQuiet(readerOf(person), kept.category, now);
    const expires = quietUntil !== null && kept.expiresAt !== null && kept.expiresAt <= quietUntil;
    return [
      {
        notificationId: kept.notificationId,
        category: kept.category,
        userId: kept.userId,
        expiresAt: kept.expiresAt,
        priority: kept.priority,
        onUnknown: kept.onUnknown,
        deliveryId: newDeliveryId(now),
        createdAt: now,
        channel,
        fallback: expires ? [] : rest,
        fallbackOf: deliveryId,
        skipped: expires ? 'quiet_hours_expired' : null,
        dueAt: quietUntil ?? now,
      },
    ];
  });
  return await insertDeliveries(tx, next);
}
