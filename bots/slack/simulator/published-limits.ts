/** The published rate limits as Slack holds calls against them, and how often they were broken. */

import type { Clock } from '../../../src/kernel/ports.ts';
import { overrideLimits, type RateLimit } from '../../../src/kernel/rate-limit.ts';
import { slackLimits } from '../limits.ts';

export class PublishedLimits {
  /** Whether calls beyond the limits are refused, and counted. */
  enforced: boolean;
  /** Calls that were refused. */
  violations = 0;
  readonly #clock: Clock;
  #limits: readonly RateLimit[] = slackLimits;
  /** Times of the calls that were let through, by what shares a limit; in milliseconds, the latest last. */
  readonly #calls = new Map<string, number[]>();

  constructor(clock: Clock, enforced: boolean) {
    this.#clock = clock;
    this.enforced = enforced;
  }

  /** Other numbers, by names of limits, as in a registration's `limits`. */
  override(limits: Readonly<Record<string, number>>): void {
    this.#limits = overrideLimits(slackLimits, limits);
  }

  /**
   * Counts a call of the method.
   * @param conversation null where the call is about none
   * @returns milliseconds after which it would be let through; null where it is
   */
  take(installation: string, method: string, conversation: string | null): number | null {
    if (!this.enforced) return null;
    const now = this.#clock.now().getTime();
    const operation = method === 'chat.postMessage' ? 'send' : method;
    const logs = this.#limits
      .filter(({ operations, scope }) => operations.includes(operation) && isOf(scope, conversation))
      .map((limit) => {
        const shared = limit.scope === 'app_organization' ? '' : conversation;
        const counted = limit.counted === 'each' ? operation : '';
        return { limit, times: this.#timesOf(`${limit.name} ${installation} ${shared} ${counted}`) };
      });
    const wait = Math.max(0, ...logs.map(({ limit, times }) => waitFor(limit, times, now)));
    if (wait > 0) {
      this.violations += 1;
      return wait;
    }
    for (const { limit, times } of logs) keep(limit, times, now);
    return null;
  }

  #timesOf(key: string): number[] {
    let times = this.#calls.get(key);
    if (times === undefined) {
      times = [];
      this.#calls.set(key, times);
    }
    return times;
  }
}

function isOf(scope: RateLimit['scope'], conversation: string | null): boolean {
  return scope === 'app_organization' || conversation !== null;
}

/** Milliseconds until one more call fits into every window; not above 0 where it does now. */
function waitFor({ windows }: RateLimit, times: readonly number[], now: number): number {
  const waits = windows.map(({ calls, seconds }) => {
    const oldest = times.at(-calls);
    return oldest === undefined ? 0 : oldest + seconds * 1000 - now;
  });
  return Math.max(0, ...waits);
}

/** Notes the call, and forgets what no window reaches back to. */
function keep({ windows }: RateLimit, times: number[], now: number): void {
  times.push(now);
  const most = Math.max(...windows.map(({ calls }) => calls));
  if (times.length > most) times.splice(0, times.length - most);
}
