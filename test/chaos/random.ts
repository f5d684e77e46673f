/** Randomness that a seed repeats: SHA-256 over seed, label and counter. */
import { createHash } from 'node:crypto';

export class Random {
  readonly #label: string;
  #count = 0;

  /** @param label the same seed gives another sequence under another label */
  constructor(seed: number, label: string) {
    this.#label = `${seed} ${label}`;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.#count += 1;
    return createHash('sha256').update(`${this.#label} ${this.#count}`).digest().readUInt32BE(0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws Error for an empty list */
  pick<T>(list: readonly T[]): T {
    const item = list[Math.floor(this.next() * list.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}
