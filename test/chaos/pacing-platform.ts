/** A platform that enforces its published limits exactly, by when calls arrive: written apart from what it judges. */
import type { RateLimit } from '../../src/kernel/rate-limit.ts';

interface Window {
  calls: number;
  ms: number;
}

/** One organization of one app. Conversations are people. */
export class PacedPlatform {
  /** Calls that were refused, since one more would have exceeded a window. */
  throttled = 0;
  readonly #organization: readonly Window[];
  readonly #conversation: readonly Window[];
  readonly #keep: number;
  /** Accepted arrivals in their order, as many as the largest window counts. */
  readonly #ofAll: number[] = [];
  readonly #of = new Map<string, number[]>();

  constructor(limits: readonly RateLimit[]) {
    const sending = limits.filter(
      ({ operations, conversations }) => operations.includes('send') && conversations !== 'group',
    );
    const windowsOf = (isOfAll: boolean) =>
      sending
        .filter(({ scope }) => (scope === 'app_organization') === isOfAll)
        .flatMap(({ windows }) => windows.map(({ calls, seconds }) => ({ calls, ms: seconds * 1_000 })));
    this.#organization = windowsOf(true);
    this.#conversation = windowsOf(false);
    this.#keep = Math.max(...[...this.#organization, ...this.#conversation].map(({ calls }) => calls));
  }

  /** A conversation's windows are judged without the replies in it. @returns whether the call was accepted */
  arrive(now: number, conversation: string, reply: boolean): boolean {
    const log = this.#of.get(conversation) ?? [];
    if (isFull(this.#ofAll, this.#organization, now) || (!reply && isFull(log, this.#conversation, now))) {
      this.throttled += 1;
      return false;
    }
    this.#add(this.#ofAll, now);
    if (reply) return true;
    this.#add(log, now);
    if (log.length === 1) this.#of.set(conversation, log);
    return true;
  }

  #add(log: number[], now: number): void {
    log.push(now);
    if (log.length > 2 * this.#keep) log.splice(0, log.length - this.#keep);
  }
}

function isFull(log: readonly number[], windows: readonly Window[], now: number): boolean {
  return windows.some(({ calls, ms }) => {
    const earlier = log[log.length - calls];
    return earlier !== undefined && earlier > now - ms;
  });
}
