/** Makes deliveries of audiences, chunk by chunk: each recipient once, however many work at it. */
import type { Database, Transaction } from '../infra/database.ts';
import { codeOf, isUnreachable } from '../infra/database-errors.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { PlatformAddressing } from '../kernel/notification.ts';
import type { Clock, Log } from '../kernel/ports.ts';
import {
  deleteAudience,
  findDueAudiences,
  planAudience,
  postponeAudience,
  readAudience,
  unplanAudiences,
} from './audience-store.ts';
import {
  type ExpandedNotification,
  findPending,
  lockForExpansion,
  markExpanded,
  writeContent,
} from './expansion-store.ts';
import { gatherRecipients } from './gather-recipients.ts';
import { makeDeliveries, reasonForAll } from './make-deliveries.ts';
import { readTenantState } from './recipient-queries.ts';
import type { NewDelivery, SkipReason } from './records.ts';
import { takeSnapshot } from './take-snapshot.ts';

/** Recipients of one transaction at most; of several notifications each has an equal share of them. */
export const chunkSize = 1_000;
/** Notifications of one transaction at most. */
export const maxTogether = 100;
/** An audience that failed is left alone so long: where it met others' work, or for a reason of its own. */
const postponeMs = { unavailable: 5_000, faulty: 60_000 };

export interface ExpandDependencies {
  /** How destinations of a platform are named. */
  addressingOf(platform: string): PlatformAddressing;
  log: Log;
}

type Expanding = ExpandDependencies & { database: Database; clock: Clock };

export interface ExpandedChunk {
  deliveries: NewDelivery[];
  /** Notifications of which recipients still wait. */
  unfinished: string[];
  /** How many were worked at: not those that are done, or that somebody else works at. */
  worked: number;
}

/**
 * Makes the deliveries of the next recipients of some notifications, in the transaction. The content of an event is settled
 * by the first chunk. Two workers never get the same chunk: the second one finds the notification locked and leaves it.
 * @param limit recipients, at most 1,000
 */
export async function expandChunk(
  tx: Transaction,
  deps: Pick<ExpandDependencies, 'addressingOf'>,
  notificationIds: readonly string[],
  limit: number,
  now: Date,
): Promise<ExpandedChunk> {
  const each = Math.max(1, Math.floor(Math.min(limit, chunkSize) / notificationIds.length));
  const [locked, rows, tenant] = await Promise.all([
    lockForExpansion(tx, notificationIds),
    readAudience(tx, notificationIds, each),
    readTenantState(tx),
  ]);
  if (locked.length < notificationIds.length) await unplanEnded(tx, notificationIds, locked);
  const { current, later } = oncePerCollapseKey(locked);
  if (current.length === 0) return { deliveries: [], unfinished: later, worked: 0 };
  const ours = new Set(current.map(({ notificationId }) => notificationId));
  const audience = rows.filter(({ notificationId }) => ours.has(notificationId));
  const [skips, recipients] = await Promise.all([
    Promise.all(current.map((one) => reasonForAll(one, tenant) ?? settleContent(tx, one))),
    gatherRecipients(tx, deps.addressingOf, audience),
  ]);
  const factsOf = Map.groupBy(recipients.keys(), (index) => audience[index]?.notificationId);
  const planned = current.map((notification, index) => ({
    notification,
    skipAll: skips[index] ?? null,
    recipients: (factsOf.get(notification.notificationId) ?? []).flatMap((at) => recipients[at] ?? []),
  }));
  const deliveries = await makeDeliveries(tx, planned, now);
  const unfinished = writeProgress(tx, current, audience, now);
  return { deliveries, unfinished: [...unfinished, ...later], worked: current.length };
}

/** What was done before, or is gone, is taken off; what another holds stays. */
async function unplanEnded(
  tx: Transaction,
  notificationIds: readonly string[],
  locked: readonly ExpandedNotification[],
): Promise<void> {
  const held = new Set(locked.map(({ notificationId }) => notificationId));
  const others = notificationIds.filter((id) => !held.has(id));
  const pending = await findPending(tx, others);
  unplanAudiences(
    tx,
    others.filter((id) => !pending.has(id)),
  );
}

/** Of notifications with one collapse key the oldest: the next replaces deliveries that have to be there by then. */
function oncePerCollapseKey(locked: readonly ExpandedNotification[]): {
  current: ExpandedNotification[];
  later: string[];
} {
  const seen = new Set<string>();
  const current: ExpandedNotification[] = [];
  const later: string[] = [];
  for (const notification of locked) {
    const { collapseKey, notificationId } = notification;
    if (collapseKey !== null && seen.has(collapseKey)) later.push(notificationId);
    else current.push(notification);
    if (collapseKey !== null) seen.add(collapseKey);
  }
  return { current, later };
}

