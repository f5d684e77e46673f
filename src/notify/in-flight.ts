/** How many sends may be on the wire: for the process, for a tenant, for a lane; whoever waited longest goes first. */

export interface InFlightLimits {
  /** Of the process. */
  total: number;
  /** Of one tenant, over all its lanes. */
  perTenant: number;
}

/** A waiting lane is called back once, when there is room. */
type Waiter = { tenantId: string; wake: () => void };

export class InFlight {
  readonly #limits: InFlightLimits;
  #total = 0;
  readonly #tenants = new Map<string, number>();
  readonly #waiting = new Map<string, Waiter>();

  constructor(limits: InFlightLimits = { total: 1_024, perTenant: 256 }) {
    this.#limits = limits;
  }

  /**
   * Takes up to `wanted` places. When others wait, nobody takes more than an equal share of what is free; with none left
   * the lane stands in line, and is woken when there is one.
   */
  take(laneId: string, tenantId: string, wanted: number, wake: () => void): number {
    const { total, perTenant } = this.#limits;
    const held = this.#tenants.get(tenantId) ?? 0;
    const others = this.#waiting.size - (this.#waiting.has(laneId) ? 1 : 0);
    const free = Math.min(total - this.#total, perTenant - held);
    const share = others === 0 ? free : Math.max(1, Math.floor(free / (others + 1)));
    const taken = Math.max(0, Math.min(wanted, share, free));
    if (taken === 0) {
      if (wanted > 0) this.#waiting.set(laneId, { tenantId, wake });
      return 0;
    }
    this.#waiting.delete(laneId);
    this.#total += taken;
    this.#tenants.set(tenantId, held + taken);
    return taken;
  }

  release(tenantId: string, count: number): void {
    if (count === 0) return;
    this.#total -= count;
    const left = (this.#tenants.get(tenantId) ?? 0) - count;
    if (left > 0) this.#tenants.set(tenantId, left);
    else this.#tenants.delete(tenantId);
    this.#wake(count);
  }

  /** A lane that ends no longer waits. */
  leave(laneId: string): void {
    this.#waiting.delete(laneId);
  }

  get count(): number {
    return this.#total;
  }

  #wake(count: number): void {
    let left = count;
    for (const [laneId, { tenantId, wake }] of this.#waiting) {
      if (left === 0) return;
      if ((this.#tenants.get(tenantId) ?? 0) >= this.#limits.perTenant) continue;
      this.#waiting.delete(laneId);
      left -= 1;
      wake();
    }
  }
}
