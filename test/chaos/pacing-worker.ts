/** A worker as the pacing simulation has it: leases lanes, logs intents before the wire, dies without a word. */
import { LaneQueue, type Start } from '../../src/notify/lane-queue.ts';
import { LanePacer } from '../../src/notify/pacing.ts';
import type { Delivery, Intent, SimulatedLane } from './pacing-lane.ts';
import type { VirtualTime } from './virtual-time.ts';

const leaseMs = 5_000;
const renewMs = 1_500;
const pollMs = 250;
/** A start needs so much of the lease. */
const leaseLeftMs = 3_000;
const timeoutMs = 5_000;
const settleMs = 1_000;
/** Starts of so long are planned together and share a commit. */
const aheadMs = 50;
const mostAtOnce = 500;

interface Held {
  lane: SimulatedLane;
  epoch: number;
  pacer: LanePacer;
  queue: LaneQueue<Delivery>;
  tickAt: number;
}

export class SimulatedWorker {
  readonly #time: VirtualTime;
  readonly #lanes: readonly SimulatedLane[];
  readonly #share: number;
  readonly #held = new Map<SimulatedLane, Held>();
  #alive = true;

  /** @param share how many lanes it takes at most */
  constructor(time: VirtualTime, lanes: readonly SimulatedLane[], share: number) {
    this.#time = time;
    this.#lanes = lanes;
    this.#share = share;
    time.every(pollMs, () => this.#claim());
    time.every(renewMs, () => this.#renew());
  }

  /** Nothing more is sent, recorded or given back; what is on the wire still arrives. */
  kill(): void {
    this.#alive = false;
  }

  #claim(): boolean {
    for (const lane of this.#alive ? this.#lanes : []) {
      if (this.#held.size < this.#share && lane.leaseUntil <= this.#time.now) this.#takeOver(lane);
    }
    return this.#alive;
  }

  #renew(): boolean {
    if (!this.#alive) return false;
    for (const held of this.#held.values()) {
      if (!this.#owns(held)) this.#held.delete(held.lane);
      else held.lane.leaseUntil = this.#time.now + leaseMs;
    }
    return true;
  }

  #owns({ lane, epoch }: Held): boolean {
    return this.#alive && lane.epoch === epoch && lane.leaseUntil > this.#time.now;
  }

  #takeOver(lane: SimulatedLane): void {
    const { now } = this.#time;
    lane.epoch += 1;
    lane.leaseUntil = now + leaseMs;
    const pacer = new LanePacer({ limits: lane.traffic.limits });
    const { intents, replies } = lane.readLog();
    pacer.rebuild(now, intents, replies);
    const queue = new LaneQueue<Delivery>(pacer);
    const held: Held = { lane, epoch: lane.epoch, pacer, queue, tickAt: Number.POSITIVE_INFINITY };
    this.#held.set(lane, held);
    const open = intents.filter(({ hasOutcome }) => !hasOutcome);
    const unknown = new Set(open.map(({ delivery }) => delivery));
    for (const delivery of lane.ready.values()) if (!unknown.has(delivery)) queue.add(now, delivery);
    for (const intent of open) this.#resolveLater(held, intent);
    lane.onReady = (delivery) => {
      queue.add(this.#time.now, delivery);
    };
    lane.onReply = ({ at, conversation, latest }) => pacer.chargeReply(at, conversation, latest);
    this.#tick(held);
  }

  /** After the call's end and a settling time the platform tells whether people see it. */
  #resolveLater(held: Held, intent: Intent): void {
    this.#time.at(intent.latest + settleMs, () => {
      if (!this.#owns(held)) return;
      intent.hasOutcome = true;
      if (intent.delivery.visible > 0) held.lane.complete(intent.delivery);
      else held.queue.add(this.#time.now, intent.delivery);
      this.#tick(held);
    });
  }

  #tick(held: Held): void {
    const { now } = this.#time;
    if (!this.#owns(held)) return;
    if (held.lane.leaseUntil - now < leaseLeftMs) {
      this.#tickAt(held, now + renewMs / 3);
      return;
    }
    const { starts, wakeAt } = held.queue.take(now, { limit: mostAtOnce, until: now + aheadMs, timeoutMs });
    if (starts.length > 0) this.#commit(held, starts);
    // New deliveries do not wake the lane.
    this.#tickAt(held, Math.min(Math.max(wakeAt, now + 1), now + pollMs));
  }

  #tickAt(held: Held, at: number): void {
    if (at >= held.tickAt && held.tickAt > this.#time.now) return;
    held.tickAt = at;
    this.#time.at(at, () => {
      if (held.tickAt === at) this.#tick(held);
    });
  }

  /** Intents stand in the log before anything goes on the wire. */
  #commit(held: Held, starts: readonly Start<Delivery>[]): void {
    this.#time.after(1 + held.lane.random.next() * 2, () => {
      if (!this.#owns(held)) return;
      for (const { item, charge } of starts) {
        const { at, latest } = charge;
        const intent = { conversation: item.conversation, at, latest, delivery: item, hasOutcome: false };
        held.lane.intents.push(intent);
        this.#time.at(at, () => this.#send(held, { item, charge }, intent));
      }
    });
  }

  #send(held: Held, start: Start<Delivery>, intent: Intent): void {
    if (!this.#owns(held)) return;
    const { outMs, backMs } = held.lane.latency();
    this.#time.after(outMs, () => {
      const accepted = held.lane.arrive(start.item);
      this.#time.after(backMs, () => this.#record(held, start, intent, accepted));
    });
  }

  #record(held: Held, { item, charge }: Start<Delivery>, intent: Intent, accepted: boolean): void {
    if (!this.#owns(held)) return;
    const { now } = this.#time;
    held.pacer.settle(charge, now);
    intent.latest = now;
    intent.hasOutcome = true;
    if (accepted) {
      held.lane.complete(item);
      held.queue.done(now, item.conversation);
    } else {
      held.pacer.block(now, 'conversation', item.conversation, now + 1_000);
      item.dueAt = now + 1_000;
      held.queue.putBack(now, item);
    }
    this.#tick(held);
  }
}
