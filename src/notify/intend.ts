/** Writes the intents of what a lane is about to send, in one commit before anything is on the wire. */
import type { Database } from '../infra/database.ts';
import type { PendingDelivery } from './delivery.ts';
import { writeIntents } from './intent-store.ts';
import { callTimeoutMs, type LeasedLane, laneTransaction } from './lane.ts';
import type { Start } from './lane-queue.ts';

/**
 * @returns the number of each try; what was cancelled, superseded or expired meanwhile has none
 * @throws IntentsRefused when the lane is somebody else's or is not to send; DeskbridgeError unavailable
 */
export async function intend(
  database: Database,
  lane: LeasedLane,
  starts: readonly Start<PendingDelivery>[],
  now: number,
): Promise<Map<string, number>> {
  const intents = starts.map(({ item, charge }) => ({
    deliveryId: item.id,
    startedAt: new Date(charge.at),
    notAfter: new Date(charge.at + callTimeoutMs),
    tryNo: item.tryNo,
    repeats: item.repeatUntil !== null,
  }));
  return await database.inTenant(
    lane.tenantId,
    (tx) => writeIntents(tx, lane, intents, new Date(now)),
    laneTransaction,
  );
}
