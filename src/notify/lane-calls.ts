/** A lane's calls to its platform: post, open a conversation, look up, probe. Each tells what it made of a delivery. */
import type { LookUp, OutboundDelivery } from '../kernel/notification.ts';
import type { PlatformRegistration, SendOutcome } from '../kernel/platform.ts';
import { Breaker } from './breaker.ts';
import {
  afterLookUp,
  afterOutcome,
  type PendingDelivery,
  repeatWithinMs,
  type Transition,
} from './delivery.ts';
import { callTimeoutMs, type LaneChannel, type LaneDependencies, type LeasedLane } from './lane.ts';
import type { LaneMemory } from './lane-memory.ts';
import type { Start } from './lane-queue.ts';
import type { Charge } from './pacing.ts';
import type { Settled } from './record-outcomes.ts';

/** Less time than this for a call is none. */
const leastCallMs = 1_500;

export type Opened =
  | { result: 'opened' }
  /** Again later; nothing is recorded of it. */
  | { result: 'later'; at: number }
  | { result: 'settled'; settled: Settled };

export class LaneCalls {
  readonly #breakers = new Map<string, Breaker>();
  readonly #hasProbe: boolean;
  readonly #deps: LaneDependencies;
  readonly #lane: LeasedLane;
  readonly #memory: LaneMemory;
  readonly #mayStart: () => boolean;

  /** @param lease.mayStart it holds long enough; `hasProbe`: the platform can be asked without posting */
  constructor(
    deps: LaneDependencies,
    lane: LeasedLane,
    memory: LaneMemory,
    { mayStart, hasProbe }: { mayStart: () => boolean; hasProbe: boolean },
  ) {
    this.#hasProbe = hasProbe;
    this.#deps = deps;
    this.#lane = lane;
    this.#memory = memory;
    this.#mayStart = mayStart;
  }

  /** Posts, at the time that was charged. Where it turns out that nothing may be sent any more, nothing is. */
  async send(
    channel: LaneChannel,
    { item, charge }: Start<PendingDelivery>,
    tryNo: number,
  ): Promise<Settled> {
    const { time } = this.#deps;
    const { registration, runtime } = channel;
    const notAfter = charge.at + callTimeoutMs;
    item.tryNo = tryNo;
    item.startedAt = new Date(charge.at);
    item.firstStartedAt ??= item.startedAt;
    item.notAfter = new Date(notAfter);
    await this.#until(charge.at);
    const message = await this.#messageOf(item);
    await this.#deps.failpoint?.('before_wire');
    const timeoutMs = notAfter - time.now();
    // After a stall, or without the lease: another owner counts on nothing being sent after `notAfter`.
    if (registration === null || message === null || timeoutMs < leastCallMs || !this.#mayStart()) {
      return notSent(item, time.now());
    }
    const outcome = await runtime
      .deliver({ ...outbound(item, registration, timeoutMs), message })
      .catch((error: unknown) => this.#threw(error));
    const endedAt = time.now();
    await this.#deps.failpoint?.('after_wire');
    if (outcome.result !== 'unknown') this.#memory.answered(charge, endedAt);
    this.#feedBreaker(charge.operation, outcome, endedAt);
    const { conversation: conversationKey, operation } = charge;
    return {
      delivery: item,
      transition: afterOutcome(item, outcome, endedAt, this.#deps.random()),
      attempt: { outcome: outcome.result, conversationKey, operation, startedAt: item.startedAt },
      ...this.#blockOf(item, outcome, endedAt),
      ...goneOf(item, outcome),
    };
  }

  /** Opens the conversation, which posts nothing and can be repeated. */
  async open(channel: LaneChannel, { item, charge }: Start<PendingDelivery>): Promise<Opened> {
    const { time, random } = this.#deps;
    const { registration, runtime } = channel;
    await this.#until(charge.at);
    if (registration === null || runtime.open === undefined) return { result: 'later', at: time.now() };
    const opening = await runtime
      .open(registration, item.destination, callTimeoutMs)
      .catch(() => ({ result: 'rejected', code: 'transient', retryable: true }) as const);
    const now = time.now();
    this.#memory.answered(charge, now);
    if (opening.result === 'opened') {
      this.#breakerOf(charge.operation).succeeded();
      item.reference = opening.reference;
      await this.#memory.opened(opening.reference, now).catch((error: unknown) => {
        this.#deps.log.warn(
          { lane_id: this.#lane.laneId, err: error },
          'an opened conversation was not kept',
        );
      });
      return { result: 'opened' };
    }
    this.#feedBreaker(charge.operation, opening, now);
    const block = this.#blockOf(item, opening, now);
    item.openings += 1;
    const transition = afterOutcome({ ...item, tryNo: item.openings }, opening, now, random());
    if (transition.to === 'ready') return { result: 'later', at: transition.at };
    return { result: 'settled', settled: { delivery: item, transition, attempt: null, ...block } };
  }

