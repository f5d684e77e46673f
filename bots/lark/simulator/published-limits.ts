/** The published rate limits as the platform enforces them, over sliding windows; a refused call does not count. */
import type { Clock } from '../../../src/kernel/ports.ts';
import type { Answer } from '../../shared/simulator/server.ts';
import { refuse, resetHeaders } from './answers.ts';
import type { Caller } from './identity.ts';

interface Window {
  calls: number;
  ms: number;
}

/**
 * Of an app in an organization, for each call; and of all bots together towards one person or group, for messages and
 * replies together.
 * @see https://open.feishu.cn/document/server-docs/im-v1/message/create
 */
const appWindows: readonly Window[] = [
  { calls: 50, ms: 1000 },
  { calls: 1000, ms: 60_000 },
];
const chatWindow: Window = { calls: 5, ms: 1000 };
/** Changes of one message. @see https://open.feishu.cn/document/server-docs/im-v1/message-card/patch */
const messageWindow: Window = { calls: 5, ms: 1000 };

/** One call that a limit is about. */
export interface LimitedCall {
  operation: 'send' | 'update';
  /** The chat that a message goes to, or the message that is updated. */
  target: string;
}

export class PublishedLimits {
  /** Whether calls beyond the limits are refused, and counted. */
  enforced: boolean;
  readonly #clock: Clock;
  /** Times of calls that were let through, in their order, by what they are counted for. */
  readonly #times = new Map<string, number[]>();
  #violations = 0;

  constructor(clock: Clock, enforced: boolean) {
    this.#clock = clock;
    this.enforced = enforced;
  }

  /** Calls that were refused for coming too fast. */
  get violations(): number {
    return this.#violations;
  }

  /**
   * Counts the call, or refuses it: by 99991400 with a reset time for the app's windows, by 230020 for those of a person,
   * a group or a message.
   */
  take({ appId, organization }: Caller, { operation, target }: LimitedCall): Answer | null {
    if (!this.enforced) return null;
    const now = this.#clock.now().getTime();
    const app = `${operation} ${appId} ${organization}`;
    const own = operation === 'send' ? `chat ${target}` : `message ${target}`;
    const opens = Math.max(...appWindows.map((window) => this.#opens(app, window, now)));
    if (opens > now) return this.#refuse('throttled', Math.ceil((opens - now) / 1000));
    if (this.#opens(own, operation === 'send' ? chatWindow : messageWindow, now) > now)
      return this.#refuse('tooFrequent');
    this.#note(app, now, 60_000);
    this.#note(own, now, 1000);
    return null;
  }

  /** When the window has room again. */
  #opens(key: string, { calls, ms }: Window, now: number): number {
    const times = this.#times.get(key) ?? [];
    const oldest = times.at(-calls);
    return oldest === undefined ? now : oldest + ms;
  }

  #note(key: string, now: number, keepMs: number): void {
    const times = this.#times.get(key) ?? [];
    const kept = times.findIndex((time) => time > now - keepMs);
    times.splice(0, kept < 0 ? times.length : kept);
    times.push(now);
    this.#times.set(key, times);
  }

  #refuse(what: 'throttled' | 'tooFrequent', resetSeconds?: number): Answer {
    this.#violations += 1;
    const answer = refuse(what);
    return resetSeconds === undefined ? answer : { ...answer, headers: resetHeaders(resetSeconds) };
  }
}
