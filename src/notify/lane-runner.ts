/** The owner of one lane: reads what is due, paces it, writes intents, sends, writes outcomes, resolves what is unknown. */
import type { PendingDelivery } from './delivery.ts';
import { intend } from './intend.ts';
import { IntentsRefused } from './intent-store.ts';
import {
  callTimeoutMs,
  type LaneChannel,
  type LaneDependencies,
  type LeasedLane,
  type RepliedTo,
} from './lane.ts';
import { LaneCalls, notSent } from './lane-calls.ts';
import { LaneGate } from './lane-gate.ts';
import { LaneIntake } from './lane-intake.ts';
import { LaneMemory } from './lane-memory.ts';
import type { Start } from './lane-queue.ts';
import { retireLane } from './lane-store.ts';
import { observeEnd } from './observe-end.ts';
import { OutcomeWriter } from './outcome-writer.ts';
import type { Settled } from './record-outcomes.ts';

/** A send starts only with so much of the lease left. */
const leaseLeftMs = 3_000;
const planMs = 100; // ahead, so that intents share a commit
const maxInFlight = 256;
const maxLookUps = 4;
const idleMs = 60_000;
const retryDatabaseMs = 500;
const woken = 'there is something to do';
/** At the end outcomes wait no longer than this for the database; what is lost of them is asked for again. */
const lastWriteMs = 10_000;

export class LaneRunner {
  readonly lane: LeasedLane;
  readonly #deps: LaneDependencies;
  readonly #memory: LaneMemory;
  readonly #intake: LaneIntake;
  readonly #calls: LaneCalls;
  readonly #writer: OutcomeWriter;
  readonly #gate: LaneGate;
  readonly #stopping = new AbortController();
  readonly #tasks = new Set<Promise<void>>();
  #leaseUntil: number;
  #wake = new AbortController();
  #onTheWire = 0;
  #lookUps = 0;
  #isLost = false;
  #busyAt: number;

