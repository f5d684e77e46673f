/** Ends deliveries of a lane that waited in vain: expired, or of a tenant or registration that is not to send. */
import type { Database } from '../infra/database.ts';
import { insertFallback } from './delivery-store.ts';
import type { LeasedLane } from './lane.ts';
import { finishReady, markEnded } from './outcome-store.ts';
import { loadExpired, loadWaiting } from './ready-store.ts';
import { errorCodeOfSkip, type SkipReason } from './records.ts';

const batch = 500;

export type EndReason = 'expired' | 'tenant_suspended' | 'registration_inactive';

/**
 * Skips those that are not on the wire: the expired ones, or any. Where another registration can reach the person, it is
 * tried.
 * @returns the ids of those that were ended, at most 500
 */
export async function endWaiting(
  database: Database,
  lane: LeasedLane,
  reason: EndReason,
  now: Date,
): Promise<string[]> {
  return await database.inTenant(lane.tenantId, async (tx) => {
    if (reason === 'expired') return await skip(tx, await loadExpired(tx, lane.laneId, now, batch), reason);
    const rows = await loadWaiting(tx, lane.laneId, batch);
    const ended = new Set(await skip(tx, rows, reason));
    if (reason === 'registration_inactive') {
      const failed = rows.filter((row) => ended.has(row.delivery_id));
      await insertFallback(tx, failed.map(toFailed), now);
    }
    return [...ended];
  });
}

type Waiting = Awaited<ReturnType<typeof loadWaiting>>[number];

async function skip(
  tx: Parameters<typeof finishReady>[0],
  rows: readonly Pick<Waiting, 'delivery_id' | 'created_at' | 'try_no' | 'attempt_no'>[],
  reason: SkipReason,
): Promise<string[]> {
  if (rows.length === 0) return [];
  const ended = await finishReady(
    tx,
    rows.map((row) => ({ deliveryId: row.delivery_id, tryNo: row.try_no })),
  );
  markEnded(
    tx,
    rows
      .filter((row) => ended.has(row.delivery_id))
      .map((row) => ({
        deliveryId: row.delivery_id,
        createdAt: row.created_at,
        status: 'skipped' as const,
        reason,
        errorCode: errorCodeOfSkip(reason),
        errorMessage: null,
        attempts: row.try_no === 0 ? 0 : row.attempt_no,
        requestId: null,
      })),
  );
  return [...ended];
}

function toFailed(row: Waiting) {
  return {
    deliveryId: row.delivery_id,
    notificationId: row.notification_id,
    category: row.category,
    userId: row.user_id,
    fallback: row.fallback ?? [],
    onUnknown: row.on_unknown,
    expiresAt: row.expires_at,
    priority: row.priority,
  };
}
