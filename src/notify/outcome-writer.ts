/** Writes a lane's outcomes, those of the same moment in one commit; what cannot be written now is kept until it can. */
import { codeOf } from '../infra/database.ts';
import { type LaneDependencies, type LeasedLane, laneTransaction } from './lane.ts';
import { recordOutcomes, type Settled } from './record-outcomes.ts';

const batchSize = 512;
const retryMs = 500;

/** Data exceptions and violated constraints: the same values are refused again. */
function isRefusedData(error: unknown): boolean {
  return /^2[23]/.test(codeOf(error));
}

export class OutcomeWriter {
  readonly #deps: LaneDependencies;
  readonly #lane: LeasedLane;
  readonly #recorded: (settled: Settled, ours: boolean) => void;
  #waiting: Settled[] = [];
  #writing: Promise<void> | null = null;
  #isOver = false;
  #batchSize = batchSize;

  /** @param recorded called once each is committed; `ours`: this try was still the delivery's */
  constructor(deps: LaneDependencies, lane: LeasedLane, recorded: (settled: Settled, ours: boolean) => void) {
    this.#deps = deps;
    this.#lane = lane;
    this.#recorded = recorded;
  }

  get isIdle(): boolean {
    return this.#writing === null;
  }

  add(settled: Settled): void {
    this.#waiting.push(settled);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when everything is written, or after so long. */
  async settled(ms: number): Promise<void> {
    const deadline = this.#deps.time.monotonic() + ms;
    const late = new AbortController();
    while (this.#writing !== null && this.#deps.time.monotonic() < deadline) {
      await Promise.race([this.#writing, this.#deps.time.wait(ms, late.signal)]);
    }
    this.#isOver = true;
    late.abort();
  }

  /** The database refuses some value: each is written alone then, and without the platform's ids if that is refused too. */
  #simplify(batch: readonly Settled[]): boolean {
    const [first, ...rest] = batch;
    if (first === undefined) return false;
    if (rest.length > 0) {
      this.#batchSize = 1;
      this.#waiting.unshift(...batch);
      return true;
    }
    if (first.transition.to !== 'sent' || first.transition.messageId === null) return false;
    this.#waiting.unshift({
      ...first,
      transition: { ...first.transition, messageId: null, requestId: null },
    });
    return true;
  }

  async #write(): Promise<void> {
    const { database, time, failpoint, log } = this.#deps;
    const { laneId, tenantId } = this.#lane;
    // What ends at the same time as this one joins it.
    await new Promise((resolve) => setImmediate(resolve));
    this.#batchSize = batchSize;
    while (this.#waiting.length > 0 && !this.#isOver) {
      const batch = this.#waiting.splice(0, this.#batchSize);
      try {
        await failpoint?.('before_outcome');
        const now = new Date(time.now());
        const ours = await database.inTenant(
          tenantId,
          (tx) => recordOutcomes(tx, laneId, batch, now),
          laneTransaction,
        );
        await failpoint?.('after_outcome');
        for (const settled of batch) this.#recorded(settled, ours.has(settled.delivery.id));
      } catch (error) {
        if (isRefusedData(error) && this.#simplify(batch)) continue;
        // The fence is the try, not the lease: a true result is welcome whenever it can be written.
        this.#waiting.unshift(...batch);
        log.warn(
          { lane_id: laneId, outcomes: this.#waiting.length, err: error },
          'outcomes wait for the database',
        );
        await time.wait(retryMs);
      }
    }
  }
}
