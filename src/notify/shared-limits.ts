/** Limits of an app over all its organizations: no lane sees the others, so they take turns by slices of time. */
import type { Sql } from '../infra/database.ts';
import type { RateLimit } from '../kernel/rate-limit.ts';
import type { LaneChannel } from './lane.ts';
import { ensureShared, takeShared } from './shared-limit-store.ts';

/** Every stretch of a window's length then has at most one slice more than the window itself. */
export const sliceMs = 250;

export interface SharedCall {
  platform: string;
  appId: string;
  operation: string;
}

export class SharedLimits {
  readonly #directory: Sql;
  readonly #known = new Set<string>();

  constructor(directory: Sql) {
    this.#directory = directory;
  }

  /** Parts calls of a lane into those that may start now and the others; none may while nobody can be asked. */
  async split<Call extends { charge: { operation: string } }>(
    { limits, registration }: Pick<LaneChannel, 'limits' | 'registration'>,
    calls: readonly Call[],
    now: number,
  ): Promise<{ allowed: Call[]; later: Call[] }> {
    const shared = calls.filter(({ charge }) => limits.some((limit) => isShared(limit, charge.operation)));
    const [first] = shared;
    if (first === undefined || registration === null) return { allowed: [...calls], later: [] };
    const { platform, appId } = registration;
    const call = { platform, appId, operation: first.charge.operation };
    const granted = await this.take(limits, call, shared.length, now).catch(() => 0);
    const later = new Set(shared.slice(granted));
    return { allowed: calls.filter((each) => !later.has(each)), later: [...later] };
  }

  /**
   * How many of the wanted calls may start in the slice of `now`; all, where no limit of the whole app applies.
   * @throws DeskbridgeError unavailable
   */
  async take(limits: readonly RateLimit[], call: SharedCall, wanted: number, now: number): Promise<number> {
    let granted = wanted;
    for (const { name, windows } of limits.filter((limit) => isShared(limit, call.operation))) {
      if (granted === 0) return 0;
      const key = `${call.platform} ${call.appId} ${name}`;
      if (!this.#known.has(key)) await ensureShared(this.#directory, key);
      this.#known.add(key);
      const slice = new Date(Math.floor(now / sliceMs) * sliceMs);
      granted = await takeShared(this.#directory, {
        name: key,
        slice,
        wanted: granted,
        capacity: perSlice(windows),
      });
    }
    return granted;
  }
}

function isShared({ scope, operations }: RateLimit, operation: string): boolean {
  return scope === 'app' && operations.includes(operation);
}

/** What leaves the window whole although a slice before it and one after it touch it. */
function perSlice(windows: RateLimit['windows']): number {
  const each = windows.map(({ calls, seconds }) => calls / (Math.ceil((seconds * 1_000) / sliceMs) + 1));
  return Math.max(1, Math.floor(Math.min(...each)));
}
