/** Faults of a simulated platform, switched on per route for a number of requests. */

/** What can go wrong on every platform alike; a platform adds the refusals of its own. */
export type CommonFault =
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
  /** Done only after this long, also when the caller has given up by then, and answered at once. */
  | { kind: 'late'; ms: number }
  /** Nothing is done and nothing answered; the connection stays open. */
  | { kind: 'stall' };

interface Switched<Fault> {
  fault: Fault;
  left: number;
}

/** The switchboard; several faults of one route take their turns. */
export class SwitchedFaults<Route extends string, Fault> {
  readonly #switched = new Map<Route, Switched<Fault>[]>();

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
