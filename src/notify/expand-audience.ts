/** Makes deliveries of audiences, chunk by chunk: each recipient once, however many work at it. */
import type { Database, Transaction } from '../infra/database.ts';
import { codeOf } from '../infra/database.ts';
import type { PlatformAddressing } from '../kernel/notification.ts';
import type { Clock, Log } from '../kernel/ports.ts';
import {
  deleteAudience,
  findDueAudiences,
  planAudience,
  postponeAudience,
  readAudience,
  unplanAudience,
} from './audience-store.ts';
import { newDeliveryId } from './delivery-id.ts';
import { insertDeliveries } from './delivery-store.ts';
import {
  type ExpandedNotification,
  isPending,
  lockForExpansion,
  markExpanded,
  writeContent,
} from './expansion-store.ts';
import { gatherRecipients } from './gather-recipients.ts';
import { type DeliveryPlan, planDeliveries } from './plan-deliveries.ts';
import { readTenantState } from './recipient-queries.ts';
import type { NewDelivery, SkipReason } from './records.ts';
import { supersede } from './supersede.ts';
import { takeSnapshot } from './take-snapshot.ts';

/** Recipients of one transaction at most. */
export const chunkSize = 1_000;
/** An audience that failed is left alone so long. */
const postponeMs = 60_000;

export interface ExpandDependencies {
  /** How destinations of a platform are named. */
  addressingOf(platform: string): PlatformAddressing;
  log: Log;
}

export interface ExpandedChunk {
  deliveries: NewDelivery[];
  /** Recipients that still wait. */
  left: number;
  /** False: somebody else works at it, or it is done. */
  worked: boolean;
}

const nothing: ExpandedChunk = { deliveries: [], left: 0, worked: false };

/**
 * Makes the deliveries of the next recipients of a notification, in the transaction. The content of an event is settled by
 * the first chunk. Two workers never get the same chunk: the second one finds the notification locked and leaves it.
 * @param limit recipients, at most 1,000
 */
export async function expandChunk(
  tx: Transaction,
  deps: Pick<ExpandDependencies, 'addressingOf'>,
  notificationId: string,
  limit: number,
  now: Date,
): Promise<ExpandedChunk> {
  const [notification, audience, tenant] = await Promise.all([
    lockForExpansion(tx, notificationId),
    readAudience(tx, notificationId, Math.min(limit, chunkSize)),
    readTenantState(tx),
  ]);
  if (notification === null) {
    if (!(await isPending(tx, notificationId))) unplanAudience(tx, notificationId);
    return nothing;
  }
  const skipAll = reasonForAll(notification, tenant) ?? (await settleContent(tx, notification));
  const recipients = await gatherRecipients(tx, deps.addressingOf, audience);
  const plan = planOf(notification, skipAll, now);
  const planned = recipients.flatMap((recipient) => planDeliveries(recipient, plan));
  const { collapseKey, acceptedAt } = notification;
  const current =
    collapseKey === null
      ? planned
      : await supersede(tx, { notificationId, collapseKey, acceptedAt }, planned);
  const deliveries = await insertDeliveries(tx, current);
  // Ordinals count from 1 without a gap.
  const done = audience.at(-1)?.ordinal ?? notification.recipients;
  const left = Math.max(0, notification.recipients - done);
  deleteAudience(tx, notificationId, done);
  if (left > 0) planAudience(tx, notificationId, now);
  else {
    markExpanded(tx, notificationId, now);
    unplanAudience(tx, notificationId);
  }
  return { deliveries, left, worked: true };
}

function reasonForAll(
  notification: ExpandedNotification,
  tenant: Awaited<ReturnType<typeof readTenantState>>,
): SkipReason | null {
  if (notification.withdrawnAt !== null) return 'withdrawn';
  if (tenant.suspended) return 'tenant_suspended';
  return tenant.disabledCategories.has(notification.category) ? 'category_disabled' : null;
}

/** Takes the snapshot once. @returns why nobody is told, where there is nothing to tell any more */
async function settleContent(
  tx: Transaction,
  notification: ExpandedNotification,
): Promise<SkipReason | null> {
  const content = await takeSnapshot(tx, notification);
  if (content === null) return 'cancelled';
  if (content !== notification.content) writeContent(tx, notification.notificationId, content);
  return null;
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

/**
 * Works through what is due, one chunk of each notification, so that a large one holds up nobody. One that fails is left
 * alone for a minute and does not stop the others.
 * @param limit notifications looked at
 * @returns chunks worked through; 0: nothing is left to do here now
 * @throws the first failure, after all were tried
 */
export async function expandDue(
  deps: ExpandDependencies & { database: Database; clock: Clock },
  limit = 50,
): Promise<number> {
  const { database, clock, log } = deps;
  const failures: unknown[] = [];
  let chunks = 0;
  for (const due of await findDueAudiences(database.directory, clock.now(), limit)) {
    const { tenantId, notificationId } = due;
    try {
      const { worked } = await expandOnce(deps, tenantId, notificationId);
      if (worked) chunks += 1;
    } catch (error) {
      failures.push(error);
      log.warn({ tenantId, notificationId, code: codeOf(error) }, 'an audience was not worked through');
      const until = new Date(clock.now().getTime() + postponeMs);
      await postponeAudience(database.directory, due, until).catch(() => undefined);
    }
  }
  if (failures.length > 0) throw failures[0];
  return chunks;
}

/** Works through one notification to its end, unless another worker has it. */
export async function expandNotification(
  deps: ExpandDependencies & { database: Database; clock: Clock },
  tenantId: string,
  notificationId: string,
): Promise<void> {
  for (let left = 1; left > 0; ) ({ left } = await expandOnce(deps, tenantId, notificationId));
}

function expandOnce(
  deps: ExpandDependencies & { database: Database; clock: Clock },
  tenantId: string,
  notificationId: string,
): Promise<ExpandedChunk> {
  return deps.database.inTenant(
    tenantId,
    (tx) => expandChunk(tx, deps, notificationId, chunkSize, deps.clock.now()),
    { fixedPlans: true },
  );
}
