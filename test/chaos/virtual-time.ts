/** A clock that jumps from event to event, and chance that a seed repeats quickly. */
import { BinaryHeap } from '../../src/notify/binary-heap.ts';
import { Random } from './random.ts';

interface Event {
  at: number;
  order: number;
  run: () => void;
}

export class VirtualTime {
  /** Milliseconds since the epoch. */
  now = 1_800_000_000_000;
  readonly #events = new BinaryHeap<Event>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #order = 0;

  /** Not before the present. */
  at(time: number, run: () => void): void {
    this.#order += 1;
    this.#events.push({ at: Math.max(time, this.now), order: this.#order, run });
  }

  after(ms: number, run: () => void): void {
    this.at(this.now + ms, run);
  }

  /** At once, and then again and again while `run` says so. */
  every(ms: number, run: () => boolean): void {
    this.after(0, () => {
      if (run()) this.after(ms, () => this.every(ms, run));
    });
  }

  /** Until nothing is left, the time has come, or `isOver`. */
  run(until: number, isOver: () => boolean = () => false): void {
    while (!isOver()) {
      const next = this.#events.peek();
      if (next === undefined || next.at > until) return;
      this.#events.pop();
      this.now = next.at;
      next.run();
    }
  }
}

/** Millions of draws: a 32-bit xorshift that `Random` starts (Marsaglia, https://doi.org/10.18637/jss.v008.i14). */
export class QuickRandom {
  #state: number;

  constructor(seed: number, label: string) {
    this.#state = new Random(seed, label).between(1, 2 ** 31 - 1);
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) / 2 ** 32;
  }

  /** From 0 up to, not including, `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** Time to the next of events that come by chance, so many a second. */
  gapMs(perSecond: number): number {
    return (-Math.log(1 - this.next()) * 1_000) / perSecond;
  }
}
