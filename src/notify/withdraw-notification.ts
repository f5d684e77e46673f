/** Takes a notification back: what is unsent is never sent, what was sent is deleted or replaced by the notifier. */
import type { Transaction } from '../infra/database.ts';
import { firstIdAt, type NotificationRow } from './delivery-queries.ts';
import {
  dropAudience,
  listWithdrawable,
  markWithdrawn,
  planWithdrawals,
  skipReady,
} from './manage-delivery-store.ts';

const chunk = 5_000;
/** Deliveries are made after their notification, by clocks that may differ. */
const skewMs = 86_400_000;

/**
 * Stops the notification in the caller's transaction. Deliveries that are on the wire right now, and those that were
 * sent, are left to the notifier as due work of kind `withdraw`, one row a delivery.
 * @returns false when it was withdrawn before: nothing was changed
 */
export async function withdrawNotification(
  tx: Transaction,
  notification: NotificationRow,
  now: Date,
): Promise<boolean> {
  // The row's lock first: an expansion that is under way ends before, and the next finds that there is nothing to do.
  if (!(await markWithdrawn(tx, notification.notification_id, now))) return false;
  await dropAudience(tx, notification.notification_id, now);
  const createdAt = new Date(notification.created_at.getTime() - skewMs);
  let afterId = firstIdAt(createdAt);
  for (;;) {
    const found = await listWithdrawable(tx, notification.notification_id, { createdAt, afterId }, chunk);
    const stopped = await skipReady(
      tx,
      found.filter(({ status }) => status === 'queued'),
      'withdrawn',
    );
    const visible = found.filter(({ delivery_id }) => !stopped.has(delivery_id));
    planWithdrawals(
      tx,
      visible.map(({ delivery_id }) => delivery_id),
      now,
    );
    const last = found.at(-1);
    if (last === undefined || found.length < chunk) return true;
    afterId = last.delivery_id;
  }
}
