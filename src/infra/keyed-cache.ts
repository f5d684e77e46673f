/** A bounded cache whose entries live for a fixed time, with one load at a time per key. */
import type { Clock } from '../kernel/ports.ts';

export class KeyedCache<Value> {
  readonly #entries = new Map<string, { value: Promise<Value>; expires: number }>();
  readonly #options: { ttlMs: number; maxEntries: number; clock: Clock };

  constructor(options: { ttlMs: number; maxEntries: number; clock: Clock }) {
    this.#options = options;
  }

  /** The cached value, else what `load` returns; a failed load is not kept. */
  get(key: string, load: () => Promise<Value>): Promise<Value> {
    const now = this.#options.clock.now().getTime();
    const cached = this.#entries.get(key);
    if (cached !== undefined && cached.expires > now) return cached.value;
    const value = load();
    this.#entries.delete(key);
    this.#entries.set(key, { value, expires: now + this.#options.ttlMs });
    value.catch(() => this.#entries.delete(key));
    this.#dropOldest();
    return value;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #dropOldest(): void {
    if (this.#entries.size <= this.#options.maxEntries) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}
