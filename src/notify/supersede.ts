/** Of notifications with one collapse key only the newest is sent to a destination, as far as the older are unsent. */
import type { Transaction } from '../infra/database.ts';
import { attemptKey } from './delivery-id.ts';
import type { NewDelivery } from './records.ts';
import {
  findExisting,
  lockCollapseKey,
  type Position,
  readNeighbours,
  supersedeUnsent,
} from './supersede-store.ts';

/**
 * Skips what is replaced: unsent deliveries of older notifications, and those of the given that a newer notification, which
 * was worked through before, has sent already. Call it before the given are written, in the same transaction.
 * @returns the given, some of them skipped now
 */
export async function supersede(
  tx: Transaction,
  position: Position,
  deliveries: readonly NewDelivery[],
): Promise<NewDelivery[]> {
  await lockCollapseKey(tx, position.collapseKey);
  const { older, newer } = await readNeighbours(tx, position);
  const keyOf = (notificationId: string, { channel, skipped }: NewDelivery) =>
    channel === null || skipped !== null
      ? []
      : attemptKey({
          notificationId,
          tenantId: tx.tenantId,
          destinationType: channel.type,
          destinationId: channel.id,
          attemptNo: 1,
        });
  const keysOf = (notificationIds: readonly string[], delivery: NewDelivery) =>
    notificationIds.flatMap((id) => keyOf(id, delivery));
  const existing = await findExisting(
    tx,
    deliveries.flatMap((delivery) => keysOf(newer, delivery)),
  );
  const current = deliveries.map((delivery): NewDelivery => {
    const replaced = keysOf(newer, delivery).some((key) => existing.has(key));
    return replaced ? { ...delivery, skipped: 'superseded', fallback: [] } : delivery;
  });
  await supersedeUnsent(
    tx,
    current.flatMap((delivery) => keysOf(older, delivery)),
  );
  return current;
}