/** Takes off the recipients that have their deliveries. @returns the notifications that have others left */
function writeProgress(
  tx: Transaction,
  notifications: readonly ExpandedNotification[],
  audience: readonly { notificationId: string; ordinal: number }[],
  now: Date,
): string[] {
  const last = new Map(audience.map(({ notificationId, ordinal }) => [notificationId, ordinal]));
  // Ordinals count from 1 without a gap.
  const done = notifications.map(({ notificationId, recipients }) => {
    const upTo = last.get(notificationId) ?? recipients;
    return { notificationId, upTo, isAll: upTo >= recipients };
  });
  deleteAudience(tx, done);
  const ids = (isAll: boolean) => done.flatMap((each) => (each.isAll === isAll ? each.notificationId : []));
  const [finished, unfinished] = [ids(true), ids(false)];
  for (const notificationId of unfinished) planAudience(tx, notificationId, now);
  if (finished.length > 0) markExpanded(tx, finished, now);
  unplanAudiences(tx, finished);
  return unfinished;
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

/** One that could not be worked through. */
export interface FailedAudience {
  notificationId: string;
  error: unknown;
}

/**
 * Works through a chunk of notifications of one tenant in a transaction; where that fails, through each in its own, so that
 * one that fails stops no other.
 * @throws DeskbridgeError unavailable, when the database cannot be reached
 */
export async function expandTogether(
  deps: Expanding,
  tenantId: string,
  notificationIds: readonly string[],
): Promise<Pick<ExpandedChunk, 'unfinished' | 'worked'> & { failed: FailedAudience[] }> {
  const { database, clock } = deps;
  try {
    const chunk = await database.inTenant(
      tenantId,
      (tx) => expandChunk(tx, deps, notificationIds, chunkSize, clock.now()),
      { fixedPlans: true },
    );
    return { ...chunk, failed: [] };
  } catch (error) {
    if (isUnreachable(error)) throw error;
    const [notificationId, ...others] = notificationIds;
    if (notificationId === undefined) return { unfinished: [], worked: 0, failed: [] };
    if (others.length === 0) return { unfinished: [], worked: 0, failed: [{ notificationId, error }] };
  }
  const chunks = [];
  for (const id of notificationIds) chunks.push(await expandTogether(deps, tenantId, [id]));
  return {
    unfinished: chunks.flatMap(({ unfinished }) => unfinished),
    worked: chunks.reduce((sum, { worked }) => sum + worked, 0),
    failed: chunks.flatMap(({ failed }) => failed),
  };
}

/**
 * Works through what is due, a chunk of each notification, so that a large one holds up nobody. One that fails is left
 * alone for up to a minute and does not stop the others.
 * @param limit notifications looked at
 * @returns how many were worked at; 0: nothing is left to do here now
 * @throws the first failure, after all were tried; DeskbridgeError unavailable at once
 */
export async function expandDue(deps: Expanding, limit = maxTogether): Promise<number> {
  const { database, clock, log } = deps;
  const failures: unknown[] = [];
  let count = 0;
  const due = await findDueAudiences(database.directory, clock.now(), limit);
  for (const [tenantId, audiences] of Map.groupBy(due, (each) => each.tenantId)) {
    const ids = audiences.map(({ notificationId }) => notificationId);
    const { worked, failed } = await expandTogether(deps, tenantId, ids);
    count += worked;
    for (const { notificationId, error } of failed) {
      failures.push(error);
      log.warn({ tenantId, notificationId, code: codeOf(error) }, 'an audience was not worked through');
      const isPassing = error instanceof DeskbridgeError && error.code === 'unavailable';
      const waitMs = isPassing ? postponeMs.unavailable : postponeMs.faulty;
      const until = new Date(clock.now().getTime() + waitMs);
      await postponeAudience(database.directory, { tenantId, notificationId }, until).catch(() => undefined);
    }
  }
  if (failures.length > 0) throw failures[0];
  return count;
}

/** Works through one notification to its end, unless another worker has it. @throws what made it fail */
export async function expandNotification(
  deps: Expanding,
  tenantId: string,
  notificationId: string,
): Promise<void> {
  for (let unfinished = [notificationId]; unfinished.length > 0; ) {
    const chunk = await expandTogether(deps, tenantId, unfinished);
    for (const { error } of chunk.failed) throw error;
    ({ unfinished } = chunk);
  }
}
