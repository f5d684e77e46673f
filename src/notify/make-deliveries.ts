/** Makes the deliveries of notifications whose recipients' facts are known, without those that newer ones replace. */
import type { Transaction } from '../infra/database.ts';
import { newDeliveryId } from './delivery-id.ts';
import { insertDeliveries } from './delivery-store.ts';
import type { ExpandedNotification } from './expansion-store.ts';
import { type DeliveryPlan, planDeliveries, type RecipientFacts } from './plan-deliveries.ts';
import type { readTenantState } from './recipient-queries.ts';
import type { NewDelivery, SkipReason } from './records.ts';
import { type Collapsing, supersede } from './supersede.ts';

export interface Planned {
  notification: ExpandedNotification;
  /** Why nobody is told; null: they are. */
  skipAll: SkipReason | null;
  recipients: readonly RecipientFacts[];
}

/** @param planned no two of one collapse key. @returns what was written */
export async function makeDeliveries(
  tx: Transaction,
  planned: readonly Planned[],
  now: Date,
): Promise<NewDelivery[]> {
  const made = planned.map(({ notification, skipAll, recipients }) => {
    const plan = planOf(notification, skipAll, now);
    return { notification, deliveries: recipients.flatMap((recipient) => planDeliveries(recipient, plan)) };
  });
  return await insertDeliveries(tx, await withoutReplaced(tx, made));
}

async function withoutReplaced(
  tx: Transaction,
  made: readonly { notification: ExpandedNotification; deliveries: NewDelivery[] }[],
): Promise<NewDelivery[]> {
  const all: NewDelivery[] = [];
  const collapsing: Collapsing[] = [];
  for (const { notification, deliveries } of made) {
    const { notificationId, collapseKey, acceptedAt } = notification;
    if (collapseKey === null) all.push(...deliveries);
    else collapsing.push({ position: { notificationId, collapseKey, acceptedAt }, deliveries });
  }
  return [...all, ...(await supersede(tx, collapsing))];
}

/** Why nobody is told, whatever it says; null: people are. */
export function reasonForAll(
  notification: ExpandedNotification,
  tenant: Awaited<ReturnType<typeof readTenantState>>,
): SkipReason | null {
  if (notification.withdrawnAt !== null) return 'withdrawn';
  if (tenant.suspended) return 'tenant_suspended';
  return tenant.disabledCategories.has(notification.category) ? 'category_disabled' : null;
}

function planOf(notification: ExpandedNotification, skipAll: SkipReason | null, now: Date): DeliveryPlan {
  const { notificationId, category, priority, onUnknown, acceptedAt, sendAt, sendAtLocal, expiresAt } =
    notification;
  return {
    notificationId,
    category,
    priority,
    onUnknown,
    acceptedAt,
    sendAt,
    sendAtLocal,
    expiresAt,
    skipAll,
    now,
    newId: () => newDeliveryId(now),
  };
}
