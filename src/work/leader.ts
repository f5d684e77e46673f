/** Of several processes on one database, one does a piece of scheduled work, by a lease that ends with its holder. */
import type { Sql } from '../infra/database.ts';
import { newId } from '../kernel/ids.ts';
import type { Clock } from '../kernel/ports.ts';
import { releaseLease, takeLease } from './lease-store.ts';

export interface LeaderOptions {
  /** Tables without a tenant. */
  directory: Sql;
  clock: Clock;
  /** Names this process; unique among all, also among its own restarts. Made up without it. */
  owner?: string;
}

/** Work that gives up when `signal` is aborted: then another process may have begun it. */
export type LedWork = (signal: AbortSignal) => Promise<void>;

/**
 * The leases of one process. Leases are compared by the processes' clocks: one whose clock runs ahead may take over
 * early, and one that stood still may notice late. Work under a lease must do no harm when it runs twice; the lease
 * saves the effort.
 */
export class Leader {
  readonly #directory: Sql;
  readonly #clock: Clock;
  readonly #owner: string;
  readonly #held = new Set<string>();
  /** Ends the work under way, and whatever would begin. */
  readonly #resigned = new AbortController();

  constructor(options: LeaderOptions) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#owner = options.owner ?? newId();
  }

  /**
   * The work as the loops of every process may call it: it runs where the lease is had, which stays with that process
   * from run to run. A run that fails gives the lease away, so that another process can try; one that dies loses it.
   * @param leaseMs longer than the pause between two runs; renewed while the work runs
   * @returns a function that resolves to whether the work ran here
   * @throws (the function) whatever the work throws; DeskbridgeError `unavailable`
   */
  asLeader(name: string, leaseMs: number, work: LedWork): () => Promise<boolean> {
    return async () => {
      if (!(await this.#take(name, leaseMs))) return false;
      const renewal = this.#keepRenewing(name, leaseMs);
      try {
        await work(renewal.signal);
        renewal.signal.throwIfAborted();
      } catch (error) {
        await renewal.stop();
        await this.#release(name).catch(() => undefined); // it ends by itself
        throw error;
      }
      await renewal.stop();
      await this.#take(name, leaseMs);
      return true;
    };
  }

  /** For the end of the process: ends work under way and gives every lease back, so that nobody need wait for its end. */
  async resign(): Promise<void> {
    this.#resigned.abort(new Error('the process ends'));
    await Promise.allSettled([...this.#held].map((name) => this.#release(name)));
  }

  async #take(name: string, leaseMs: number): Promise<boolean> {
    if (this.#resigned.signal.aborted) return false;
    const now = this.#clock.now();
    const lease = { name, owner: this.#owner, until: new Date(now.getTime() + leaseMs) };
    const taken = await takeLease(this.#directory, lease, now);
    if (taken) this.#held.add(name);
    else this.#held.delete(name);
    return taken;
  }

  async #release(name: string): Promise<void> {
    this.#held.delete(name);
    await releaseLease(this.#directory, name, this.#owner);
  }

  /** Renews three times a lease; when that could not be done for a whole lease, or somebody else has it, it is lost. */
  #keepRenewing(name: string, leaseMs: number): { signal: AbortSignal; stop: () => Promise<void> } {
    const lost = new AbortController();
    let heldUntil = this.#clock.now().getTime() + leaseMs;
    let renewing: Promise<void> = Promise.resolve();
    const renew = async () => {
      const askedAt = this.#clock.now().getTime();
      const taken = await this.#take(name, leaseMs).catch(() => null);
      if (taken === true) heldUntil = askedAt + leaseMs;
      if (taken === false || this.#clock.now().getTime() >= heldUntil) {
        lost.abort(new Error(`the lease "${name}" was lost`));
      }
    };
    const timer = setInterval(() => {
      renewing = renewing.then(renew);
    }, leaseMs / 3);
    timer.unref();
    return {
      signal: AbortSignal.any([lost.signal, this.#resigned.signal]),
      async stop() {
        clearInterval(timer);
        await renewing;
      },
    };
  }
}
