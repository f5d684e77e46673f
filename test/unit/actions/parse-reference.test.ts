import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseReference } from '../../../src/actions/parse-reference.ts';

it.each([
  ['1', { kind: 'ordinal', value: 1 }],
  ['25', { kind: 'ordinal', value: 25 }],
  ['26', { kind: 'ordinal', value: 26 }],
  ['1000', { kind: 'ordinal', value: 1000 }],
  ['1001', { kind: 'number', value: 1001 }],
  ['#1', { kind: 'number', value: 1 }],
  [' ＃１００２ ', { kind: 'number', value: 1002 }],
  ['2147483647', { kind: 'number', value: 2_147_483_647 }],
  ['0198F3B2-7C1D-7A00-8000-0123456789AB', { kind: 'id', value: '0198f3b2-7c1d-7a00-8000-0123456789ab' }],
])('reads %j', (text, reference) => {
  expect(parseReference(text)).toEqual(reference);
});

it.each(['', '0', '#0', '007', '#', '-1', '1.5', '2147483648', '99999999999999', 'x', '1 2', '##1'])(
  'refuses %j',
  (text) => {
    expect(parseReference(text)).toBeNull();
  },
);

it('reads whatever text without failing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const reference = parseReference(text);
      expect(reference === null || reference.kind === 'id' || reference.value >= 1).toBe(true);
    }),
  );
});
