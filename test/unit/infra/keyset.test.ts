/** Cursors: they survive the way out and back, and nothing else is taken for one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { containsPattern, decodeCursor, encodeCursor, toPage } from '../../../src/infra/keyset.ts';

const position = fc.record({
  createdAt: fc.date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('9999-12-31') }),
  id: fc.uuid(),
});

test('a cursor comes back as the place it stands for', () => {
  fc.assert(
    fc.property(position, (place) => {
      expect(decodeCursor(encodeCursor(place))).toEqual(place);
    }),
  );
});

test('whatever was not written as a cursor is refused as malformed', () => {
  const almost = position.chain((place) => {
    const cursor = encodeCursor(place);
    return fc.tuple(fc.constant(cursor), fc.integer({ min: 0, max: cursor.length - 1 }), fc.string());
  });
  const refuses = (text: string): void => {
    expect(() => decodeCursor(text)).toThrow(expect.objectContaining({ code: 'malformed_cursor' }));
  };
  fc.assert(fc.property(fc.string(), (text) => refuses(text)));
  fc.assert(
    fc.property(almost, ([cursor, at]) => {
      refuses(cursor.slice(0, at));
      refuses(`${cursor}.`);
      refuses(`${cursor}=`);
    }),
  );
  const spaced = Buffer.from('2026-01-01 00:00 01890a5d-ac96-774b-bcce-b302099a8057').toString('base64url');
  refuses(spaced);
});

test('a page has a next cursor only when there are more rows', () => {
  const rows = [1, 2, 3].map((day) => ({
    createdAt: new Date(Date.UTC(2026, 0, day)),
    id: `0000000${day}-0000-7000-8000-000000000000`,
  }));
  expect(toPage(rows, 3, (row) => row)).toEqual({ items: rows, nextCursor: null });
  const page = toPage(rows, 2, (row) => row);
  expect(page.items).toHaveLength(2);
  expect(decodeCursor(page.nextCursor ?? '')).toEqual(rows[1]);
});

test('wildcards of a searched text stand for themselves', () => {
  expect(containsPattern('50%_\\')).toBe('%50\\%\\_\\\\%');
});