  /** @param start.leaseUntil on the monotonic clock */
  constructor(
    deps: LaneDependencies,
    lane: LeasedLane,
    start: { channel: LaneChannel; refresh: () => Promise<LaneChannel>; leaseUntil: number },
  ) {
    this.#deps = deps;
    this.lane = lane;
    this.#leaseUntil = start.leaseUntil;
    this.#memory = new LaneMemory(deps.database, deps.composer, lane, start.channel);
    this.#intake = new LaneIntake(deps, lane, this.#memory, start);
    this.#calls = new LaneCalls(deps, lane, this.#memory, {
      mayStart: () => this.#mayStart(),
      hasProbe: start.channel.runtime.probe !== undefined,
    });
    this.#writer = new OutcomeWriter(deps, lane, (settled, ours) => this.#recorded(settled, ours));
    this.#gate = new LaneGate(deps, lane, this.#memory, {
      notMade: (charge) => this.#calls.notMade(charge),
      release: () => this.#release(),
    });
    this.#busyAt = deps.time.now();
  }

  hint(): void {
    this.#intake.hint();
    this.#look();
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
    this.#look();
  }

  /** A reply in the same organization: the limits count it. */
  countReply(reference: RepliedTo, at: number): void {
    this.#memory.countReply(this.#intake.channel.addressing, reference, at);
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
        if (await this.#intake.load(time.now())) this.#busyAt = time.now();
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
    await this.#writer.settled(lastWriteMs);
    inFlight.leave(this.lane.laneId);
    // Of outcomes that could not be written in time.
    while (this.#onTheWire > 0) this.#release();
    if (this.#isLost) return 'lost';
    return isRetired ? 'retired' : 'stopped';
  }

  /** Writes the intents of what may go, and sends it. @returns when to look again */
  async #start(): Promise<number> {
    const { time, inFlight } = this.#deps;
    const { laneId, tenantId } = this.lane;
    const now = time.now();
    if (!this.#mayStart() || this.#intake.halt !== null) return this.#intake.nextAt;
    for (const probe of this.#calls.probes(this.#intake.channel, now))
      this.#track(probe.then(() => this.#look()));
    const wanted = Math.min(maxInFlight - this.#onTheWire, this.#memory.waiting);
    if (wanted <= 0) inFlight.leave(laneId);
    if (wanted <= 0) return Number.POSITIVE_INFINITY;
    const granted = inFlight.take(laneId, tenantId, wanted, () => this.#look());
    const { starts, wakeAt } = this.#memory.take(now, granted, {
      planMs,
      timeoutMs: callTimeoutMs,
      admits: (operation) => this.#calls.admits(operation, now),
      chosen: (operation) => this.#calls.starting(operation, now),
    });
    inFlight.release(laneId, tenantId, granted - starts.length);
    if (starts.length === 0) return granted === 0 ? this.#intake.nextAt : this.#calls.wakeAt(wakeAt, now);
    this.#onTheWire += starts.length;
    this.#busyAt = now;
    const awake = await this.#gate.outOfQuietHours(starts, now);
    for (const settled of awake.ended) this.#writer.add(settled);
    const sends: Start<PendingDelivery>[] = [];
    for (const start of awake.starts) {
      const { item } = start;
      if (this.#needsOpening(item)) this.#track(this.#open(start));
      else if (item.repeatUntil !== null && item.repeatUntil < now) this.#askAgain(item, now);
      else sends.push(start);
    }
    const allowed = await this.#gate.withinShare(this.#intake.channel, sends, now);
    if (allowed.length > 0) await this.#intend(allowed, now);
    return time.now();
  }

  /** The platform may not dedupe it any more. */
  #askAgain(item: PendingDelivery, now: number): void {
    this.#release();
    item.phase = 'unknown';
    this.#memory.addUnknown(item, now);
  }

  #needsOpening({ destination, reference }: PendingDelivery): boolean {
    return this.#intake.channel.addressing.opening(destination, reference) !== null;
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
    if (tries.size < starts.length) this.#intake.doubt();
    for (const start of starts) {
      const tryNo = tries.get(start.item.id);
      if (tryNo === undefined) {
        this.#calls.notMade(start.charge);
        this.#letGo(start.item);
      } else this.#track(this.#send(start, tryNo));
    }
  }

  async #send(start: Start<PendingDelivery>, tryNo: number): Promise<void> {
    this.#writer.add(await this.#calls.send(this.#intake.channel, start, tryNo));
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
    const opened = await this.#calls.open(this.#intake.channel, start);
    if (opened.result === 'settled') {
      this.#writer.add(opened.settled);
      return;
    }
    const now = this.#deps.time.now();
    if (opened.result === 'opened')
      item.operation = this.#intake.channel.addressing.paced(item.destination).operation;
    item.dueAt = opened.result === 'opened' ? now : opened.at;
    this.#release();
    this.#memory.putBack(now, item);
    this.#look();
  }

  /** Asks what became of those that nobody knows of, once nothing can arrive any more. */
  #resolveDue(): void {
    const { channel } = this.#intake;
    while (this.#mayLookUp()) {
      const next = this.#memory.nextUnknown(this.#deps.time.now(), channel.addressing);
      if (next === null) return;
      this.#lookUps += 1;
      this.#track(
        this.#calls.lookUp(channel, next.item).then((settled) => {
          this.#lookUps -= 1;
          if (next.charge !== null) this.#memory.answered(next.charge, this.#deps.time.now());
          if (settled !== null) this.#writer.add(settled);
          this.#look();
        }),
      );
    }
  }

  /** There is something to do. Without a reason of ours each call would make an error object. */
  #look(): void {
    if (!this.#wake.signal.aborted) this.#wake.abort(woken);
  }

  #mayLookUp(): boolean {
    return this.#lookUps < maxLookUps && this.#mayStart();
  }

  #recorded(settled: Settled, ours: boolean): void {
    const { delivery, transition } = settled;
    // What was looked up had left the wire before.
    if (delivery.phase !== 'unknown') this.#release();
    const isKnown = this.#memory.recorded(this.#deps.time.now(), settled, ours);
    if (transition.to === 'sent' || transition.to === 'failed' || transition.to === 'skipped') {
      observeEnd(this.#deps.observe, this.lane.platform, delivery, transition);
    } else if (!isKnown) this.#track(this.#reread(delivery));
    this.#look();
  }

  /** Not to be sent now: whatever it is by now, the database knows. */
  #letGo(item: PendingDelivery): void {
    this.#release();
    this.#track(this.#reread(item));
  }

  async #reread(item: PendingDelivery): Promise<void> {
    const { time } = this.#deps;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#memory.reread(time.now(), item, this.#intake.channel.addressing);
        return this.#look();
      } catch {
        await time.wait(retryDatabaseMs, this.#stopping.signal);
      }
    }
  }

  #release(): void {
    if (this.#onTheWire === 0) return;
    this.#onTheWire -= 1;
    this.#deps.inFlight.release(this.lane.laneId, this.lane.tenantId, 1);
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
    // What may not be asked for yet wakes nobody: a look-up that ends does, and the next poll.
    const askAt = this.#mayLookUp() ? this.#memory.nextUnknownAt : Number.POSITIVE_INFINITY;
    const next = Math.min(wakeAt, askAt, this.#intake.nextAt);
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
