/** Stops a kind of calls whose endpoint fails, and asks carefully whether it is back (pure: time is an argument). */

/** How many failures in a row open it. */
const failuresToOpen = 5;
const probeEveryMs = 1_000;
const firstCredentialWaitMs = 5_000;
const maxCredentialWaitMs = 300_000;

/** `all` calls may start, `one` of them to ask by, a `probe` that changes nothing, or `none`. */
export type Allowance = 'all' | 'one' | 'probe' | 'none';

/**
 * Counts answers that say that the platform is ill: 5xx, timeouts, connections that fail. A 429 is pacing and does not
 * count; neither does a refusal of one message. Refused credentials open it at once, since every other call would be
 * refused too. While it is open a probe asks once a second; after its success, or where there is none, one real call a
 * second, and the success of that closes it.
 */
export class Breaker {
  readonly #hasProbe: boolean;
  #failures = 0;
  #askAt = Number.NEGATIVE_INFINITY;
  /** As the last call that asked left `#askAt`. */
  #askedUntil = Number.NaN;
  #state: 'closed' | 'open' | 'half_open' = 'closed';
  #credentialWaitMs = firstCredentialWaitMs;

  /** @param hasProbe whether the endpoint can be asked by a call that changes nothing */
  constructor(hasProbe: boolean) {
    this.#hasProbe = hasProbe;
  }

  allowance(now: number): Allowance {
    if (this.#state === 'closed') return 'all';
    if (now < this.#askAt) return 'none';
    return this.#state === 'open' && this.#hasProbe ? 'probe' : 'one';
  }

  /** When it is worth asking again; in the past while it is closed. */
  get askAt(): number {
    return this.#state === 'closed' ? Number.NEGATIVE_INFINITY : this.#askAt;
  }

  /** A call or a probe asks: no other before a second has passed. */
  asking(now: number): void {
    if (this.#state === 'closed') return;
    this.#askAt = now + probeEveryMs;
    this.#askedUntil = this.#askAt;
  }

  /** The call that was to ask is not made after all: another may ask in its place. */
  notMade(now: number): void {
    // An answer to another one may have set a time of its own meanwhile.
    if (this.#askAt === this.#askedUntil) this.#askAt = now;
  }

  /** The probe was answered: real calls may ask now. */
  probed(now: number): void {
    if (this.#state !== 'open') return;
    this.#state = 'half_open';
    this.#askAt = now;
  }

  /** The platform answered a call as it should, whatever it answered. */
  succeeded(): void {
    this.#failures = 0;
    this.#state = 'closed';
    this.#credentialWaitMs = firstCredentialWaitMs;
  }

  failed(now: number): void {
    this.#failures += 1;
    if (this.#failures < failuresToOpen && this.#state === 'closed') return;
    this.#state = 'open';
    this.#askAt = Math.max(this.#askAt, now + probeEveryMs);
  }

  /** The app itself was refused: an answer of another endpoint proves nothing, so that real calls ask. */
  refused(now: number): void {
    if (this.#state === 'half_open' && now < this.#askAt) return;
    if (this.#state !== 'closed')
      this.#credentialWaitMs = Math.min(maxCredentialWaitMs, this.#credentialWaitMs * 2);
    this.#state = 'half_open';
    this.#askAt = now + this.#credentialWaitMs;
  }
}
