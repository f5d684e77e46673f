/** What the database knows of a lane, and its platform: ready deliveries, the attempt log, the lease, replies. */
import { type RateLimit, windows } from '../../src/kernel/rate-limit.ts';
import type { ReadyItem } from '../../src/notify/lane-queue.ts';
import type { LoggedCall } from '../../src/notify/pacing.ts';
import { WindowLimiter } from '../../src/notify/window-limiter.ts';
import { PacedPlatform } from './pacing-platform.ts';
import { QuickRandom, type VirtualTime } from './virtual-time.ts';

export interface LaneTraffic {
  name: string;
  limits: readonly RateLimit[];
  /** People that are written to. */
  conversations: number;
  /** Deliveries that are ready at any time; null = one for everybody, and then no more. */
  stock: number | null;
  repliesPerSecond: number;
  /** The window that decides how much can be sent, without the reserve. */
  binding: { calls: number; seconds: number; each: 'organization' | 'conversation' };
}

export interface Delivery extends ReadyItem {
  /** How often people see it. */
  visible: number;
}

/** A line of the attempt log. */
export interface Intent extends LoggedCall {
  conversation: string;
  delivery: Delivery;
  hasOutcome: boolean;
}

export interface Latency {
  outMs: number;
  backMs: number;
}

const reserve = 0.1;
const replyGuardMs = 10;
/** After so long the lane's owner has read a reply's receipt. */
const receiptLagMs = 250;

export class SimulatedLane {
  readonly traffic: LaneTraffic;
  readonly platform: PacedPlatform;
  readonly ready = new Map<string, Delivery>();
  readonly random: QuickRandom;
  intents: Intent[] = [];
  replies: LoggedCall[] = [];
  epoch = 0;
  leaseUntil = Number.NEGATIVE_INFINITY;
  sent = 0;
  replied = 0;
  duplicates = 0;
  longestReplyWaitMs = 0;
  /** The owner's ears. */
  onReady: (delivery: Delivery) => void = () => {};
  onReply: (reply: LoggedCall) => void = () => {};
  readonly #time: VirtualTime;
  readonly #longestMs: number;
  readonly #replyGate: WindowLimiter;
  #made = 0;

  constructor(time: VirtualTime, traffic: LaneTraffic, seed: number) {
    this.#time = time;
    this.traffic = traffic;
    this.platform = new PacedPlatform(traffic.limits);
    this.random = new QuickRandom(seed, traffic.name);
    const seconds = traffic.limits.flatMap((limit) => limit.windows.map((window) => window.seconds));
    this.#longestMs = Math.max(...seconds) * 1_000;
    this.#replyGate = new WindowLimiter(replyWindows(traffic.limits), 2_000);
    const all = traffic.stock ?? traffic.conversations;
    for (let one = 0; one < all; one += 1) this.#make(`p${one % traffic.conversations}`);
    time.after(this.random.gapMs(traffic.repliesPerSecond), () => this.#reply());
  }

  /** Mostly within a few milliseconds, one call in a thousand up to three seconds. */
  latency(): Latency {
    const slow = this.random.next() < 0.001 ? this.random.next() * 3_000 : 0;
    return { outMs: 40 + this.random.next() * 3 + slow, backMs: 20 + this.random.next() * 3 };
  }

  /** The platform accepts it or refuses it. */
  arrive(delivery: Delivery): boolean {
    if (!this.platform.arrive(this.#time.now, delivery.conversation, false)) return false;
    delivery.visible += 1;
    if (delivery.visible > 1) this.duplicates += 1;
    return true;
  }

  complete(delivery: Delivery): void {
    if (!this.ready.delete(delivery.id)) return;
    this.sent += 1;
    const { stock, conversations } = this.traffic;
    if (stock === null) return;
    // Few people have something ready always, many by chance.
    this.#make(conversations < stock ? delivery.conversation : `p${this.random.below(conversations)}`);
  }

  /** What a successor reads: no more than the longest window. */
  readLog(): { intents: Intent[]; replies: LoggedCall[] } {
    const oldest = this.#time.now - this.#longestMs - 10_000;
    this.intents = this.intents.filter(({ latest, hasOutcome }) => latest > oldest || !hasOutcome);
    this.replies = this.replies.filter(({ latest }) => latest > oldest);
    return { intents: this.intents, replies: this.replies };
  }

  #make(conversation: string): void {
    this.#made += 1;
    const id = `${this.#made}`;
    const delivery = { id, conversation, priority: 0, dueAt: this.#time.now, visible: 0 };
    this.ready.set(id, delivery);
    this.onReady(delivery);
  }

  /** People are answered by chance, by whichever process they reach; together the replies keep to their reserve. */
  #reply(): void {
    const { now } = this.#time;
    const { traffic, random } = this;
    this.#time.after(random.gapMs(traffic.repliesPerSecond), () => this.#reply());
    const conversation = `p${random.below(traffic.conversations)}`;
    const at = this.#replyGate.earliest(now, '', replyGuardMs);
    this.#replyGate.charge(at, '', at);
    this.longestReplyWaitMs = Math.max(this.longestReplyWaitMs, at - now);
    const outMs = 40 + random.next() * 3;
    const backMs = 20 + random.next() * 3;
    this.#time.at(at + outMs, () => {
      if (this.platform.arrive(this.#time.now, conversation, true)) this.replied += 1;
    });
    this.#time.at(at + outMs + backMs + receiptLagMs, () => {
      const reply = { conversation, at, latest: at + outMs + backMs };
      this.replies.push(reply);
      this.onReply(reply);
    });
  }
}

function replyWindows(limits: readonly RateLimit[]) {
  const shared = limits.filter(
    ({ scope, operations }) => scope === 'app_organization' && operations.includes('send'),
  );
  return shared.flatMap((limit) =>
    limit.windows.flatMap(({ calls, seconds }) => windows([Math.ceil(calls * reserve), seconds])),
  );
}
