/** The owner of one lane: reads what is due, paces it, writes intents, sends, writes outcomes, resolves what is unknown. */
import type { PendingDelivery } from './delivery.ts';
import { type EndReason, endWaiting } from './end-waiting.ts';
import { intend } from './intend.ts';
import {
  callTimeoutMs,
  type LaneChannel,
  type LaneDependencies,
  type LeasedLane,
  type RepliedTo,
} from './lane.ts';
import { LaneCalls, notSent } from './lane-calls.ts';
import { LaneMemory } from './lane-memory.ts';
import type { Start } from './lane-queue.ts';
import { retireLane } from './lane-store.ts';
import { observeEnd } from './observe-end.ts';
import { OutcomeWriter } from './outcome-writer.ts';
import { IntentsRefused } from './ready-store.ts';
import type { Settled } from './record-outcomes.ts';
import { errorCodeOfSkip } from './records.ts';

/** A send starts only with so much of the lease left. */
const leaseLeftMs = 3_000;
/** Starts are planned so far ahead, so that their intents share a commit. */
const planMs = 100;
const maxInFlight = 256;
const maxLookUps = 4;
const pollMs = 1_000;
const idleMs = 60_000;
const retryDatabaseMs = 500;

export class LaneRunner {
  readonly lane: LeasedLane;
  readonly #deps: LaneDependencies;
  readonly #refresh: () => Promise<LaneChannel>;
  readonly #memory: LaneMemory;
  readonly #calls: LaneCalls;
  readonly #writer: OutcomeWriter;
  readonly #stopping = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #channel: LaneChannel;
  #leaseUntil: number;
  #wake = new AbortController();
  #onTheWire = 0;
  #lookUps = 0;
  #isLost = false;
  #mustLoad = true;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #busyAt: number;

  /** @param start.leaseUntil on the monotonic clock */
  constructor(
    deps: LaneDependencies,
    lane: LeasedLane,
    start: { channel: LaneChannel; refresh: () => Promise<LaneChannel>; leaseUntil: number },
  ) {
    this.#deps = deps;
    this.lane = lane;
    this.#channel = start.channel;
    this.#refresh = start.refresh;
    this.#leaseUntil = start.leaseUntil;
    this.#memory = new LaneMemory(deps.database, deps.composer, lane, start.channel);
    this.#calls = new LaneCalls(deps, lane, this.#memory, () => this.#mayStart());
    this.#writer = new OutcomeWriter(deps, lane, (settled, ours) => this.#recorded(settled, ours));
    this.#busyAt = deps.time.now();
  }

  /** There may be something to do. */
  hint(): void {
    this.#mustLoad = true;
    this.#wake.abort();
  }

  /** The lease holds until then, on the monotonic clock. */
  renewed(leaseUntil: number): void {
    this.#leaseUntil = leaseUntil;
  }

  /** Somebody else has the lane. */
  lose(): void {
    this.#isLost = true;
    this.stop();
  }

  /** Nothing starts any more; what is on the wire is still recorded. */
  stop(): void {
    this.#stopping.abort();
    this.#wake.abort();
  }

  /** A reply in the same organization: the limits count it. */
  countReply(reference: RepliedTo, at: number): void {
    this.#memory.countReply(this.#channel.addressing, reference, at);
  }

  /** Deliveries that wait here. */
  get backlog(): number {
    return this.#memory.waiting;
  }

