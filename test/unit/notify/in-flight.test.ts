/** Places on the wire: never more than there are, and nobody waits for ever. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InFlight } from '../../../src/notify/in-flight.ts';

describe('places on the wire', () => {
  it('are never more than the limits, whatever is taken and given back', () => {
    const steps = fc.array(
      fc.record({ lane: fc.nat(5), wanted: fc.integer({ min: 0, max: 9 }), gives: fc.boolean() }),
    );
    fc.assert(
      fc.property(steps, (sequence) => {
        const places = new InFlight({ total: 12, perTenant: 5 });
        const held = new Map<string, number>();
        const byTenant = (tenant: string) =>
          [...held].reduce(
            (sum, [lane, count]) =>
              Number(lane.slice(1)) % 3 === Number(tenant.slice(1)) ? sum + count : sum,
            0,
          );
        for (const { lane, wanted, gives } of sequence) {
          const [id, tenant] = [`l${lane}`, `t${lane % 3}`];
          const has = held.get(id) ?? 0;
          if (gives) {
            places.release(id, tenant, has);
            held.set(id, 0);
          } else held.set(id, has + places.take(id, tenant, wanted, () => undefined));
          expect(byTenant(tenant)).toBeLessThanOrEqual(5);
          expect([...held.values()].reduce((sum, count) => sum + count, 0)).toBe(places.count);
          expect(places.count).toBeLessThanOrEqual(12);
        }
      }),
    );
  });

  it('are shared when others wait, and whoever waits is woken', () => {
    const places = new InFlight({ total: 8, perTenant: 8 });
    expect(places.take('noisy', 'a', 100, () => undefined)).toBe(8);
    const woken: string[] = [];
    expect(places.take('quiet', 'b', 2, () => woken.push('quiet'))).toBe(0);
    places.release('noisy', 'a', 4);
    expect(woken).toEqual(['quiet']);
    expect(places.take('quiet', 'b', 2, () => undefined)).toBe(2);
    expect(places.take('noisy', 'a', 100, () => undefined)).toBe(0);
  });

  it('are shared alike by lanes that are all busy', () => {
    const places = new InFlight({ total: 100, perTenant: 100 });
    const lanes = Array.from({ length: 10 }, (_, lane) => `l${lane}`);
    const held = new Map(lanes.map((lane) => [lane, places.take(lane, lane, 100, () => undefined)]));
    for (let round = 0; round < 20; round += 1) {
      for (const lane of lanes) {
        places.release(lane, lane, held.get(lane) ?? 0);
        held.set(
          lane,
          places.take(lane, lane, 100, () => undefined),
        );
      }
    }
    expect([...held.values()]).toEqual(lanes.map(() => 10));
  });

  it('of one tenant do not keep another from its own', () => {
    const places = new InFlight({ total: 100, perTenant: 10 });
    expect(places.take('noisy 1', 'a', 100, () => undefined)).toBe(10);
    expect(places.take('noisy 2', 'a', 100, () => undefined)).toBe(0);
    expect(places.take('quiet', 'b', 10, () => undefined)).toBeGreaterThan(0);
  });
});
