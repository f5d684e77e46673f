/** When one lane may send: its platform's limits, kept exactly, with a reserve for replies (pure: no clock, no timer). */
import type { ConversationKind, RateLimit, RateWindow } from '../kernel/rate-limit.ts';
import { type GuardOptions, LatencyGuard } from './latency-guard.ts';
import { type BlockScope, ThrottleBlocks } from './throttle-blocks.ts';
import { WindowLimiter } from './window-limiter.ts';

export interface PacerOptions {
  /** Of the registration: its platform's, with its overrides (`overrideLimits`). */
  limits: readonly RateLimit[];
  /** Needed where the limits tell people from groups; without it every conversation is a person. */
  kindOf?: (conversation: string) => ConversationKind;
  /** Share of every app-organization window that is the replies' own; 0.1 by default. */
  replyReserve?: number;
  guard?: GuardOptions;
}

/** One counted call. All times are milliseconds since the epoch, by the database's clock. */
export interface Charge {
  conversation: string | null;
  operation: string;
  /** When it starts. */
  at: number;
  /** When it arrives at the latest, as long as `settle` does not know better. */
  latest: number;
}

/** A line of the log that a successor counts: `latest` = when its outcome was recorded, without one its `not_after`. */
export type LoggedCall = Omit<Charge, 'operation'> & { operation?: string };

interface LaneCounter {
  /** What deliveries may use: the limit less the reserve. */
  deliveries: WindowLimiter;
  /** Deliveries and replies together: the limit itself. */
  all: WindowLimiter;
}

/** What the calls of one operation are counted by. */
interface Counters extends Record<ConversationKind, WindowLimiter[]> {
  lane: LaneCounter[];
}

/** How far ahead of its start a call may be charged. */
const aheadMs = 1_000;
const whole = '';
const none: Counters = { lane: [], personal: [], group: [] };

/**
 * Of an app-organization window of N calls, R = N × reserve are the replies' own. A delivery goes when deliveries in
 * the window stay within N − R **and** deliveries and replies together within N. So, in every window:
 * - replies within R never wait and never exceed the limit, whenever the lane's owner learns of them;
 * - replies beyond R take from what is left to deliveries, from the moment that they are charged;
 * - only a reply beyond R that goes although the window is full exceeds it: `earliestReply` says when it would not.
 * Replies count in their conversation too, which delays deliveries there; they themselves do not wait for it.
 *
 * A call counts from its charge until its latest possible arrival has left the window, and a margin. While it is on the
 * wire that is its `notAfter`; `settle` corrects it to what the call can have been late by (`LatencyGuard`). An intent
 * that a dead owner left may arrive at any time up to its `not_after`, and counts as long.
 */
export class LanePacer {
  /** The log of this long is needed to rebuild. */
  readonly longestMs: number;
  readonly #byOperation: Map<string, Counters>;
  readonly #kindOf: (conversation: string) => ConversationKind;
  readonly #guard: LatencyGuard;
  readonly #blocks = new ThrottleBlocks();

  constructor({ limits, kindOf = () => 'personal', replyReserve = 0.1, guard = {} }: PacerOptions) {
    this.#kindOf = kindOf;
    this.#guard = new LatencyGuard(guard);
    const seconds = limits.flatMap(({ windows }) => windows.map((window) => window.seconds));
    this.longestMs = Math.max(0, ...seconds) * 1_000;
    this.#byOperation = countersOf(limits, replyReserve, this.#guard.marginMs + aheadMs);
  }

  /** Milliseconds that are added to every window, and those that a call not yet answered is taken to be late by. */
  get guard(): { marginMs: number; spreadMs: number } {
    const { marginMs, spreadMs } = this.#guard;
    return { marginMs, spreadMs };
  }

  /** When one more call may go, from `now` on. Ask again after `settle`, `chargeReply` and `block`. */
  earliest(now: number, conversation: string, operation = 'send'): number {
    return Math.max(
      this.laneEarliest(now, operation),
      this.conversationEarliest(now, conversation, operation),
    );
  }

