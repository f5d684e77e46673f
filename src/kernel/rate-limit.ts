/** The shape in which platforms state their published rate limits, and how a registration overrides them. */

export interface RateWindow {
  /** Calls allowed within any stretch of this length. */
  calls: number;
  /** A whole number as published; an override below one call may make a fraction of it. */
  seconds: number;
}

/**
 * What shares a window.
 * - `app`: everything that one app does, in all organizations together.
 * - `app_organization`: everything that one app does in one organization (Entra tenant, Slack workspace, Lark tenant).
 * - `bot_conversation`: what one bot does in one conversation: a chat, a channel, a person written to.
 * - `conversation`: what all bots together do in one conversation; others may have used it up.
 * - `message`: changes of one message.
 */
export type RateScope = 'app' | 'app_organization' | 'bot_conversation' | 'conversation' | 'message';

/** Where platforms treat people and groups apart, a group is whatever has more than one person. */
export type ConversationKind = 'personal' | 'group';

export interface RateLimit<Operation extends string = string> {
  /** Stable, unique within its platform: the key in a registration's `limits`. */
  name: string;
  scope: RateScope;
  /** Only conversations of this kind; absent = all. */
  conversations?: ConversationKind;
  /** `send` posts a message on every platform; the others are the platform's own. */
  operations: readonly Operation[];
  /** Whether each operation has windows of its own, or all of them share one set. */
  counted: 'each' | 'together';
  /** All of them hold at once; the first is the one that an override speaks of. */
  windows: readonly [RateWindow, ...RateWindow[]];
  /** Where it was published. */
  source: string;
}

/** Windows from pairs. */
export function windows(
  first: [calls: number, seconds: number],
  ...more: [calls: number, seconds: number][]
): [RateWindow, ...RateWindow[]] {
  const window = ([calls, seconds]: [number, number]): RateWindow => ({ calls, seconds });
  return [window(first), ...more.map(window)];
}

/**
 * The limits that hold for a registration. An override is a number of calls by a limit's name: it takes the place of
 * the calls of the limit's **first** window (for one of a second: calls per second), and the limit's other windows
 * change in proportion, rounded down. Less than one call lengthens the window instead: 0.5 in 1 s is 1 in 2 s.
 * Unknown names and what is not a positive number change nothing.
 * @param overrides the registration's option `limits`, as it is stored
 */
export function overrideLimits(limits: readonly RateLimit[], overrides: unknown): readonly RateLimit[] {
  if (typeof overrides !== 'object' || overrides === null) return limits;
  const rates = new Map<string, unknown>(Object.entries(overrides));
  return limits.map((limit) => {
    const rate = rates.get(limit.name);
    if (typeof rate !== 'number' || !(rate > 0) || rate === Number.POSITIVE_INFINITY) return limit;
    const [first, ...more] = limit.windows;
    const scaled = (window: RateWindow) => scaleWindow(window, (window.calls * rate) / first.calls);
    return { ...limit, windows: [scaled(first), ...more.map(scaled)] };
  });
}

/** Names in a registration's `limits` that the platform does not have. */
export function unknownLimits(limits: readonly RateLimit[], names: readonly string[]): string[] {
  return names.filter((name) => !limits.some((limit) => limit.name === name));
}

/** @param calls the new number, of which only whole calls can be made */
function scaleWindow({ seconds }: RateWindow, calls: number): RateWindow {
  // 7 × (x / 7) may fall a hair short of x.
  const whole = Math.floor(calls + 1e-9);
  return whole >= 1 ? { calls: whole, seconds } : { calls: 1, seconds: seconds / calls };
}
