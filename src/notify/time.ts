/** Time as the notifier needs it: by the database's clock, by one that never jumps, and waiting. */
import type { Sql } from '../infra/database.ts';
import type { Clock } from '../kernel/ports.ts';

export interface NotifierTime {
  /** Milliseconds since the epoch, by the database's clock, which all workers share. */
  now(): number;
  /** Milliseconds that only go forward. */
  monotonic(): number;
  /** Resolves after so long, or as soon as the signal is given; never rejects. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

const maxWaitMs = 2 ** 31 - 1;
/** After a longer round trip, as when the process stood still meanwhile, the earlier offset is the better one. */
const maxRoundTripMs = 1_000;
const samples = 5;

/** The system's time, brought to the database's clock by `align`. */
export class DatabaseTime implements NotifierTime {
  #offsetMs: number | null = null;

  /**
   * Measures how far the database's clock is from ours: of a few round trips the shortest tells best, and half of it is
   * the uncertainty.
   * @throws DeskbridgeError unavailable
   */
  async align(directory: Sql): Promise<void> {
    let shortest = this.#offsetMs === null ? Number.POSITIVE_INFINITY : maxRoundTripMs;
    for (let sample = 0; sample < samples; sample += 1) {
      const sent = performance.now();
      const [row] = await directory.query<{ now: Date }>('select clock_timestamp() as now');
      const tookMs = performance.now() - sent;
      if (row === undefined || tookMs >= shortest) continue;
      shortest = tookMs;
      this.#offsetMs = row.now.getTime() - (sent + tookMs / 2);
    }
  }

  now(): number {
    // Not from the system's time of day, which may be set while we run.
    return Math.round(performance.now() + (this.#offsetMs ?? performance.timeOrigin));
  }

  /** The same for whoever reads a clock. */
  readonly clock: Clock = { now: () => new Date(this.now()) };

  monotonic(): number {
    return performance.now();
  }

  /** Not by the library's promise, which makes an error with its stack for every wait that ends early: most do. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(Math.max(0, ms), maxWaitMs));
      signal?.addEventListener('abort', end, { once: true });
    });
  }
}