  /** Asks what became of a delivery. Null: it has to be asked again, and stands among the unknown. */
  async lookUp(channel: LaneChannel, item: PendingDelivery): Promise<Settled | null> {
    const { time, random, failpoint } = this.#deps;
    await failpoint?.('before_look_up');
    const found = await this.#ask(channel, item);
    await failpoint?.('after_look_up');
    const transition = afterLookUp(item, found, time.now(), random());
    if (transition.to === 'unknown') {
      this.#memory.addUnknown(item, transition.at);
      return null;
    }
    if (transition.to === 'repeat') {
      // In the database it stays unknown: whoever comes after a crash asks again.
      item.phase = 'ready';
      item.repeatUntil = time.now() + repeatWithinMs;
      item.dueAt = transition.at;
      this.#memory.putBack(time.now(), item);
      return null;
    }
    return { delivery: item, transition, attempt: lookedUp(found, transition) };
  }

  async #ask({ registration, runtime }: LaneChannel, item: PendingDelivery): Promise<LookUp> {
    const { startedAt, notAfter, firstStartedAt } = item;
    const message = await this.#messageOf(item);
    if (registration === null || message === null || startedAt === null || notAfter === null) {
      return { result: 'later' };
    }
    const delivery = { ...outbound(item, registration, callTimeoutMs), message };
    const send = { firstStartedAt: firstStartedAt ?? startedAt, startedAt, notAfter };
    return await runtime.lookUp(delivery, send).catch(() => ({ result: 'later' }) as const);
  }

  /** Whether a call may start now, as far as the health of its endpoint goes. */
  admits(operation: string, now: number): boolean {
    const allowance = this.#breakerOf(operation).allowance(now);
    return allowance === 'all' || allowance === 'one';
  }

  /** A call starts. */
  starting(operation: string, now: number): void {
    this.#breakerOf(operation).asking(now);
  }

  /** One that was counted and was to start does not. */
  notMade(charge: Charge): void {
    this.#memory.refund(charge);
    this.#breakerOf(charge.operation).notMade(this.#deps.time.now());
  }

  /**
   * Sooner than `wakeAt` where an endpoint that is ill is to be asked by then. One that may be asked already only waits for
   * a call that may start, of which `wakeAt` tells.
   */
  wakeAt(wakeAt: number, now: number): number {
    const later = [...this.#breakers.values()].map(({ askAt }) => askAt).filter((at) => at > now);
    return Math.min(wakeAt, ...later);
  }

  /** Asks endpoints that are ill whether they are back, by a call that changes nothing. @returns what is under way */
  probes({ registration, runtime }: LaneChannel, now: number): Promise<void>[] {
    if (registration === null || runtime.probe === undefined) return [];
    const probed = [...this.#breakers.values()].filter((breaker) => breaker.allowance(now) === 'probe');
    return probed.map((breaker) => {
      breaker.asking(now);
      const asked = runtime.probe?.(registration, this.#memory.anyReference(), callTimeoutMs);
      return this.#probe(breaker, asked ?? Promise.resolve(false));
    });
  }

  async #probe(breaker: Breaker, asked: Promise<boolean>): Promise<void> {
    const answers = await asked.catch(() => false);
    const now = this.#deps.time.now();
    if (answers) breaker.probed(now);
    else breaker.failed(now);
  }

  /** Endpoints fall ill apart: each operation has its own. Only posting can be asked after without posting. */
  #breakerOf(operation: string): Breaker {
    const known = this.#breakers.get(operation);
    if (known !== undefined) return known;
    const breaker = new Breaker(operation === 'send' && this.#hasProbe);
    this.#breakers.set(operation, breaker);
    return breaker;
  }

  async #until(at: number): Promise<void> {
    const wait = at - this.#deps.time.now();
    if (wait > 0) await this.#deps.time.wait(wait);
  }

  /** Null: what it says cannot be read now. */
  async #messageOf(item: PendingDelivery) {
    return await this.#deps.composer.compose(this.#lane.tenantId, item).catch((error: unknown) => {
      this.#deps.log.warn({ delivery_id: item.id, err: error }, 'a delivery could not be composed');
      return null;
    });
  }

  #threw(error: unknown): SendOutcome {
    this.#deps.log.error(
      { lane_id: this.#lane.laneId, err: error },
      'a platform failed in a way that it must not',
    );
    return { result: 'unknown', code: 'outcome_unknown' };
  }

  #feedBreaker(operation: string, outcome: SendOutcome, now: number): void {
    const breaker = this.#breakerOf(operation);
    const code = outcome.result === 'rejected' ? outcome.code : null;
    if (code === 'throttled') this.#deps.observe.throttled(this.#lane.platform);
    else if (code === 'unauthorized') breaker.refused(now);
    else if (outcome.result === 'unknown' || code === 'server_error' || code === 'transient')
      breaker.failed(now);
    else breaker.succeeded();
  }

  #blockOf(item: PendingDelivery, outcome: SendOutcome, now: number): Pick<Settled, 'block'> {
    if (outcome.result !== 'rejected' || outcome.code !== 'throttled' || outcome.retryAfterMs === undefined)
      return {};
    const until = now + outcome.retryAfterMs;
    const scope = this.#memory.block(now, item.conversation, until);
    return {
      block: { conversationKey: scope === 'lane' ? '' : item.conversation, blockedUntil: new Date(until) },
    };
  }
}

