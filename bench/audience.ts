/** Everybody who may speak in the inbound benchmark, and what they say next. */
import {
  benchTenants,
  ownMark,
  type TenantCount,
  tenantCounts,
  type WorkloadId,
} from './inbound-platform.ts';
import type { LoadSide, Said, Speaker } from './load-side.ts';

export class Audience {
  readonly #speakers: ReadonlyMap<TenantCount, Speaker[]>;
  readonly #next = new Map<TenantCount, number>();
  #commands = 0;

  /** @param apiUrl of the platform's fake */
  static async gather(side: LoadSide, apiUrl: string): Promise<Audience> {
    const all = await Promise.all(
      tenantCounts.map(async (count) => {
        const tenants = await Promise.all(benchTenants(count).map((tenant) => side.speakers(tenant, apiUrl)));
        const rows = tenants[0]?.length ?? 0;
        const inTurn = Array.from({ length: rows }, (_, row) =>
          tenants.flatMap((people) => people[row] ?? []),
        );
        return [count, inTurn.flat()] as const;
      }),
    );
    return new Audience(new Map(all));
  }

  private constructor(speakers: ReadonlyMap<TenantCount, Speaker[]>) {
    this.#speakers = speakers;
  }

  /**
   * The next command, and a text that its reply must hold. People speak in turn, so that neighbours are of different
   * tenants. @param echoes the reply is what was said
   */
  next(tenants: TenantCount, workload: WorkloadId, echoes: boolean): { said: Said; mark: string } {
    const speakers = this.#speakers.get(tenants) ?? [];
    const turn = this.#next.get(tenants) ?? 0;
    this.#next.set(tenants, turn + 1);
    const speaker = speakers[turn % speakers.length];
    if (speaker === undefined) throw new Error('nobody speaks');
    if (workload === 'my-tickets') {
      return { said: speaker.say('my tickets'), mark: echoes ? 'tickets' : ownMark(speaker.key) };
    }
    this.#commands += 1;
    const mark = `case${this.#commands}x`;
    return { said: speaker.say(`new ticket Printer on floor 3 is jammed again, ${mark}`), mark };
  }
}
