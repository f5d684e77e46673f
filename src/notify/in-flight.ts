/** How many sends may be on the wire: for the process, for a tenant, for a lane; lanes that are busy share alike. */

export interface InFlightLimits {
  /** Of the process. */
  total: number;
  /** Of one tenant, over all its lanes. */
  perTenant: number;
}

/** A lane that could take no place is called back once, when there is one; until it comes, its share is kept. */
type Waiter = { tenantId: string; wake: (() => void) | null };

export class InFlight {
  readonly #limits: InFlightLimits;
  #total = 0;
  readonly #lanes = new Map<string, number>();
  readonly #tenants = new Map<string, number>();
  readonly #waiting = new Map<string, Waiter>();

  constructor(limits: InFlightLimits = { total: 4_096, perTenant: 256 }) {
    this.#limits = limits;
  }

  /**
   * Takes up to `wanted` places, and no more than an equal share of all for the lanes that hold or wait for some. With
   * none to be had the lane stands in line.
   */
  take(laneId: string, tenantId: string, wanted: number, wake: () => void): number {
    const { total, perTenant } = this.#limits;
    const held = this.#lanes.get(laneId) ?? 0;
    const heldByTenant = this.#tenants.get(tenantId) ?? 0;
    const share = this.#shareOf(laneId) - held;
    const taken = Math.max(0, Math.min(wanted, share, perTenant - heldByTenant, total - this.#total));
    if (taken > 0) {
      this.#waiting.delete(laneId);
      this.#total += taken;
      this.#lanes.set(laneId, held + taken);
      this.#tenants.set(tenantId, heldByTenant + taken);
    } else if (wanted > 0) this.#waiting.set(laneId, { tenantId, wake });
    return taken;
  }

  release(laneId: string, tenantId: string, count: number): void {
    if (count === 0) return;
    this.#total -= count;
    lower(this.#lanes, laneId, count);
    lower(this.#tenants, tenantId, count);
    this.#wake(count);
  }

  /** A lane that ends no longer waits. */
  leave(laneId: string): void {
    this.#waiting.delete(laneId);
  }

  get count(): number {
    return this.#total;
  }

  #shareOf(laneId: string): number {
    let busy = this.#lanes.size + (this.#lanes.has(laneId) ? 0 : 1);
    for (const waiting of this.#waiting.keys())
      if (waiting !== laneId && !this.#lanes.has(waiting)) busy += 1;
    return Math.max(1, Math.floor(this.#limits.total / busy));
  }

  #wake(count: number): void {
    let left = count;
    for (const waiter of this.#waiting.values()) {
      if (left === 0) return;
      const { tenantId, wake } = waiter;
      if (wake === null || (this.#tenants.get(tenantId) ?? 0) >= this.#limits.perTenant) continue;
      waiter.wake = null;
      left -= 1;
      wake();
    }
  }
}

function lower(counts: Map<string, number>, key: string, by: number): void {
  const left = (counts.get(key) ?? 0) - by;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
