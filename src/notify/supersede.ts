/** Of notifications with one collapse key only the newest is sent to a destination, as far as the older are unsent. */
import type { Transaction } from '../infra/database.ts';
import { attemptKey } from './delivery-id.ts';
import type { NewDelivery } from './records.ts';
import {
  findExisting,
  lockCollapseKeys,
  type Position,
  readNeighbours,
  supersedeUnsent,
} from './supersede-store.ts';

/** The deliveries of a notification that has a collapse key. */
export interface Collapsing {
  position: Position;
  deliveries: readonly NewDelivery[];
}

/**
 * Skips what is replaced: unsent deliveries of older notifications, and those of the given that a newer notification, which
 * was worked through before, has sent already. Call it before the given are written, in the same transaction, and once: all
 * is locked in one order.
 * @param collapsing each with a key of its own
 * @returns the deliveries, some of them skipped now
 */
export async function supersede(tx: Transaction, collapsing: readonly Collapsing[]): Promise<NewDelivery[]> {
  if (collapsing.length === 0) return [];
  await lockCollapseKeys(
    tx,
    collapsing.map(({ position }) => position.collapseKey),
  );
  const placed = await Promise.all(
    collapsing.map(async (each) => ({ ...each, ...(await readNeighbours(tx, each.position)) })),
  );
  const keysOf = (notificationIds: readonly string[], { channel, skipped }: NewDelivery) => {
    if (channel === null || skipped !== null) return [];
    const place = {
      tenantId: tx.tenantId,
      destinationType: channel.type,
      destinationId: channel.id,
      attemptNo: 1,
    };
    return notificationIds.map((notificationId) => attemptKey({ notificationId, ...place }));
  };
  const existing = await findExisting(
    tx,
    placed.flatMap(({ newer, deliveries }) => deliveries.flatMap((delivery) => keysOf(newer, delivery))),
  );
  const current = placed.map(({ deliveries, newer, older }) => ({
    older,
    deliveries: deliveries.map((delivery): NewDelivery => {
      const replaced = keysOf(newer, delivery).some((key) => existing.has(key));
      return replaced ? { ...delivery, skipped: 'superseded', fallback: [] } : delivery;
    }),
  }));
  await supersedeUnsent(
    tx,
    current.flatMap(({ older, deliveries }) => deliveries.flatMap((delivery) => keysOf(older, delivery))),
  );
  return current.flatMap(({ deliveries }) => deliveries);
}
