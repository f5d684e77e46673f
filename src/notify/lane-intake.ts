/** What comes into a lane: what is due, what expired, and whether anything may be sent for it at all. */
import { type EndReason, endWaiting } from './end-waiting.ts';
import type { LaneChannel, LaneDependencies, LeasedLane } from './lane.ts';
import type { LaneMemory } from './lane-memory.ts';
import { errorCodeOfSkip } from './records.ts';

/** While something waits; changes of the registration and of the tenant are seen after this at the latest. */
const busyPollMs = 1_000;
/** Hints tell of new work at once; this finds what a lost hint left. */
const idlePollMs = 5_000;

export class LaneIntake {
  readonly #deps: LaneDependencies;
  readonly #lane: LeasedLane;
  readonly #memory: LaneMemory;
  readonly #refresh: () => Promise<LaneChannel>;
  #channel: LaneChannel;
  #isHinted = true;
  #polledAt = Number.NEGATIVE_INFINITY;
  /** Of the time between polls, so that lanes that were leased together do not all poll together. */
  #share = 1;
  #nextDueAt = Number.POSITIVE_INFINITY;

  constructor(
    deps: LaneDependencies,
    lane: LeasedLane,
    memory: LaneMemory,
    start: { channel: LaneChannel; refresh: () => Promise<LaneChannel> },
  ) {
    this.#deps = deps;
    this.#lane = lane;
    this.#memory = memory;
    this.#channel = start.channel;
    this.#refresh = start.refresh;
  }

  /** What the lane sends by, as it was last seen. */
  get channel(): LaneChannel {
    return this.#channel;
  }

  /** Why nothing may be sent; null: it may. */
  get halt(): Exclude<EndReason, 'expired'> | null {
    if (!this.#channel.tenantActive) return 'tenant_suspended';
    return this.#channel.registration === null ? 'registration_inactive' : null;
  }

  /** When to look again, unless a hint comes first. */
  get nextAt(): number {
    const pollMs = this.#memory.isEmpty ? idlePollMs : busyPollMs;
    return Math.min(this.#polledAt + pollMs * this.#share, this.#nextDueAt);
  }

  /** There may be something new. */
  hint(): void {
    this.#isHinted = true;
  }

  /** What is known of the lane is out of date. */
  doubt(): void {
    this.#isHinted = true;
    this.#polledAt = Number.NEGATIVE_INFINITY;
  }

  /** Reads what there is to read. @returns whether anything came in, or was ended */
  async load(now: number): Promise<boolean> {
    const polls = now >= this.nextAt;
    if (!polls && !this.#isHinted && !this.#memory.wantsMore) return false;
    await this.#deps.failpoint?.('before_load');
    this.#isHinted = false;
    // Nothing is ended for a reason that may be over since it was seen.
    if (polls || this.halt !== null) this.#channel = await this.#refresh();
    if (!this.#memory.begun) await this.#memory.begin(now, this.#channel);
    let count = polls ? await this.#end('expired', now) : 0;
    if (polls) {
      this.#polledAt = now;
      this.#share = (1 + this.#deps.random()) / 2;
    }
    const { halt } = this;
    count +=
      halt === null ? await this.#memory.load(now, this.#channel.addressing) : await this.#end(halt, now);
    this.#nextDueAt = halt === null ? this.#memory.nextDueAt : Number.POSITIVE_INFINITY;
    return count > 0;
  }

  async #end(reason: EndReason, now: number): Promise<number> {
    const { database, observe } = this.#deps;
    const ended = await endWaiting(database, this.#lane, reason, new Date(now));
    this.#memory.drop(now, ended);
    for (const _ of ended) observe.ended(this.#lane.platform, 'skipped', errorCodeOfSkip(reason), null);
    if (ended.length > 0) this.#isHinted = true;
    return ended.length;
  }
}
