/** Plain text: nothing in it can drive a terminal or reorder what stands beside it, and cuts never split a character. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine, cleanText, truncateText } from '../../../src/kernel/plain-text.ts';

describe('cleanText', () => {
  it('takes away controls and what reorders, and keeps what people write with', () => {
    expect(cleanText('a\u001b[31mb\u009b1mc\u0000\u007f\ufeff')).toBe('a[31mb1mc');
    expect(cleanText('gnp.\u202eexe\u2066x\u2069')).toBe('gnp.exex');
    expect(cleanText('שלום\u200f! می\u200cخواهم 👩‍💻')).toBe('שלום\u200f! می\u200cخواهم 👩‍💻');
  });

  it('has one kind of line break', () => {
    expect(cleanText('a\r\nb\rc\u2028d\u0085e\tf')).toBe('a\nb\nc\nd\ne f');
    expect(cleanLine('  a\r\n b\t\u3000c ')).toBe('a b c');
  });

  it('leaves neither controls nor lone surrogates in any text, and changes nothing the second time', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('', '\ud800', '\u001b]0;x\u0007'),
        (text, more) => {
          const clean = cleanText(text + more + text);
          expect(clean).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u);
          expect(clean.isWellFormed()).toBe(true);
          expect(cleanText(clean)).toBe(clean);
        },
      ),
    );
    // Building the arbitrary over all code points takes seconds on a busy machine.
  }, 30_000);
});

describe('truncateText', () => {
  it('marks the cut and leaves short texts alone', () => {
    expect(truncateText('abc', 3)).toBe('abc');
    expect(truncateText('abcd', 3)).toBe('ab…');
    expect(truncateText('ab cd', 4)).toBe('ab…');
    expect(truncateText('a😀b', 3)).toBe('a…');
  });

  it('is never longer than asked for and never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (text, max) => {
        const cut = truncateText(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
  }, 30_000);
});