  /**
   * Runs until the lane is idle, lost or stopped, and everything that was on the wire is recorded.
   * @returns `retired`: it is out of the directory, or put down for later
   */
  async run(): Promise<'retired' | 'lost' | 'stopped'> {
    const { time, log, inFlight } = this.#deps;
    let isRetired = false;
    while (!this.#stopping.signal.aborted && !isRetired) {
      this.#wake = new AbortController();
      try {
        await this.#load();
        this.#resolveDue();
        const wakeAt = await this.#start();
        if (this.#isIdle()) isRetired = await this.#retire();
        if (!isRetired) await this.#pause(wakeAt);
      } catch (error) {
        log.warn({ lane_id: this.lane.laneId, err: error }, 'a lane waits for the database');
        await time.wait(retryDatabaseMs, this.#stopping.signal);
      }
    }
    await Promise.all(this.#tasks);
    await this.#writer.settled();
    inFlight.leave(this.lane.laneId);
    if (this.#isLost) return 'lost';
    return isRetired ? 'retired' : 'stopped';
  }

  async #load(): Promise<void> {
    const now = this.#deps.time.now();
    const polls = now - this.#loadedAt >= pollMs;
    if (!polls && !this.#mustLoad && !this.#memory.wantsMore) return;
    await this.#deps.failpoint?.('before_load');
    if (polls) this.#channel = await this.#refresh();
    if (!this.#memory.begun) await this.#memory.begin(now, this.#channel);
    if (polls) await this.#end('expired', now);
    this.#mustLoad = false;
    this.#loadedAt = polls ? now : this.#loadedAt;
    const halt = this.#haltReason();
    if (halt !== null) await this.#end(halt, now);
    else if ((await this.#memory.load(now, this.#channel.addressing)) > 0) this.#busyAt = now;
  }

  #haltReason(): Exclude<EndReason, 'expired'> | null {
    if (!this.#channel.tenantActive) return 'tenant_suspended';
    return this.#channel.registration === null ? 'registration_inactive' : null;
  }

  async #end(reason: EndReason, now: number): Promise<void> {
    const { database, observe } = this.#deps;
    const ended = await endWaiting(database, this.lane, reason, new Date(now));
    this.#memory.drop(now, ended);
    for (const _ of ended) observe.ended(this.lane.platform, 'skipped', errorCodeOfSkip(reason), null);
    if (ended.length > 0) this.#loadedAt = Number.NEGATIVE_INFINITY;
  }

  /** Writes the intents of what may go, and sends it. @returns when to look again */
  async #start(): Promise<number> {
    const { time, inFlight } = this.#deps;
    const { laneId, tenantId } = this.lane;
    const now = time.now();
    if (!this.#mayStart() || this.#haltReason() !== null) return now + pollMs;
    const wanted = Math.min(this.#allowed(now), maxInFlight - this.#onTheWire, this.#memory.waiting);
    if (wanted <= 0) return Math.max(now + 1, this.#calls.breaker.nextProbeAt);
    const granted = inFlight.take(laneId, tenantId, wanted, () => this.#wake.abort());
    const { starts, wakeAt } = this.#memory.take(now, granted, { planMs, timeoutMs: callTimeoutMs });
    inFlight.release(tenantId, granted - starts.length);
    if (starts.length === 0) return granted === 0 ? now + pollMs : wakeAt;
    this.#onTheWire += starts.length;
    this.#busyAt = now;
    const sends: Start<PendingDelivery>[] = [];
    for (const start of starts) {
      if (this.#needsOpening(start.item)) this.#track(this.#open(start));
      else if (start.item.repeatUntil !== null && start.item.repeatUntil < now)
        this.#askAgain(start.item, now);
      else sends.push(start);
    }
    if (sends.length > 0) await this.#intend(sends, now);
    return time.now();
  }

  /** How many calls the breaker lets go. */
  #allowed(now: number): number {
    if (this.#memory.waiting === 0) return 0;
    const { calls, probe } = this.#calls.allowed(this.#channel, now);
    if (probe !== null) this.#track(probe.then(() => this.#wake.abort()));
    return calls;
  }

  /** The platform may not dedupe it any more. */
  #askAgain(item: PendingDelivery, now: number): void {
    this.#release();
    item.phase = 'unknown';
    this.#memory.addUnknown(item, now);
  }

  #needsOpening({ destination, reference }: PendingDelivery): boolean {
    return this.#channel.addressing.opening(destination, reference) !== null;
  }

  async #intend(starts: readonly Start<PendingDelivery>[], now: number): Promise<void> {
    const { failpoint } = this.#deps;
    await failpoint?.('before_intent');
    const intended = await this.#tryToIntend(starts, now);
    await failpoint?.('after_intent');
    if (intended === null) return;
    if (intended === 'lost') this.lose();
    const tries = intended instanceof Map ? intended : new Map<string, number>();
    // A lane that is not to send any more learns it by its next look.
    if (tries.size < starts.length) this.#loadedAt = Number.NEGATIVE_INFINITY;
    for (const start of starts) {
      const tryNo = tries.get(start.item.id);
      if (tryNo === undefined) this.#letGo(start.item);
      else
        this.#track(
          this.#calls.send(this.#channel, start, tryNo).then((settled) => this.#writer.add(settled)),
        );
    }
  }

  /** Null: nobody knows whether it was committed; since nothing was sent, it is taken back once that can be written. */
  async #tryToIntend(starts: readonly Start<PendingDelivery>[], now: number) {
    const { database, log, time } = this.#deps;
    try {
      return await intend(database, this.lane, starts, now);
    } catch (error) {
      if (error instanceof IntentsRefused) return error.reason;
      log.warn({ lane_id: this.lane.laneId, err: error }, 'intents could not be written; nothing was sent');
      for (const { item } of starts) {
        item.tryNo += 1;
        this.#writer.add(notSent(item, time.now()));
      }
      return null;
    }
  }

  async #open(start: Start<PendingDelivery>): Promise<void> {
    const { item } = start;
    const opened = await this.#calls.open(this.#channel, start);
    if (opened.result === 'settled') {
      this.#writer.add(opened.settled);
      return;
    }
    const now = this.#deps.time.now();
    if (opened.result === 'opened')
      item.operation = this.#channel.addressing.paced(item.destination).operation;
    item.dueAt = opened.result === 'opened' ? now : opened.at;
    this.#release();
    this.#memory.putBack(now, item);
    this.#wake.abort();
  }

  /** Asks what became of those that nobody knows of, once nothing can arrive any more. */
  #resolveDue(): void {
    if (this.#channel.registration === null || !this.#mayStart()) return;
    while (this.#lookUps < maxLookUps) {
      const item = this.#memory.nextUnknown(this.#deps.time.now());
      if (item === null) return;
      this.#lookUps += 1;
      this.#track(
        this.#calls.lookUp(this.#channel, item).then((settled) => {
          this.#lookUps -= 1;
          if (settled !== null) this.#writer.add(settled);
          this.#wake.abort();
        }),
      );
    }
  }

  #recorded(settled: Settled, ours: boolean): void {
    const { delivery, transition } = settled;
    // What was looked up had left the wire before.
    if (delivery.phase !== 'unknown') this.#release();
    this.#memory.recorded(this.#deps.time.now(), settled, ours);
    if (transition.to === 'sent' || transition.to === 'failed' || transition.to === 'skipped') {
      observeEnd(this.#deps.observe, this.lane.platform, delivery, transition);
    } else if (!ours) this.#mustLoad = true;
    this.#wake.abort();
  }

  /** Not to be sent from here: whatever it is now, the database knows. */
  #letGo(item: PendingDelivery): void {
    this.#release();
    this.#memory.over(this.#deps.time.now(), item);
  }

