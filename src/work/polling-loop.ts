/** One loop for every sweep: runs its work again and again, never twice at once, and stops cleanly. */
import type { Log } from '../kernel/ports.ts';

export interface PollingLoop {
  readonly name: string;
  readonly everyMs: number;
  /** When the work last ended well; before the first time, when the loop began. */
  readonly lastSuccess: Date;
  /** Waits for work that is under way; nothing starts any more. */
  stop(): Promise<void>;
}

export interface PollingOptions {
  name: string;
  everyMs: number;
  log: Log;
  /** A failure is logged and the loop goes on. */
  run: () => Promise<void>;
}

/** Starts at once, then again `everyMs` after each end. */
export function startPolling(options: PollingOptions): PollingLoop {
  const { name, everyMs, log, run } = options;
  const stopping = new AbortController();
  let lastSuccess = new Date();
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await run();
        lastSuccess = new Date();
      } catch (error) {
        log.warn({ loop: name, err: error }, 'a sweep failed; it is tried again');
      }
      await pause(everyMs, stopping.signal);
    }
  })();
  return {
    name,
    everyMs,
    get lastSuccess() {
      return lastSuccess;
    },
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
