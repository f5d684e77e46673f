/** Accepts a notification and makes its deliveries in the same transaction, where its audience is small. */
import type { Transaction } from '../infra/database.ts';
import type { NamedRecipient } from './audience-store.ts';
import {
  acceptNotification,
  type Enqueued,
  leaveToNotifier,
  type NotificationRequest,
  notificationOf,
} from './enqueue.ts';
import { insertNotification } from './enqueue-store.ts';
import { type ExpandDependencies, expandChunk } from './expand-audience.ts';
import { gatherRecipients } from './gather-recipients.ts';
import { makeDeliveries, reasonForAll } from './make-deliveries.ts';
import { readTenantState } from './recipient-queries.ts';
import { namedRecipients } from './recipients.ts';
import type { NewDelivery } from './records.ts';
import { takeSnapshot } from './take-snapshot.ts';

export interface Notified extends Enqueued {
  /** None where the notifier makes them, or where they were made when the key was used first. */
  deliveries: NewDelivery[];
}

/**
 * @param limit recipients up to which the deliveries are made here, at most 1,000
 * @throws DeskbridgeError as `acceptNotification`
 */
export async function notifyNow(
  tx: Transaction,
  deps: Pick<ExpandDependencies, 'addressingOf'>,
  request: NotificationRequest,
  limit: number,
  now: Date,
): Promise<Notified> {
  const accepted = await acceptNotification(tx, request, now);
  if (accepted.repeated !== null) return { ...accepted.repeated, deliveries: [] };
  const { notificationId, audience } = accepted;
  const named = namedRecipients(audience);
  if (named.length <= limit && audience.groups.size === 0 && !audience.everyone) {
    const deliveries = await tellNamed(tx, deps, { notificationId, request, named }, now);
    return { notificationId, recipients: named.length, repeated: false, deliveries };
  }
  const enqueued = await leaveToNotifier(tx, request, accepted, now);
  if (enqueued.recipients > limit) return { ...enqueued, deliveries: [] };
  const { deliveries } = await expandChunk(tx, deps, [notificationId], limit, now);
  return { ...enqueued, deliveries };
}

/** Nothing of it waits: its audience is not written down to be read again. */
async function tellNamed(
  tx: Transaction,
  deps: Pick<ExpandDependencies, 'addressingOf'>,
  told: { notificationId: string; request: NotificationRequest; named: readonly NamedRecipient[] },
  now: Date,
): Promise<NewDelivery[]> {
  const { notificationId, request, named } = told;
  const [tenant, recipients, content] = await Promise.all([
    readTenantState(tx),
    gatherRecipients(tx, deps.addressingOf, named),
    takeSnapshot(tx, request),
  ]);
  const settled = content === null ? request : { ...request, content };
  const row = notificationOf(notificationId, settled, { now, recipients: named.length, expandedAt: now });
  insertNotification(tx, row);
  const notification = { ...row, withdrawnAt: null, acceptedAt: now };
  const skipAll = reasonForAll(notification, tenant) ?? (content === null ? 'cancelled' : null);
  return await makeDeliveries(tx, [{ notification, skipAll, recipients }], now);
}
