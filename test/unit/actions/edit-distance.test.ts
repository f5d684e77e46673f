import fc from 'fast-check';
import { expect, it } from 'vitest';
import { prefixDistances } from '../../../src/actions/edit-distance.ts';

it.each([
  ['help', 'help', 0],
  ['help', 'hlep', 1],
  ['help', 'elp', 1],
  ['help', 'helpp', 1],
  ['help', 'halp', 1],
  ['help', 'yelps', 2],
  ['assign', 'asgin', 2],
  ['help', '', 4],
])('from %s to %s it is %i', (word, text, distance) => {
  expect(prefixDistances(word, text).at(-1)).toBe(distance);
});

it('gives the distance to each beginning', () => {
  expect(prefixDistances('ab', 'abc')).toEqual([2, 1, 0, 1]);
});

it('is symmetric, bounded by the lengths, and zero only for equals', () => {
  const short = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
  fc.assert(
    fc.property(short, short, (a, b) => {
      const distance = prefixDistances(a, b).at(-1) ?? -1;
      expect(distance).toBe(prefixDistances(b, a).at(-1));
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(distance === 0).toBe(a === b);
    }),
  );
});
