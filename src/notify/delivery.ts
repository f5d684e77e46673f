/** The states of a delivery: what an outcome, a look-up or the lack of both makes of it (pure). */
import type { ConversationReference } from '../kernel/activity.ts';
import type { Destination, LookUp } from '../kernel/notification.ts';
import type { SendOutcome } from '../kernel/platform.ts';
import type { ReadyItem } from './lane-queue.ts';
import type { QuietHours } from './quiet-hours.ts';
import type { Category, Channel, DeliveryErrorCode, SkipReason, UnknownPolicy } from './records.ts';

/** A delivery that is not over, as its lane's owner holds it. */
export interface PendingDelivery extends ReadyItem {
  /** The delivery's id, which is also the platform's token. */
  id: string;
  createdAt: Date;
  /** When it was due at first, or since an administrator's retry (ms). */
  queuedAt: number;
  notificationId: string;
  category: Category;
  userId: string | null;
  destination: Destination;
  fallback: readonly Channel[];
  onUnknown: UnknownPolicy;
  expiresAt: Date | null;
  phase: 'ready' | 'sending' | 'unknown';
  /** Spent attempts, this one included. */
  attemptNo: number;
  /** Calls, throttled ones included: outcomes are fenced by it. */
  tryNo: number;
  reduced: boolean;
  firstStartedAt: Date | null;
  startedAt: Date | null;
  notAfter: Date | null;
  /** Of the recipient; null: the tenant's language, UTC. */
  locale: string | null;
  timeZone: string | null;
  quietHours: QuietHours | null;
  reference: ConversationReference | null;
  /** How often its conversation could not be opened. */
  openings: number;
  /** Of unknown outcome, and sent again under the same token, which the platform dedupes until then (ms). */
  repeatUntil: number | null;
}

/** What becomes of a delivery. */
export type Transition =
  | { to: 'sent'; messageId: string | null; requestId: string | null; proof: boolean }
  | {
      to: 'failed';
      code: DeliveryErrorCode;
      detail: string | null;
      definite: boolean;
      requestId: string | null;
    }
  | { to: 'skipped'; reason: SkipReason; code: DeliveryErrorCode | null; detail: string | null }
  /** Again at `at` (ms). `spent`: under the next attempt number. */
  | {
      to: 'ready';
      at: number;
      spent: boolean;
      reduced: boolean;
      code: DeliveryErrorCode | null;
      detail: string | null;
    }
  /** Nobody knows yet; looked up from `at` on. */
  | { to: 'unknown'; at: number; detail: string | null };

/** What a look-up makes of a delivery; `repeat`: the same attempt goes on at `at`, as long as the platform dedupes it. */
export type LookedUp = Exclude<Transition, { to: 'skipped' }> | { to: 'repeat'; at: number };

/** A late commit may still land for so long after the send was given up. */
export const settleMs = 1_000;
const firstRetryMs = 1_000;
const maxRetryMs = 300_000;
/** A delivery without an expiry of its own is given up after so long. */
const giveUpAfterMs = 86_400_000;
/** Refused credentials are an administrator's to mend; until then the lane waits. */
const giveUpUnauthorizedMs = 3_600_000;
/** Alerts are sent again without proof at most so often. */
const maxResends = 3;
/** A repeat that waits longer is asked for again first; platforms say `repeatable` only when there is more time than this. */
export const repeatWithinMs = 240_000;
/** Nobody could be asked for so long: the policy decides. */
const lookUpForMs = 3_600_000;

/** @param random from 0 to 1, for full jitter */
export function afterOutcome(
  delivery: PendingDelivery,
  outcome: SendOutcome,
  now: number,
  random: number,
): Transition {
  const transition = transitionOf(delivery, outcome, now, random);
  if (delivery.repeatUntil === null || transition.to === 'sent' || transition.to === 'unknown')
    return transition;
  // The repeat was refused, which says nothing about the try before it.
  const at = transition.to === 'ready' ? transition.at : now + backoffMs(delivery.tryNo, random);
  return { to: 'unknown', at, detail: transition.detail };
}

