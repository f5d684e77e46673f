/** The shape in which platforms state their published rate limits. */

export interface RateWindow {
  /** Calls allowed within the window. */
  calls: number;
  seconds: number;
}

/** Each operation is counted by itself. */
export interface RateLimit<Scope extends string, Operation extends string> {
  /** What shares the windows. */
  scope: Scope;
  operations: readonly Operation[];
  /** All of them hold at once. */
  windows: readonly RateWindow[];
  /** Where it was published. */
  source: string;
}

/** Windows from pairs. */
export function windows(...pairs: [calls: number, seconds: number][]): RateWindow[] {
  return pairs.map(([calls, seconds]) => ({ calls, seconds }));
}