function outbound(
  item: PendingDelivery,
  registration: PlatformRegistration,
  timeoutMs: number,
): Omit<OutboundDelivery, 'message'> {
  const { destination, reference, id: token, reduced } = item;
  return { registration, destination, reference, token, reduced, timeoutMs };
}

/** It certainly was not sent: it goes again, and no attempt is spent; of an earlier try nobody knows more than before. */
export function notSent(item: PendingDelivery, now: number): Settled {
  const { reduced } = item;
  const again = { to: 'ready', at: now, spent: false, reduced, code: null, detail: null } as const;
  const transition = item.repeatUntil === null ? again : ({ to: 'unknown', at: now, detail: null } as const);
  return { delivery: item, transition, attempt: null };
}

function goneOf({ reference }: PendingDelivery, outcome: SendOutcome): Pick<Settled, 'gone'> {
  if (reference === null || outcome.result !== 'rejected' || outcome.referenceGone !== true) return {};
  return { gone: { platformConversationId: reference.platformConversationId, code: outcome.code } };
}

/** The line that a look-up leaves in the log; where the same attempt simply goes on, none. */
function lookedUp(found: LookUp, transition: Transition): Settled['attempt'] {
  const line = { conversationKey: null, operation: null, startedAt: null };
  if (found.result === 'found') return { ...line, outcome: 'delivered' };
  if (found.result === 'absent') return { ...line, outcome: 'absent' };
  return { ...line, outcome: transition.to === 'failed' ? 'held' : 'resent' };
}