function transitionOf(
  delivery: PendingDelivery,
  outcome: SendOutcome,
  now: number,
  random: number,
): Transition {
  switch (outcome.result) {
    case 'sent':
      return {
        to: 'sent',
        messageId: outcome.messageId,
        requestId: outcome.requestId ?? null,
        proof: false,
      };
    case 'unknown':
      return {
        to: 'unknown',
        at: Math.max(now, delivery.notAfter?.getTime() ?? now) + settleMs,
        detail: outcome.detail ?? null,
      };
    case 'rejected':
      return afterRejection(delivery, outcome, now, random);
  }
}

function afterRejection(
  delivery: PendingDelivery,
  outcome: Extract<SendOutcome, { result: 'rejected' }>,
  now: number,
  random: number,
): Transition {
  const { code, retryAfterMs } = outcome;
  const detail = outcome.detail ?? null;
  const requestId = outcome.requestId ?? null;
  const failed = { to: 'failed', code, detail, definite: true, requestId } as const;
  const again = (at: number, spent: boolean): Transition =>
    now - delivery.queuedAt > giveUpAfterMs
      ? failed
      : { to: 'ready', at, spent, reduced: delivery.reduced, code, detail };
  switch (code) {
    case 'payload_rejected':
      if (delivery.reduced) return failed;
      return { to: 'ready', at: now, spent: true, reduced: true, code, detail };
    case 'blocked_by_user':
    case 'not_in_conversation':
    case 'registration_misconfigured':
      return { to: 'skipped', reason: code, code, detail };
    case 'unauthorized': {
      const tooOld = now - delivery.queuedAt > giveUpUnauthorizedMs;
      return tooOld || delivery.category === 'test' ? failed : again(now + firstRetryMs, false);
    }
    case 'throttled':
      if (!outcome.retryable) return failed;
      return again(now + (retryAfterMs ?? backoffMs(delivery.tryNo, random)), false);
    default:
      if (!outcome.retryable) return failed;
      // 412 and the like: another operation was under way there; the attempt is not spent.
      return again(now + (retryAfterMs ?? backoffMs(delivery.tryNo, random)), code !== 'transient');
  }
}

/** What a look-up makes of a delivery in phase `unknown`. */
export function afterLookUp(delivery: PendingDelivery, found: LookUp, now: number, random: number): LookedUp {
  switch (found.result) {
    case 'found':
      return { to: 'sent', messageId: found.messageId, requestId: null, proof: true };
    case 'absent': {
      const detail = 'It was not posted, again and again.';
      if (now - delivery.queuedAt > giveUpAfterMs) {
        return { to: 'failed', code: 'server_error', detail, definite: true, requestId: null };
      }
      const at = now + (delivery.attemptNo > 1 ? backoffMs(delivery.attemptNo - 1, random) : 0);
      return { to: 'ready', at, spent: true, reduced: delivery.reduced, code: null, detail: null };
    }
    case 'repeatable':
      return { to: 'repeat', at: now + (delivery.tryNo > 1 ? backoffMs(delivery.tryNo - 1, random) : 0) };
    case 'later': {
      const since = delivery.notAfter?.getTime() ?? delivery.createdAt.getTime();
      if (now - since > lookUpForMs) return byPolicy(delivery, 'The platform could not be asked.', now);
      const wait = found.retryAfterMs ?? Math.min(60_000, Math.max(2_000, (now - since) / 4));
      return { to: 'unknown', at: now + wait, detail: null };
    }
    case 'unknowable':
      return byPolicy(delivery, found.detail, now);
  }
}

function byPolicy(delivery: PendingDelivery, detail: string, now: number): LookedUp {
  if (delivery.onUnknown === 'resend' && delivery.attemptNo < maxResends) {
    return { to: 'ready', at: now, spent: true, reduced: delivery.reduced, code: 'outcome_unknown', detail };
  }
  return { to: 'failed', code: 'outcome_unknown', detail, definite: false, requestId: null };
}

/** Full jitter over a doubling wait. */
export function backoffMs(tries: number, random: number): number {
  const ceiling = Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(20, Math.max(0, tries - 1)));
  return Math.max(250, Math.round(ceiling * random));
}

/** Whether a transition ends the delivery so that another channel may be tried. */
export function opensFallback(transition: Transition): boolean {
  if (transition.to === 'failed') return transition.definite;
  return transition.to === 'skipped' && fallbackReasons.has(transition.reason);
}

const fallbackReasons: ReadonlySet<SkipReason> = new Set([
  'user_not_mapped',
  'blocked_by_user',
  'not_in_conversation',
  'registration_inactive',
]);
