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
        for (const { lane, wanted, gives } of sequence) {
          const tenant = `t${lane % 3}`;
          const has = held.get(tenant) ?? 0;
          if (gives) {
            places.release(tenant, has);
            held.set(tenant, 0);
          } else held.set(tenant, has + places.take(`l${lane}`, tenant, wanted, () => undefined));
          expect(Math.max(0, ...held.values())).toBeLessThanOrEqual(5);
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
    places.release('a', 4);
    expect(woken).toEqual(['quiet']);
    expect(places.take('quiet', 'b', 2, () => undefined)).toBe(2);
  });

  it('of one tenant do not keep another from its own', () => {
    const places = new InFlight({ total: 100, perTenant: 10 });
    expect(places.take('noisy 1', 'a', 100, () => undefined)).toBe(10);
    expect(places.take('noisy 2', 'a', 100, () => undefined)).toBe(0);
    expect(places.take('quiet', 'b', 10, () => undefined)).toBeGreaterThan(0);
  });
});