  #release(): void {
    this.#onTheWire -= 1;
    this.#deps.inFlight.release(this.lane.tenantId, 1);
  }

  #mayStart(): boolean {
    return !this.#stopping.signal.aborted && this.#leaseUntil - this.#deps.time.monotonic() >= leaseLeftMs;
  }

  #isIdle(): boolean {
    const isQuiet = this.#memory.isEmpty && this.#tasks.size === 0 && this.#writer.isIdle;
    return isQuiet && this.#deps.time.now() - this.#busyAt >= idleMs;
  }

  async #retire(): Promise<boolean> {
    const { database, time } = this.#deps;
    return await database.inTenant(this.lane.tenantId, (tx) =>
      retireLane(tx, this.lane, new Date(time.now())),
    );
  }

  async #pause(wakeAt: number): Promise<void> {
    const { time } = this.#deps;
    const now = time.now();
    const next = Math.min(wakeAt, this.#memory.nextUnknownAt, this.#loadedAt + pollMs);
    if (next > now) await time.wait(next - now, this.#wake.signal);
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch((error: unknown) => {
        this.#deps.log.error({ lane_id: this.lane.laneId, err: error }, 'a send broke off');
      })
      .finally(() => this.#tasks.delete(tracked));
    this.#tasks.add(tracked);
  }
}
