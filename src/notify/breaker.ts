/** Stops a lane whose platform fails, and asks carefully whether it is back (pure: time is an argument). */

/** How many failures in a row open it. */
const failuresToOpen = 5;
const probeEveryMs = 1_000;
const firstCredentialWaitMs = 5_000;
const maxCredentialWaitMs = 300_000;

/**
 * Counts answers that say that the platform is ill: 5xx, timeouts, connections that fail. A 429 is pacing and does not
 * count; neither does a refusal of one message. Refused credentials close the whole lane at once, since every other call
 * would be refused too. While it is open one call a second asks; its success closes it.
 */
export class Breaker {
  #failures = 0;
  #probeAt = Number.NEGATIVE_INFINITY;
  #open: 'closed' | 'open' | 'credentials' = 'closed';
  #credentialWaitMs = firstCredentialWaitMs;

  get state(): 'closed' | 'open' | 'credentials' {
    return this.#open;
  }

  /** How many calls may start now: all, one that asks, or none. */
  allowance(now: number): 'all' | 'probe' | 'none' {
    if (this.#open === 'closed') return 'all';
    return now >= this.#probeAt ? 'probe' : 'none';
  }

  /** When it is worth asking again. */
  get nextProbeAt(): number {
    return this.#open === 'closed' ? Number.NEGATIVE_INFINITY : this.#probeAt;
  }

  /** A probe starts: no other before a second has passed. */
  probing(now: number): void {
    this.#probeAt = now + (this.#open === 'credentials' ? this.#credentialWaitMs : probeEveryMs);
  }

  /** The platform answered as it should, whatever it answered. */
  succeeded(): void {
    this.#failures = 0;
    this.#open = 'closed';
    this.#credentialWaitMs = firstCredentialWaitMs;
  }

  failed(now: number): void {
    this.#failures += 1;
    if (this.#failures < failuresToOpen && this.#open === 'closed') return;
    if (this.#open === 'closed') this.#open = 'open';
    this.#probeAt = Math.max(this.#probeAt, now + probeEveryMs);
  }

  /** The app itself was refused. */
  refused(now: number): void {
    if (this.#open === 'credentials') {
      this.#credentialWaitMs = Math.min(maxCredentialWaitMs, this.#credentialWaitMs * 2);
    }
    this.#open = 'credentials';
    this.#probeAt = now + this.#credentialWaitMs;
  }
}
