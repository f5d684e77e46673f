/** A clock for real code: it stands still while input or output is under way, and then jumps to the next timer. */
import { BinaryHeap } from '../../src/notify/binary-heap.ts';

interface Timer {
  at: number;
  order: number;
  fire: (() => void) | null;
}

/** Turns of the event loop without anything under way after which nothing more comes of what happened. */
const quietTurns = 4;

export class SimulatedTime {
  readonly #timers = new BinaryHeap<Timer>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #now: number;
  #order = 0;
  #underWay = 0;
  #begun = 0;
  #ended: (() => void) | null = null;

  /** @param start milliseconds since the epoch */
  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Calls back after so long; returns what prevents it. */
  after(ms: number, fire: () => void): () => void {
    this.#order += 1;
    const timer: Timer = { at: this.#now + Math.max(0, Math.ceil(ms)), order: this.#order, fire };
    this.#timers.push(timer);
    return () => {
      timer.fire = null;
    };
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Time stands still until this has ended. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#underWay += 1;
    this.#begun += 1;
    const end = () => {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#ended?.();
    };
    work.then(end, end);
    return work;
  }

  /**
   * Lets time go on until it is over.
   * @returns false when it was not within `ms`
   */
  async run(isOver: () => boolean, ms = Number.POSITIVE_INFINITY): Promise<boolean> {
    const end = this.#now + ms;
    for (;;) {
      await this.#quiet();
      if (isOver()) return true;
      const next = this.#next();
      if (next === undefined && end === Number.POSITIVE_INFINITY)
        throw new Error('nothing is left to wait for');
      if (next === undefined || next.at > end) {
        this.#now = end;
        return false;
      }
      this.#timers.pop();
      this.#now = Math.max(this.#now, next.at);
      next.fire?.();
    }
  }

  /** Waits for work of the test itself, which needs time to go on. */
  async complete<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    await this.run(() => isOver);
    return await work;
  }

  /** Nothing happens any more unless time goes on. */
  async #quiet(): Promise<void> {
    for (;;) {
      if (this.#underWay > 0) {
        await new Promise<void>((resolve) => {
          this.#ended = resolve;
        });
        this.#ended = null;
      }
      const begun = this.#begun;
      for (let turn = 0; turn < quietTurns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (this.#underWay === 0 && this.#begun === begun) return;
    }
  }

  #next(): Timer | undefined {
    for (;;) {
      const next = this.#timers.peek();
      if (next === undefined || next.fire !== null) return next;
      this.#timers.pop();
    }
  }
}
