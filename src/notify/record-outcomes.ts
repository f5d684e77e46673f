/** Writes what became of a lane's tries, many in one commit; a result that comes late is welcome as long as it is true. */
import { retireConversation } from '../conversations/retire-reference.ts';
import type { Transaction } from '../infra/database.ts';
import { newId } from '../kernel/ids.ts';
import { opensFallback, type PendingDelivery, type Transition } from './delivery.ts';
import { attemptKey } from './delivery-id.ts';
import { type FailedDelivery, insertFallback } from './delivery-store.ts';
import { blockLane, type LaneBlock } from './lane-store.ts';
import {
  type AttemptRow,
  claimAttemptKeys,
  finishReady,
  insertAttempts,
  markEnded,
  markSent,
  requeue,
} from './outcome-store.ts';
import { errorCodeOfSkip } from './records.ts';
import { noteSurplus } from './surplus-store.ts';

/** One try and what it made of its delivery. */
export interface Settled {
  delivery: PendingDelivery;
  transition: Transition;
  /** The line for the log; null: nothing was on the wire, and nobody was asked. */
  attempt: Pick<AttemptRow, 'outcome' | 'conversationKey' | 'operation' | 'startedAt'> | null;
  /** What the platform asked to wait, and for what. */
  block?: LaneBlock;
  /** The conversation that is gone, with the platform's reason. */
  gone?: { platformConversationId: string; code: string };
}

type To<Kind extends Transition['to']> = Settled & { transition: Extract<Transition, { to: Kind }> };

/**
 * Records them.
 * @returns ids of deliveries that are still this try's to decide; the others were settled by somebody else
 */
export async function recordOutcomes(
  tx: Transaction,
  laneId: string,
  settled: readonly Settled[],
  now: Date,
): Promise<Set<string>> {
  const sent = settled.filter((each): each is To<'sent'> => each.transition.to === 'sent');
  const ended = settled.filter(
    (each): each is To<'failed'> | To<'skipped'> =>
      each.transition.to === 'failed' || each.transition.to === 'skipped',
  );
  const open = settled.filter(
    (each): each is To<'ready'> | To<'unknown'> =>
      each.transition.to === 'ready' || each.transition.to === 'unknown',
  );
  insertAttempts(
    tx,
    settled.flatMap((each) => attemptRow(each, laneId, now)),
  );
  for (const { block } of settled) if (block !== undefined) blockLane(tx, laneId, block);
  claimAttemptKeys(tx, nextKeys(tx.tenantId, open, now));
  const over = [...sent, ...ended].map(({ delivery }) => ({
    deliveryId: delivery.id,
    tryNo: delivery.tryNo,
  }));
  const [finished, requeued, marked] = await Promise.all([
    over.length === 0 ? new Set<string>() : finishReady(tx, over),
    open.length === 0 ? new Set<string>() : requeue(tx, open.map(requeueRow)),
    sent.length === 0
      ? new Set<string>()
      : markSent(
          tx,
          sent.map((each) => sentRow(each, now)),
        ),
  ]);
  // Only what this try still stood for may end; what was sent is sent, whoever waits for it meanwhile.
  const ending = ended.filter(({ delivery }) => finished.has(delivery.id));
  markEnded(tx, ending.map(endedRow));
  const next = ending
    .filter(({ transition }) => opensFallback(transition))
    .map(({ delivery }) => toFailed(delivery));
  await insertFallback(tx, next, now);
  for (const each of sent) {
    const { messageId } = each.transition;
    if (!marked.has(each.delivery.id) && messageId !== null)
      await noteSurplus(tx, { ...each.delivery, laneId, messageId }, now);
  }
  for (const { gone } of settled) {
    if (gone !== undefined) await retireConversation(tx, laneId, gone.platformConversationId, gone.code);
  }
  return new Set([...finished, ...requeued]);
}

function attemptRow({ delivery, transition, attempt }: Settled, laneId: string, now: Date): AttemptRow[] {
  if (attempt === null) return [];
  return [
    {
      ...attempt,
      attemptId: newId(),
      deliveryId: delivery.id,
      at: now,
      attemptNo: delivery.attemptNo,
      tryNo: delivery.tryNo,
      laneId,
      errorCode:
        'code' in transition ? transition.code : transition.to === 'unknown' ? 'outcome_unknown' : null,
      detail: 'detail' in transition ? transition.detail : null,
      messageId: transition.to === 'sent' ? transition.messageId : null,
      requestId: 'requestId' in transition ? transition.requestId : null,
    },
  ];
}

/** The next attempt has a key of its own. */
function nextKeys(tenantId: string, open: readonly (To<'ready'> | To<'unknown'>)[], now: Date) {
  return open.flatMap(({ delivery, transition }) =>
    transition.to === 'ready' && transition.spent
      ? [
          {
            key: keyOf(delivery, tenantId),
            deliveryId: delivery.id,
            createdAt: now,
          },
        ]
      : [],
  );
}

function keyOf({ notificationId, destination, attemptNo }: PendingDelivery, tenantId: string): string {
  const { type: destinationType, id: destinationId } = destination;
  return attemptKey({ notificationId, tenantId, destinationType, destinationId, attemptNo: attemptNo + 1 });
}

function requeueRow({ delivery, transition }: To<'ready'> | To<'unknown'>) {
  const isReady = transition.to === 'ready';
  return {
    deliveryId: delivery.id,
    tryNo: delivery.tryNo,
    phase: transition.to,
    dueAt: isReady ? new Date(transition.at) : null,
    attemptNo: delivery.attemptNo + (isReady && transition.spent ? 1 : 0),
    reduced: isReady ? transition.reduced : delivery.reduced,
  };
}

function sentRow({ delivery, transition }: To<'sent'>, now: Date) {
  const { messageId, requestId, proof } = transition;
  const { id: deliveryId, createdAt, attemptNo: attempts } = delivery;
  return { deliveryId, createdAt, attempts, messageId, requestId, at: now, proof };
}

function endedRow({ delivery, transition }: To<'failed'> | To<'skipped'>) {
  const failed = transition.to === 'failed';
  return {
    deliveryId: delivery.id,
    createdAt: delivery.createdAt,
    status: transition.to,
    reason: failed ? null : transition.reason,
    errorCode: failed ? transition.code : errorCodeOfSkip(transition.reason),
    errorMessage: transition.detail,
    // What was skipped before it was ever on the wire spent nothing.
    attempts: delivery.tryNo === 0 ? 0 : delivery.attemptNo,
    requestId: failed ? transition.requestId : null,
  };
}

function toFailed(delivery: PendingDelivery): FailedDelivery {
  const { id: deliveryId, notificationId, category, userId, fallback, onUnknown, expiresAt } = delivery;
  const priority = delivery.priority === 1 ? 1 : 0;
  return { deliveryId, notificationId, category, userId, fallback, onUnknown, expiresAt, priority };
}
