/** A bot's own tokens in this process's memory, until shortly before they expire. */
import type { SendOutcome } from '../../src/kernel/platform.ts';
import type { Clock } from '../../src/kernel/ports.ts';
import { remember } from './remember.ts';

export type TokenResult =
  | { ok: true; token: string; fromCache: boolean }
  /** Nothing was posted; `outcome` says why and whether a later try may succeed. */
  | { ok: false; outcome: SendOutcome };

interface CachedToken {
  token: string;
  /** Epoch milliseconds. */
  until: number;
}

export class TokenCache {
  readonly #clock: Clock;
  readonly #cached = new Map<string, CachedToken>();
  readonly #running = new Map<string, Promise<TokenResult>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The key's token, else what `obtain` brings: once at a time for a key, those that come meanwhile share it. */
  get(key: string, obtain: () => Promise<TokenResult>): Promise<TokenResult> {
    const cached = this.#cached.get(key);
    if (cached !== undefined && this.#clock.now().getTime() < cached.until) {
      return Promise.resolve({ ok: true, token: cached.token, fromCache: true });
    }
    let running = this.#running.get(key);
    if (running === undefined) {
      running = obtain().finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return running;
  }

  /** @param until epoch milliseconds */
  keep(key: string, token: string, until: number): void {
    remember(this.#cached, key, { token, until });
  }

  /** Forgets the key's token, or only if it is this one. */
  forget(key: string, token?: string): void {
    if (token === undefined || this.#cached.get(key)?.token === token) this.#cached.delete(key);
  }
}
