/** The guard: what calls took decides by how much windows are lengthened. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { LatencyGuard } from '../../../src/notify/latency-guard.ts';

function guardAfter(latencies: readonly number[]): LatencyGuard {
  const guard = new LatencyGuard({ capMs: 50 });
  for (const ms of latencies) guard.observe(ms);
  return guard;
}

const steady = (count: number, spread: number) =>
  Array.from({ length: count }, (_, index) => 80 + (index % 10) * (spread / 9));

describe('latency guard', () => {
  it('takes the spread for its cap until calls were seen, and then for that of what they took', () => {
    expect(new LatencyGuard().spreadMs).toBe(50);
    expect(guardAfter(steady(64, 20)).spreadMs).toBe(20);
    expect(guardAfter(steady(64, 0)).spreadMs).toBe(0);
    expect(guardAfter(steady(64, 900)).spreadMs).toBe(50);
  });

  it('is not moved by one slow call in fifty; that call counts as late by itself', () => {
    const guard = guardAfter(steady(192, 9).map((ms, index) => (index % 50 === 49 ? 3_000 : ms)));
    expect(guard.spreadMs).toBe(9);
    expect(guard.lateness(3_000)).toBe(2_920);
    expect(guard.lateness(80)).toBe(0);
  });

  it('believes nothing of the first calls: all they took may have been on the way', () => {
    expect(guardAfter([400]).lateness(400)).toBe(400);
  });

  it('knows a quicker call at once, and slower ones when all have become slower', () => {
    expect(guardAfter([...steady(64, 9), 30]).lateness(80)).toBe(50);
    const guard = guardAfter([...steady(256, 9), ...steady(256, 9).map((ms) => ms + 500)]);
    expect(guard.spreadMs).toBe(9);
    expect(guard.lateness(585)).toBe(5);
  });

  test('no call counts as less late than against the least of all, nor the spread as more than the cap', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (latencies) => {
          const guard = guardAfter(latencies);
          const least = Math.min(...latencies);
          for (const ms of latencies) expect(guard.lateness(ms)).toBeGreaterThanOrEqual(ms - least);
          expect(guard.spreadMs).toBeGreaterThanOrEqual(0);
          expect(guard.spreadMs).toBeLessThanOrEqual(50);
        },
      ),
    );
  });

  it('ignores what is no duration', () => {
    expect(guardAfter([Number.NaN, -5]).spreadMs).toBe(50);
  });
});
