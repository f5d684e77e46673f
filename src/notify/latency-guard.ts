/** How far apart from what we count calls may arrive, from what calls took lately (pure). */

export interface GuardOptions {
  /** Added to every window, milliseconds: what clocks differ by, and how much quicker the quickest call may still be. */
  marginMs?: number;
  /** The spread is taken for no more than this, since all windows of calls not yet answered grow by it. */
  capMs?: number;
}

const samples = 256;
const enough = 16;
const renewEvery = 64;
const usualShare = 0.95;

/**
 * The platform counts arrivals, we count starts. The least that any call took lately is common to all and shifts every
 * arrival alike; what a call took beyond that may have been spent on the way to the platform. So a call that was
 * answered counts as late by what it itself took beyond the least, and slow calls do not hold up the others; of one
 * whose end is not known, the usual spread is assumed.
 */
export class LatencyGuard {
  readonly marginMs: number;
  readonly #capMs: number;
  readonly #ring: number[] = [];
  #count = 0;
  /** Until enough is known, all that a call took may have been spent on the way, and the spread is at its cap. */
  #leastMs = 0;
  #spreadMs: number;

  constructor({ marginMs = 5, capMs = 50 }: GuardOptions = {}) {
    this.marginMs = marginMs;
    this.#capMs = capMs;
    this.#spreadMs = capMs;
  }

  /** What a call whose end is not known counts as late by. */
  get spreadMs(): number {
    return this.#spreadMs;
  }

  /** @param ms from the time that a call was charged at to its answer */
  observe(ms: number): void {
    if (!(ms >= 0)) return;
    this.#ring[this.#count % samples] = ms;
    this.#count += 1;
    if (this.#count >= enough && ms < this.#leastMs) this.#leastMs = ms;
    if (this.#count === enough || this.#count % renewEvery === 0) this.#renew();
  }

  /** What a call that took `ms` counts as late by. */
  lateness(ms: number): number {
    return Math.max(0, ms - this.#leastMs);
  }

  #renew(): void {
    const sorted = this.#ring.toSorted((a, b) => a - b);
    const least = sorted[0] ?? 0;
    const usual = sorted[Math.floor(sorted.length * usualShare)] ?? least;
    this.#leastMs = least;
    this.#spreadMs = Math.min(this.#capMs, Math.ceil(usual - least));
  }
}
