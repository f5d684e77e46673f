/** Faults of the simulated platform, switched on per route for a number of requests. */

export const routes = [
  'token',
  'app_ticket',
  'bot',
  'tenant',
  'send',
  'reply',
  'update',
  'read',
  'delete',
  'delayed_update',
  'chat',
  'users',
  'read_users',
] as const;
export type Route = (typeof routes)[number];

export type Fault =
  /** Refused with a code of the Open API; HTTP 400 unless a status is named, since both 200 and 400 occur. */
  | { kind: 'refuse'; code: number; status?: number; message?: string }
  /** Too many requests: HTTP 400 (or 429) with code 99991400; the headers come only with `resetSeconds`. */
  | { kind: 'throttle'; status?: 400 | 429; resetSeconds?: number }
  /** 500 and nothing done. */
  | { kind: 'error_before' }
  /** Done, and 500 all the same. */
  | { kind: 'error_after' }
  /** The connection breaks and nothing was done. */
  | { kind: 'drop_before' }
  /** Done, and the connection breaks before the answer. */
  | { kind: 'drop_after' }
  /** Done at once, answered late. */
  | { kind: 'slow'; ms: number }
  /** Nothing is done and nothing answered; the connection stays open. */
  | { kind: 'stall' };

interface Switched {
  fault: Fault;
  left: number;
}

/** The switchboard; several faults of one route take their turns. */
export class Faults {
  readonly #switched = new Map<Route, Switched[]>();

  /** The next `count` requests of the route meet the fault; without a count all do, until it is cleared. */
  set(route: Route, fault: Fault, count = Number.POSITIVE_INFINITY): void {
    const queue = this.#switched.get(route) ?? [];
    queue.push({ fault, left: count });
    this.#switched.set(route, queue);
  }

  /** Ends the faults of one route, or of all. */
  clear(route?: Route): void {
    if (route === undefined) this.#switched.clear();
    else this.#switched.delete(route);
  }

  /** The fault that this request meets. */
  take(route: Route): Fault | null {
    const queue = this.#switched.get(route);
    const first = queue?.[0];
    if (queue === undefined || first === undefined) return null;
    first.left -= 1;
    if (first.left <= 0) queue.shift();
    return first.fault;
  }
}
