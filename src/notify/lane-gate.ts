/** What was chosen to go and may not: an app's limits leave it to another slice, or its reader is not to be disturbed now. */
import type { PendingDelivery } from './delivery.ts';
import { type LaneChannel, type LaneDependencies, type LeasedLane, laneTransaction } from './lane.ts';
import type { LaneMemory } from './lane-memory.ts';
import type { Start } from './lane-queue.ts';
import { putOff } from './outcome-store.ts';
import type { Charge } from './pacing.ts';
import { endOfQuiet } from './quiet-hours.ts';
import type { Settled } from './record-outcomes.ts';
import { sliceMs } from './shared-limits.ts';

type Chosen = Start<PendingDelivery>;

export class LaneGate {
  readonly #deps: LaneDependencies;
  readonly #lane: LeasedLane;
  readonly #memory: LaneMemory;
  readonly #notMade: (charge: Charge) => void;
  readonly #release: () => void;

  /** @param told.notMade the call, which was counted, is none; `release`: its place on the wire is free */
  constructor(
    deps: LaneDependencies,
    lane: LeasedLane,
    memory: LaneMemory,
    told: { notMade: (charge: Charge) => void; release: () => void },
  ) {
    this.#deps = deps;
    this.#lane = lane;
    this.#memory = memory;
    this.#notMade = told.notMade;
    this.#release = told.release;
  }

  /**
   * Planned for hours in which its reader may be told, a delivery is late after an outage or by many before it. Those whose
   * quiet hours have begun wait in the database for their end; those that expire before are over.
   */
  async outOfQuietHours(
    starts: readonly Chosen[],
    now: number,
  ): Promise<{ starts: readonly Chosen[]; ended: Settled[] }> {
    const quiet = new Map(starts.flatMap((start) => quietUntil(start, now)));
    if (quiet.size === 0) return { starts, ended: [] };
    const [late, waiting] = [[] as Chosen[], [] as { start: Chosen; until: Date }[]];
    for (const [start, until] of quiet) {
      this.#notMade(start.charge);
      const { expiresAt } = start.item;
      if (expiresAt !== null && expiresAt <= until) late.push(start);
      else waiting.push({ start, until });
    }
    await this.#wait(waiting, now);
    return { starts: starts.filter((start) => !quiet.has(start)), ended: late.map(tooLate) };
  }

  async #wait(waiting: readonly { start: Chosen; until: Date }[], now: number): Promise<void> {
    if (waiting.length === 0) return;
    const rows = waiting.map(({ start: { item }, until }) => ({
      deliveryId: item.id,
      tryNo: item.tryNo,
      priority: item.priority,
      until,
    }));
    const { database, log } = this.#deps;
    const isWritten = await database
      .inTenant(this.#lane.tenantId, (tx) => putOff(tx, rows), laneTransaction)
      .then(
        () => true,
        (error: unknown) => {
          log.warn({ lane_id: this.#lane.laneId, err: error }, 'deliveries wait for their quiet hours');
          return false;
        },
      );
    for (const { start } of waiting) {
      this.#release();
      if (isWritten) this.#memory.over(now, start.item);
      else this.#again(start.item, now);
    }
  }

  /** What the limits of the whole app do not leave to this lane now waits for their next slice. */
  async withinShare(channel: LaneChannel, starts: readonly Chosen[], now: number): Promise<Chosen[]> {
    const { allowed, later } = await this.#deps.shared.split(channel, starts, now);
    for (const { item, charge } of later) {
      this.#release();
      this.#notMade(charge);
      this.#again(item, now);
    }
    return allowed;
  }

  #again(item: PendingDelivery, now: number): void {
    item.dueAt = now + sliceMs;
    this.#memory.putBack(now, item);
  }
}

/** Nothing, where it may go. One that may be there already is resolved, whatever the hour. */
function quietUntil(start: Chosen, now: number): [Chosen, Date][] {
  const { phase, repeatUntil, category } = start.item;
  if (phase !== 'ready' || repeatUntil !== null) return [];
  const until = endOfQuiet(start.item, category, new Date(now));
  return until === null ? [] : [[start, until]];
}

function tooLate({ item }: Chosen): Settled {
  const reason = 'quiet_hours_expired';
  return { delivery: item, transition: { to: 'skipped', reason, code: reason, detail: null }, attempt: null };
}
