/** Arithmetic of the notifier's benchmark. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jainIndex, percentile } from '../../../bench/notifier/statistics.ts';

describe('a percentile', () => {
  it.each([
    [[3, 1, 2], 50, 2],
    [[1, 2, 3, 4], 50, 2],
    [[5], 99, 5],
    [Array.from({ length: 100 }, (_, index) => index + 1), 99, 99],
    [Array.from({ length: 1_000 }, (_, index) => index + 1), 99.9, 999],
    [[10, 9, 8], 100, 10],
  ])('of %j at %d is %d', (values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected);
  });

  it('is a value that so many do not exceed, and no smaller one is', () => {
    const share = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), share, (values, percent) => {
        const value = percentile(values, percent);
        const wanted = (percent / 100) * values.length;
        expect(values).toContain(value);
        expect(values.filter((one) => one <= value).length).toBeGreaterThanOrEqual(wanted - 1e-9);
        expect(values.filter((one) => one < value).length).toBeLessThan(wanted);
      }),
    );
  });

  it('of nothing, or at no percentage, there is none', () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
    for (const percent of [0, -1, 101, Number.NaN])
      expect(() => percentile([1], percent)).toThrow(RangeError);
  });
});

describe("Jain's index", () => {
  it.each([
    [[7, 7, 7], 1],
    [[5, 0, 0, 0], 0.25],
    [[1, 3], 0.8],
  ])('of %j is %d', (shares, expected) => {
    expect(jainIndex(shares)).toBeCloseTo(expected, 12);
  });

  it('lies between 1/n and 1, whatever the unit and the order', () => {
    const shares = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1 });
    fc.assert(
      fc.property(shares, fc.integer({ min: 1, max: 1_000 }), (all, factor) => {
        fc.pre(all.some((share) => share > 0));
        const index = jainIndex(all);
        expect(index).toBeGreaterThanOrEqual(1 / all.length - 1e-12);
        expect(index).toBeLessThanOrEqual(1 + 1e-12);
        expect(jainIndex(all.map((share) => share * factor).toReversed())).toBeCloseTo(index, 9);
      }),
    );
  });

  it('of nobody, or of nothing at all, there is none', () => {
    expect(() => jainIndex([])).toThrow(RangeError);
    expect(() => jainIndex([0, 0])).toThrow(RangeError);
  });
});
