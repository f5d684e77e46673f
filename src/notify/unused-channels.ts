/** The channels that a person has besides those that a notification was sent by already. */
import type { Transaction } from '../infra/database.ts';
import { newDeliveryId } from './delivery-id.ts';
import { type DeliveryRow, listDestinations, type NotificationRow } from './delivery-queries.ts';
import type { ExpandDependencies } from './expand-audience.ts';
import { gatherRecipients } from './gather-recipients.ts';
import { planDeliveries } from './plan-deliveries.ts';
import type { Channel } from './records.ts';

/** The delivery's own channel; null where none was found when it was planned. */
export function channelOf(delivery: DeliveryRow): Channel | null {
  const { registration_id, platform, destination_type, destination_id } = delivery;
  if (registration_id === null || platform === null) return null;
  if (destination_type === null || destination_id === null) return null;
  return { registrationId: registration_id, platform, type: destination_type, id: destination_id };
}

/**
 * Plans the delivery's person anew, as they can be reached now, and leaves out every destination that the notification
 * has a delivery to. None for what was addressed to a place.
 * @returns channels in the order in which they are to be tried
 */
export async function unusedChannels(
  tx: Transaction,
  deps: Pick<ExpandDependencies, 'addressingOf'>,
  delivery: DeliveryRow,
  notification: NotificationRow,
  now: Date,
): Promise<Channel[]> {
  if (delivery.user_id === null) return [];
  const person = {
    ordinal: 1,
    userId: delivery.user_id,
    conversationId: null,
    registrationId: null,
    address: null,
  };
  const [recipients, used] = await Promise.all([
    gatherRecipients(tx, deps.addressingOf, [person]),
    listDestinations(tx, notification, delivery.user_id),
  ]);
  const plan = {
    notificationId: delivery.notification_id,
    category: delivery.category,
    priority: notification.priority,
    onUnknown: notification.on_unknown,
    acceptedAt: now,
    sendAt: null,
    sendAtLocal: null,
    expiresAt: null,
    skipAll: null,
    now,
    newId: () => newDeliveryId(now),
  };
  const planned = recipients.flatMap((recipient) => planDeliveries(recipient, plan));
  const channels = planned
    .filter(({ skipped }) => skipped === null)
    .flatMap(({ channel, fallback }) => (channel === null ? fallback : [channel, ...fallback]));
  const taken = new Set(used.map(({ type, id }) => `${type} ${id}`));
  return channels.filter(({ type, id }) => {
    const key = `${type} ${id}`;
    if (taken.has(key)) return false;
    taken.add(key);
    return true;
  });
}
