/** The few things outside the process that features reach through an argument. */

/** Wall-clock time. Tests and simulations pass their own. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** What a feature may log: ids, durations and codes; never bodies, tokens or message text. */
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  /** Someone must act. */
  error(fields: Record<string, unknown>, message: string): void;
}
