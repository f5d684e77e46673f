/** The published rate limits as Teams and Graph hold calls against them, and how often they were broken. */
import type { Clock } from '../../../src/kernel/ports.ts';
import { overrideLimits, type RateLimit, windows } from '../../../src/kernel/rate-limit.ts';
import { teamsLimits } from '../limits.ts';

/** Holds for an app over all its organizations (https://learn.microsoft.com/graph/throttling-limits). */
const appFeedLimit = windows([50, 1]);

export interface LimitedCall {
  /** As in the platform's limits. */
  operation: string;
  appId: string | null;
  organization: string;
  /** Null where the call is about none. */
  conversation: string | null;
}

export class PublishedLimits {
  /** Whether calls beyond the limits are refused, and counted. */
  enforced: boolean;
  /** Calls that were refused. */
  violations = 0;
  readonly #clock: Clock;
  #limits: readonly RateLimit[] = teamsLimits;
  /** Times of the calls that were let through, by what shares a limit; in milliseconds, the latest last. */
  readonly #calls = new Map<string, number[]>();

  constructor(clock: Clock, enforced: boolean) {
    this.#clock = clock;
    this.enforced = enforced;
  }

  /** Other numbers, by names of limits, as in a registration's `limits`. */
  override(limits: Readonly<Record<string, number>>): void {
    this.#limits = overrideLimits(teamsLimits, limits);
  }

  /** Counts a call. @returns milliseconds after which it would be let through; null where it is */
  take(call: LimitedCall): number | null {
    if (!this.enforced) return null;
    const now = this.#clock.now().getTime();
    const logs = this.#logsOf(call);
    const wait = Math.max(0, ...logs.map((log) => waitFor(log, now)));
    if (wait > 0) {
      this.violations += 1;
      return wait;
    }
    for (const log of logs) keep(log, now);
    return null;
  }

  #logsOf({ operation, appId, organization, conversation }: LimitedCall): Log[] {
    const logs = this.#limits
      .filter(({ operations, scope }) => operations.includes(operation) && isOf(scope, conversation))
      .map((limit) => {
        const of = limit.scope === 'app_organization' ? organization : conversation;
        const app = limit.scope === 'conversation' ? '' : appId;
        const counted = limit.counted === 'each' ? operation : '';
        return this.#log(`${limit.name}|${app}|${of}|${counted}`, limit.windows);
      });
    return operation === 'feed' ? [...logs, this.#log(`app|${appId}`, appFeedLimit)] : logs;
  }

  #log(key: string, limit: RateLimit['windows']): Log {
    let times = this.#calls.get(key);
    if (times === undefined) {
      times = [];
      this.#calls.set(key, times);
    }
    return { windows: limit, times };
  }
}

interface Log {
  windows: RateLimit['windows'];
  times: number[];
}

function isOf(scope: RateLimit['scope'], conversation: string | null): boolean {
  return scope === 'app_organization' || conversation !== null;
}

/** Milliseconds until one more call fits into every window; not above 0 where it does now. */
function waitFor({ windows: limit, times }: Log, now: number): number {
  const waits = limit.map(({ calls, seconds }) => {
    const oldest = times.at(-calls);
    return oldest === undefined ? 0 : oldest + seconds * 1000 - now;
  });
  return Math.max(0, ...waits);
}

/** Notes the call, and forgets what no window reaches back to. */
function keep({ windows: limit, times }: Log, now: number): void {
  times.push(now);
  const most = Math.max(...limit.map(({ calls }) => calls));
  if (times.length > most) times.splice(0, times.length - most);
}