  /** The same, as far as the lane as a whole is concerned. */
  laneEarliest(now: number, operation = 'send'): number {
    let earliest = Math.max(now, this.#blocks.laneUntil);
    for (const { deliveries, all } of this.#counters(operation).lane) {
      earliest = deliveries.earliest(earliest, whole, this.#guard.marginMs);
      earliest = all.earliest(earliest, whole, this.#guard.marginMs);
    }
    return earliest;
  }

  /** The same, as far as the conversation alone is concerned. */
  conversationEarliest(now: number, conversation: string, operation = 'send'): number {
    let earliest = Math.max(now, this.#blocks.conversationUntil(conversation));
    for (const limiter of this.#conversationLimiters(conversation, operation)) {
      earliest = limiter.earliest(earliest, conversation, this.#guard.marginMs);
    }
    return earliest;
  }

  /** The call was not made, and never will be: it counts no more. */
  refund({ conversation, operation, latest }: Charge): void {
    for (const { deliveries, all } of this.#counters(operation).lane) {
      deliveries.forgive(whole, latest);
      all.forgive(whole, latest);
    }
    if (conversation === null) return;
    for (const limiter of this.#conversationLimiters(conversation, operation))
      limiter.forgive(conversation, latest);
  }

  /** When one more reply would not exceed an app-organization window: at once as long as the reserve lasts. */
  earliestReply(now: number, operation = 'send'): number {
    let earliest = Math.max(now, this.#blocks.laneUntil);
    for (const { all } of this.#counters(operation).lane) {
      earliest = all.earliest(earliest, whole, this.#guard.marginMs);
    }
    return earliest;
  }

  /**
   * Counts a call that starts at `at`, up to a second ahead.
   * @param notAfter when it is given up; until then it may arrive, unless `settle` says otherwise
   */
  charge(at: number, conversation: string, notAfter = at, operation = 'send'): Charge {
    const charge = { conversation, operation, at, latest: this.#latest(at, notAfter) };
    for (const { deliveries } of this.#counters(operation).lane) deliveries.charge(at, whole, charge.latest);
    this.#chargeShared(charge);
    return charge;
  }

  /** Counts a reply to an activity, whoever sent it; `conversation` null where it is not known. */
  chargeReply(at: number, conversation: string | null, notAfter = at, operation = 'send'): void {
    this.#chargeShared({ conversation, operation, at, latest: this.#latest(at, notAfter) });
  }

  /** The platform answered a delivery at `endedAt`: it arrived before. Not to be called where no answer came. */
  settle(charge: Charge, endedAt: number): void {
    const { conversation, operation, at, latest } = charge;
    const took = Math.max(0, endedAt - at);
    this.#guard.observe(took);
    const arrived = at + this.#guard.lateness(took);
    const { lane } = this.#counters(operation);
    for (const { deliveries, all } of lane) {
      deliveries.settle(whole, latest, arrived);
      all.settle(whole, latest, arrived);
    }
    if (conversation !== null) {
      for (const limiter of this.#conversationLimiters(conversation, operation)) {
        limiter.settle(conversation, latest, arrived);
      }
    }
    charge.latest = arrived;
  }

  /** What a call took from its charge to its answer, where `settle` is not used. */
  observeLatency(ms: number): void {
    this.#guard.observe(ms);
  }

  /**
   * Nothing goes in the scope before `until` (Retry-After).
   * @param conversation not looked at for a lane
   * @returns the scope to record: the lane, when several conversations were throttled shortly after one another
   */
  block(now: number, scope: BlockScope, conversation: string, until: number): BlockScope {
    return this.#blocks.block(now, scope, conversation, until);
  }

  /**
   * Counts what predecessors sent, after a take-over; for a fresh pacer.
   * @param calls intents and replies of the last `longestMs`, by start or later, in any order
   */
  rebuild(now: number, calls: readonly LoggedCall[], replies: readonly LoggedCall[]): void {
    const logged = [
      ...calls.map((call) => ({ call, reply: false })),
      ...replies.map((call) => ({ call, reply: true })),
    ];
    const counted = logged.filter(({ call }) => call.latest + this.longestMs + aheadMs > now);
    for (const { call, reply } of counted.sort((a, b) => a.call.latest - b.call.latest)) {
      const { conversation, at, latest, operation } = call;
      if (reply || conversation === null) this.chargeReply(at, conversation, latest, operation);
      else this.charge(at, conversation, latest, operation);
    }
  }

  /** Forgets conversations that have been idle for longer than their longest window. Charging does so by itself, slowly. */
  forgetIdle(now: number): void {
    for (const limiter of this.#allConversationLimiters()) limiter.forgetIdle(now, Number.POSITIVE_INFINITY);
  }

  /** Conversations that are remembered, counted once for every set of windows that knows them. */
  get remembered(): number {
    return this.#allConversationLimiters().reduce((sum, { size }) => sum + size, 0);
  }

  #latest(at: number, notAfter: number): number {
    return Math.max(at + this.#guard.spreadMs, notAfter);
  }

  #chargeShared({ conversation, operation, at, latest }: Charge): void {
    for (const { all } of this.#counters(operation).lane) all.charge(at, whole, latest);
    if (conversation === null) return;
    for (const limiter of this.#conversationLimiters(conversation, operation)) {
      limiter.charge(at, conversation, latest);
    }
  }

  #counters(operation: string): Counters {
    return this.#byOperation.get(operation) ?? none;
  }

  #conversationLimiters(conversation: string, operation: string): WindowLimiter[] {
    return this.#counters(operation)[this.#kindOf(conversation)];
  }

  #allConversationLimiters(): WindowLimiter[] {
    const counters = [...this.#byOperation.values()];
    return [...new Set(counters.flatMap(({ personal, group }) => [...personal, ...group]))];
  }
}

/** One set of logs for all windows that count the same calls. */
function countersOf(limits: readonly RateLimit[], reserve: number, slackMs: number): Map<string, Counters> {
  const byOperation = new Map<string, Counters>();
  // Of a whole app one lane sees its own part alone: `SharedLimits` counts those.
  const own = limits.filter(({ scope }) => scope !== 'app');
  for (const { limits: alike, operations } of countedAlike(own)) {
    const windows = alike.flatMap((limit) => limit.windows);
    const [first] = alike;
    const limiter = new WindowLimiter(windows, slackMs);
    const lane = { all: limiter, deliveries: new WindowLimiter(lessReserve(windows, reserve), slackMs) };
    for (const operation of operations) {
      const counters = byOperation.get(operation) ?? { lane: [], personal: [], group: [] };
      byOperation.set(operation, counters);
      if (first?.scope === 'app_organization') counters.lane.push(lane);
      else for (const kind of kindsOf(first)) counters[kind].push(limiter);
    }
  }
  return byOperation;
}

function kindsOf(limit: RateLimit | undefined): ConversationKind[] {
  return limit?.conversations === undefined ? ['personal', 'group'] : [limit.conversations];
}

/**
 * Limits whose windows the same calls fall into. Of a conversation we see our own calls only, so that all bots' limits
 * count the same; those of one message are kept for its whole conversation.
 */
function countedAlike(limits: readonly RateLimit[]): { limits: RateLimit[]; operations: string[] }[] {
  const groups = new Map<string, { limits: RateLimit[]; operations: string[] }>();
  for (const limit of limits) {
    const sets = limit.counted === 'each' ? limit.operations.map((one) => [one]) : [[...limit.operations]];
    for (const operations of sets) {
      const scope = limit.scope === 'app_organization' ? 'lane' : (limit.conversations ?? 'any');
      const name = JSON.stringify([scope, operations]);
      const group = groups.get(name) ?? { limits: [], operations };
      group.limits.push(limit);
      groups.set(name, group);
    }
  }
  return [...groups.values()];
}

/** What is left to deliveries: at least one call. */
function lessReserve(windows: readonly RateWindow[], reserve: number): RateWindow[] {
  return windows.map(({ calls, seconds }) => ({
    calls: Math.max(1, calls - Math.ceil(calls * reserve - 1e-9)),
    seconds,
  }));
}
