/** Faults of sends in words that every simulated platform knows. */

/**
 * `slow`: done at once and answered late, `late`: done and answered late. `stall`: nothing is done and nothing answered.
 * `…_before`: not done, `…_after`: done, and the answer does not say so.
 */
export type SendFault =
  | OwnFault
  | { kind: 'slow'; ms: number }
  | { kind: 'late'; ms: number }
  | { kind: 'stall' }
  | { kind: 'error_before' | 'error_after' | 'drop_before' | 'drop_after' };

export type SendKind = 'post' | 'update';

export interface FaultSwitch {
  /** The next request of the kind meets the fault, in place of one that still waits for its turn. */
  next(kind: SendKind, fault: SendFault): void;
  /** One request of the kind meets the fault, after those that meet the faults before it. */
  then(kind: SendKind, fault: SendFault): void;
  /** Ends all faults that were not met. */
  clear(): void;
}

/** Those kinds of faults that all platforms have alike. */
type CommonFault = Exclude<SendFault, OwnFault>;
type OwnFault = { kind: 'throttled' | 'refused' };

function isOwn(fault: SendFault): fault is OwnFault {
  return fault.kind === 'throttled' || fault.kind === 'refused';
}

interface Switchboard<Route, Fault> {
  set(route: Route, fault: Fault, count: number): void;
  clear(route?: Route): void;
}

/**
 * The switch over a platform's own.
 * @param own the routes of each kind, and what it looks like there to be throttled, or refused for a passing reason
 */
export function faultSwitch<Route, Fault>(
  faults: Switchboard<Route, Fault | CommonFault>,
  own: { routes: Record<SendKind, readonly Route[]>; throttled: Fault; refused: Fault },
): FaultSwitch {
  const then = (kind: SendKind, fault: SendFault) => {
    const met = isOwn(fault) ? own[fault.kind] : fault;
    for (const route of own.routes[kind]) faults.set(route, met, 1);
  };
  return {
    next(kind, fault) {
      for (const route of own.routes[kind]) faults.clear(route);
      then(kind, fault);
    },
    then,
    clear: () => faults.clear(),
  };
}
