/** Cells of a terminal: widths of characters and the breaking of lines. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsOf, flow, padCells, wrapText } from '../../../src/demo/terminal-text.ts';

describe('cellsOf', () => {
  it.each([
    ['', 0],
    ['plain ~', 7],
    ['é e\u0301 ø', 5],
    ['الطابعة', 7],
    ['日本語', 6],
    ['ﾊﾟ', 2],
    ['（全角）', 8],
    ['한국', 4],
    ['\u1112\u1161\u11ab', 2],
    ['💻', 2],
    ['👩‍💻', 2],
    ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', 2],
    ['🇩🇪', 2],
    ['⚠️', 2],
    ['⚠', 1],
    ['“…”', 3],
    ['a\u200bb', 2],
    ['क्षि', 3],
  ])('%s takes %i', (text, cells) => {
    expect(cellsOf(text)).toBe(cells);
  });
});

describe('lines', () => {
  it('break at spaces', () => {
    expect(wrapText('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapText('', 7)).toEqual([]);
  });

  it('break inside words that are longer than a line, between characters', () => {
    expect(wrapText('a 日本語日本語 b', 5)).toEqual(['a', '日本', '語日', '本語', 'b']);
    expect(wrapText('👩‍💻👩‍💻👩‍💻', 4)).toEqual(['👩‍💻👩‍💻', '👩‍💻']);
    expect(wrapText('日', 1)).toEqual(['日']);
  });

  it('keep pieces whole', () => {
    expect(flow(['[1] Assign to me', '[2] Add note'], '  ', 20)).toEqual([
      '[1] Assign to me',
      '[2] Add note',
    ]);
    expect(flow(['[1] Assign to me', '[2] Add note'], '  ', 30)).toEqual(['[1] Assign to me  [2] Add note']);
  });

  it('are padded by cells', () => {
    expect(padCells('日本', 6)).toBe('日本  ');
    expect(padCells('toolong', 3)).toBe('toolong');
  });

  it('lose nothing and fit', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 80 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 30 }), (text, width) => {
        const lines = wrapText(text, width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        const segmenter = new Intl.Segmenter('en');
        for (const line of lines) {
          const isOneCharacter = [...segmenter.segment(line)].length === 1;
          expect(isOneCharacter || cellsOf(line) <= width).toBe(true);
        }
      }),
    );
  });
});
