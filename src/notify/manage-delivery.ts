/** What administrators do about deliveries: send one after all, stop one, say what became of one that nobody knows of. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { attemptKey } from './delivery-id.ts';
import {
  type DeliveryRow,
  type NotificationRow,
  readDelivery,
  readNotification,
} from './delivery-queries.ts';
import { insertFallback } from './delivery-store.ts';
import type { ExpandDependencies } from './expand-audience.ts';
import { wakeLane } from './lane-store.ts';
import {
  claimAttempt,
  holdNotification,
  lockDelivery,
  readTried,
  requeueDelivery,
  resolveOutcome,
  skipReady,
  type Tried,
} from './manage-delivery-store.ts';
import { type AttemptRow, insertAttempts } from './outcome-store.ts';
import type { Channel } from './records.ts';
import { channelOf, unusedChannels } from './unused-channels.ts';

/** One level of priority counts like an hour of waiting. */

/**
 * Makes a failed or skipped delivery one that waits, as its next attempt. One that never had a channel gets the one that
 * its person would get now.
 * @throws DeskbridgeError not_found; conflict: in another state, withdrawn, or there is still no channel
 */
export async function retryDelivery(
  tx: Transaction,
  deps: ExpandDependencies,
  deliveryId: string,
  now: Date,
): Promise<void> {
  const { delivery, notification } = await lock(tx, deliveryId);
  if (delivery.status !== 'failed' && delivery.status !== 'skipped') {
    throw conflict(`Only a failed or skipped delivery can be retried; this one is ${delivery.status}.`);
  }
  if (notification.withdrawn_at !== null) throw conflict('Its notification was withdrawn.');
  const [tried, unused] = await Promise.all([
    readTried(tx, delivery),
    unusedChannels(tx, deps, delivery, notification, now),
  ]);
  const own = channelOf(delivery);
  const [channel, ...fallback] = own === null ? unused : [own, ...unused];
  if (channel === undefined) {
    throw conflict('There is still no channel for it: link a chat account of the person first.');
  }
  const attemptNo = own === null ? 1 : Math.max(tried.attemptNo, 1) + 1;
  await claim(tx, delivery, channel, attemptNo);
  const dueAt = notification.send_at !== null && notification.send_at > now ? notification.send_at : now;
  // Whoever retries what has expired wants it sent all the same.
  const expiresAt =
    notification.expires_at !== null && notification.expires_at > dueAt ? notification.expires_at : null;
  requeueDelivery(tx, {
    delivery,
    channel,
    fallback,
    attemptNo,
    tried,
    onUnknown: notification.on_unknown,
    priority: notification.priority,
    dueAt,
    expiresAt,
  });
  wakeLane(tx, { laneId: channel.registrationId, platform: channel.platform }, dueAt);
  note(tx, delivery, channel, { outcome: 'retried', attemptNo, tried, detail: null, now });
}

/** @throws DeskbridgeError conflict when the attempt exists: another delivery goes to the same destination */
async function claim(
  tx: Transaction,
  delivery: DeliveryRow,
  channel: Channel,
  attemptNo: number,
): Promise<void> {
  const key = attemptKey({
    notificationId: delivery.notification_id,
    tenantId: tx.tenantId,
    destinationType: channel.type,
    destinationId: channel.id,
    attemptNo,
  });
  if (await claimAttempt(tx, key, delivery)) return;
  throw conflict('Another delivery of the notification goes to the same destination.');
}

/**
 * Stops a delivery that is not on the wire.
 * @throws DeskbridgeError not_found; conflict when it is on the wire or over
 */
export async function cancelDelivery(tx: Transaction, deliveryId: string): Promise<void> {
  const { delivery, phase } = await lock(tx, deliveryId);
  if (phase === 'sending' || phase === 'unknown') {
    throw conflict('It may be on the wire: wait for its outcome.');
  }
  const stopped = await skipReady(tx, [delivery], 'cancelled');
  if (stopped.size === 0) throw conflict(`It is over already: ${delivery.status}.`);
}

/** What an administrator found out. */
export interface Finding {
  outcome: 'sent' | 'not_sent';
  note: string | null;
}

/**
 * Settles a delivery of unknown outcome: `sent`, or a definite failure, after which the person's next channel is tried.
 * @throws DeskbridgeError not_found; conflict for any other delivery
 */
export async function resolveDelivery(
  tx: Transaction,
  deps: ExpandDependencies,
  deliveryId: string,
  finding: Finding,
  now: Date,
): Promise<void> {
  const { delivery, notification } = await lock(tx, deliveryId);
  const channel = channelOf(delivery);
  const tried = await readTried(tx, delivery);
  const sent = finding.outcome === 'sent';
  const resolved = await resolveOutcome(tx, delivery, {
    status: sent ? 'sent' : 'failed',
    errorCode: sent ? null : 'unknown',
    errorMessage: sent ? null : (finding.note ?? 'An administrator found that it was not posted.'),
    sentAt: sent ? (tried.lastStartedAt ?? now) : null,
  });
  if (!resolved || channel === null) throw conflict('Only a delivery of unknown outcome can be resolved.');
  note(tx, delivery, channel, {
    outcome: sent ? 'resolved_sent' : 'resolved_not_sent',
    attemptNo: tried.attemptNo,
    tried,
    detail: finding.note,
    now,
  });
  if (!sent && notification.withdrawn_at === null) await fallBack(tx, deps, delivery, notification, now);
}

async function fallBack(
  tx: Transaction,
  deps: ExpandDependencies,
  delivery: DeliveryRow,
  notification: NotificationRow,
  now: Date,
): Promise<void> {
  const failed = {
    deliveryId: delivery.delivery_id,
    notificationId: delivery.notification_id,
    category: delivery.category,
    userId: delivery.user_id,
    fallback: await unusedChannels(tx, deps, delivery, notification, now),
    expiresAt: notification.expires_at,
    priority: notification.priority,
    onUnknown: notification.on_unknown,
  };
  await insertFallback(tx, [failed], now);
}

interface Locked {
  delivery: DeliveryRow;
  notification: NotificationRow;
  phase: Awaited<ReturnType<typeof lockDelivery>>;
}

/** @throws DeskbridgeError not_found */
async function lock(tx: Transaction, deliveryId: string): Promise<Locked> {
  const known = await readDelivery(tx, deliveryId);
  if (known === null) throw new DeskbridgeError('not_found');
  // A withdrawal changes the notification first, so that neither misses what the other does.
  await holdNotification(tx, known.notification_id);
  const phase = await lockDelivery(tx, known);
  const [delivery, notification] = await Promise.all([
    readDelivery(tx, deliveryId),
    readNotification(tx, known.notification_id),
  ]);
  if (delivery === null || notification === null) throw new DeskbridgeError('not_found');
  return { delivery, notification, phase };
}

/** Keeps with the attempts what was decided. */
function note(
  tx: Transaction,
  delivery: DeliveryRow,
  channel: Channel,
  line: Pick<AttemptRow, 'outcome' | 'attemptNo' | 'detail'> & { tried: Tried; now: Date },
): void {
  insertAttempts(tx, [
    {
      attemptId: newId(),
      deliveryId: delivery.delivery_id,
      at: line.now,
      attemptNo: line.attemptNo,
      tryNo: line.tried.tryNo,
      laneId: channel.registrationId,
      conversationKey: null,
      operation: null,
      startedAt: null,
      outcome: line.outcome,
      errorCode: null,
      detail: line.detail,
      messageId: null,
      requestId: null,
    },
  ]);
}

function conflict(detail: string): DeskbridgeError {
  return new DeskbridgeError('conflict', { detail });
}
