/** How much detail is given up: as little as the limit allows, and no level that would show no item. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withFewerButtons, withFewerItems } from '../../../../bots/shared/detail.ts';

/** Fits while its items, each of this size, go into 100. */
const fits = ({ items, size }: { items: number; size: number }) => items * size <= 100;

describe('fewer items', () => {
  it.each([
    [[30, 10], 5, { size: 30, items: 3 }],
    [[200, 30, 10], 5, { size: 30, items: 3 }],
    [[200, 10], 5, { size: 10, items: 5 }],
    [[200, 300], 5, null],
    [[200], 0, { size: 200, items: 0 }],
  ])('of the sizes %j, %i of them', (sizes, items, expected) => {
    const levels = sizes.map((size) => ({ size, items }));
    expect(withFewerItems(levels, fits)).toEqual(expected);
  });
});

describe('fewer buttons', () => {
  it('are as many as fit, and none where not even that fits', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: -5, max: 45 }), (buttons, room) => {
        const kept = withFewerButtons({ buttons, other: 'stays' }, (detail) => detail.buttons <= room);
        expect(kept).toEqual({ buttons: Math.max(Math.min(buttons, room), 0), other: 'stays' });
      }),
    );
  });
});
