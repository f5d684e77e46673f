/** Work that nobody waits for: kept in sight, so that a shutdown can let it end. */
import { once } from 'node:events';

/** Work that goes on after a response: replies on their way, their records. */
export class Background {
  readonly #running = new Set<Promise<unknown>>();

  add(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#running.delete(tracked)).catch(() => undefined);
    this.#running.add(tracked);
  }

  /** Waits for it, at most this long: what is cut off is sent by the next start's sweep. */
  async settled(ms: number): Promise<void> {
    const deadline = AbortSignal.timeout(ms);
    while (this.#running.size > 0 && !deadline.aborted) {
      await Promise.race([Promise.all(this.#running), once(deadline, 'abort')]);
    }
  }
}
