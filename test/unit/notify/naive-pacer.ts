/** Pacing without any cleverness: every call is kept, and every window counted anew for every moment in question. */
import type { ConversationKind, RateLimit } from '../../../src/kernel/rate-limit.ts';

export interface NaiveCall {
  conversation: string | null;
  operation: string;
  latest: number;
  reply: boolean;
}

export class NaivePacer {
  readonly calls: NaiveCall[] = [];
  readonly #limits: readonly RateLimit[];
  readonly #reserve: number;
  readonly #kindOf: (conversation: string) => ConversationKind;

  constructor(
    limits: readonly RateLimit[],
    reserve: number,
    kindOf: (conversation: string) => ConversationKind,
  ) {
    this.#limits = limits;
    this.#reserve = reserve;
    this.#kindOf = kindOf;
  }

  /** The first of all moments at which something may change, from `now` on, at which nothing forbids the call. */
  earliest(now: number, guardMs: number, call: Omit<NaiveCall, 'latest'>): number {
    const lengths = new Set(
      this.#limits.flatMap(({ windows }) => windows.map(({ seconds }) => seconds * 1_000)),
    );
    const moments = [...lengths].flatMap((ms) => this.calls.map(({ latest }) => latest + ms + guardMs));
    const sorted = [now, ...moments.filter((moment) => moment > now)].sort((a, b) => a - b);
    const found = sorted.find((moment) => this.#fits(moment, guardMs, call));
    if (found === undefined) throw new Error('nothing ever fits');
    return found;
  }

  #fits(moment: number, guardMs: number, call: Omit<NaiveCall, 'latest'>): boolean {
    return this.#limits
      .filter((limit) => this.#holds(limit, call))
      .every((limit) =>
        limit.windows.every(({ calls, seconds }) => {
          const counted = this.calls.filter(
            (other) =>
              this.#together(limit, call, other) && other.latest + seconds * 1_000 + guardMs > moment,
          );
          if (counted.length >= calls) return false;
          if (limit.scope !== 'app_organization' || call.reply) return true;
          const left = Math.max(1, calls - Math.ceil(calls * this.#reserve - 1e-9));
          return counted.filter(({ reply }) => !reply).length < left;
        }),
      );
  }

  #holds(limit: RateLimit, { conversation, operation, reply }: Omit<NaiveCall, 'latest'>): boolean {
    if (!limit.operations.includes(operation)) return false;
    if (limit.scope === 'app_organization') return true;
    if (reply || conversation === null) return false;
    return limit.conversations === undefined || limit.conversations === this.#kindOf(conversation);
  }

  #together(limit: RateLimit, a: Omit<NaiveCall, 'latest'>, b: NaiveCall): boolean {
    const operation =
      limit.counted === 'each' ? a.operation === b.operation : limit.operations.includes(b.operation);
    return operation && (limit.scope === 'app_organization' || a.conversation === b.conversation);
  }
}

/** The most calls that any window of this length holds, which is full from one of the times on. */
export function mostWithin(times: readonly number[], ms: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  sorted.forEach((time, index) => {
    while ((sorted[first] ?? time) <= time - ms) first += 1;
    most = Math.max(most, index - first + 1);
  });
  return most;
}
