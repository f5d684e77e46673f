/** Exact sliding windows over a log of calls, one log a key (pure: times are arguments, nothing waits). */
import type { RateWindow } from '../kernel/rate-limit.ts';

interface Window {
  calls: number;
  ms: number;
}

/**
 * Each entry of a log is the **latest** time at which its call can have reached the platform. A call may go when, for
 * every window, fewer than `calls` entries lie within `seconds` before it: the entry `calls` places from the end
 * decides, whatever the length of the window, and entries of the future count as well. Since every call is judged
 * when it is added, every stretch of a window's length is kept to, not only the one before the latest call.
 */
export class WindowLimiter {
  readonly #windows: readonly Window[];
  readonly #keepMs: number;
  /** Least recently charged first. */
  readonly #logs = new Map<string, number[]>();

  /** @param slackMs kept beyond the longest window: the guard, and how far ahead calls may be charged */
  constructor(windows: readonly RateWindow[], slackMs: number) {
    this.#windows = binding(windows).map(({ calls, seconds }) => ({ calls, ms: seconds * 1_000 }));
    this.#keepMs = Math.max(0, ...this.#windows.map(({ ms }) => ms)) + slackMs;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#logs.size;
  }

  /**
   * The earliest time from `now` on at which one more call fits.
   * @param guardMs added to every window
   */
  earliest(now: number, key: string, guardMs: number): number {
    const log = this.#logs.get(key);
    if (log === undefined) return now;
    let earliest = now;
    for (const { calls, ms } of this.#windows) {
      const blocking = log[log.length - calls];
      if (blocking !== undefined && blocking + ms + guardMs > earliest) earliest = blocking + ms + guardMs;
    }
    return earliest;
  }

  /**
   * Counts a call, whether or not it fits.
   * @param now when it starts; what has left every window by then is forgotten
   * @param latest when it arrives at the latest
   */
  charge(now: number, key: string, latest: number): void {
    const log = this.#logs.get(key) ?? [];
    insert(log, latest);
    // At most half of a log is out of date: cheap on the whole, and small where little is sent.
    const half = log.length >> 1;
    if (half > 0 && this.#isOver(log[half - 1], now)) log.splice(0, half);
    this.#logs.delete(key);
    this.#logs.set(key, log);
    this.forgetIdle(now, 2);
  }

  /** Replaces the latest time of a call by a better known one; what was forgotten as too old may turn out not to be. */
  settle(key: string, from: number, to: number): void {
    if (from === to) return;
    const log = this.#logs.get(key) ?? [];
    const index = log.lastIndexOf(from);
    if (index >= 0) log.splice(index, 1);
    insert(log, to);
    this.#logs.set(key, log);
  }

  /** Takes a call out that was never made. */
  forgive(key: string, latest: number): void {
    const log = this.#logs.get(key) ?? [];
    const index = log.lastIndexOf(latest);
    if (index >= 0) log.splice(index, 1);
  }

  /** Forgets keys whose every call has left the longest window, at most so many. */
  forgetIdle(now: number, atMost: number): void {
    let left = atMost;
    for (const [key, log] of this.#logs) {
      if (left <= 0 || !this.#isOver(log.at(-1), now)) return;
      this.#logs.delete(key);
      left -= 1;
    }
  }

  #isOver(time: number | undefined, now: number): boolean {
    return time !== undefined && time + this.#keepMs <= now;
  }
}

/** Without the windows that another one implies: fewer calls in a longer time. */
function binding(windows: readonly RateWindow[]): RateWindow[] {
  return windows.filter(
    (window, index) =>
      !windows.some(
        (other, at) =>
          other.calls <= window.calls &&
          other.seconds >= window.seconds &&
          (other.calls < window.calls || other.seconds > window.seconds || at < index),
      ),
  );
}

/** Into a sorted log; new times belong near its end. */
function insert(log: number[], time: number): void {
  let index = log.length;
  while (index > 0 && (log[index - 1] as number) > time) index -= 1;
  if (index === log.length) log.push(time);
  else log.splice(index, 0, time);
}
