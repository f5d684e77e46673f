/** A token bucket per key: a steady rate with room for bursts (pure, but for the clock it is given). */
import type { Clock } from '../kernel/ports.ts';

export interface RateLimit {
  perSecond: number;
  burst: number;
}

export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  #sweptAt: number;

  constructor(limit: RateLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
    this.#sweptAt = clock.now().getTime();
  }

  /** Takes one token. @returns 0 when it was there, else the seconds until there is one */
  take(key: string): number {
    const now = this.#clock.now().getTime();
    const { perSecond, burst } = this.#limit;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1_000) * perSecond);
    const granted = tokens >= 1;
    this.#buckets.set(key, { tokens: granted ? tokens - 1 : tokens, at: now });
    this.#dropFull(now);
    return granted ? 0 : Math.ceil((1 - tokens) / perSecond);
  }

  /** A bucket that is full again says nothing that a new one would not. Seldom, since it looks at every bucket. */
  #dropFull(now: number): void {
    const fullAfterMs = (this.#limit.burst / this.#limit.perSecond) * 1_000;
    const since = now - this.#sweptAt;
    // A clock that was set back starts the wait anew.
    if (since >= 0 && since <= fullAfterMs) return;
    this.#sweptAt = now;
    for (const [key, bucket] of this.#buckets) if (now - bucket.at > fullAfterMs) this.#buckets.delete(key);
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#buckets.size;
  }
}
