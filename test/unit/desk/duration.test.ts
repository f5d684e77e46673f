import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, matchDuration, maxMinutes, parseDuration } from '../../../src/desk/duration.ts';
import { languages, translator } from '../../../src/words/index.ts';

describe('parseDuration', () => {
  it.each([
    ['1h 30m', 90],
    ['90m', 90],
    ['1.5h', 90],
    ['1,5 h', 90],
    ['1h30', 90],
    ['1h5', 65],
    ['1H30M', 90],
    ['90 min', 90],
    ['2 hours 5 minutes', 125],
    ['1 hr', 60],
    ['0.33h', 20],
    ['24h', 1440],
    ['1m', 1],
    ['  ４５ｍ ', 45],
  ])('reads %s as %i minutes', (text, minutes) => {
    expect(parseDuration(text)).toBe(minutes);
  });

  it.each([
    '',
    '30',
    'h',
    '0m',
    '0h',
    '24h 1m',
    '1441m',
    '-5m',
    '1h 30',
    '1h305',
    '1h60',
    '5 meters',
    '1e3m',
    'half an hour',
    '99999m',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it('finds the end of a duration inside a text', () => {
    expect(matchDuration('log 1h 30m on 12', 4)).toEqual({ minutes: 90, end: 10 });
    expect(matchDuration('log 1h 12', 4)).toEqual({ minutes: 60, end: 6 });
    expect(matchDuration('log 30m', 0)).toBeNull();
  });

  it('reads whatever text without failing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const minutes = parseDuration(text);
        expect(minutes === null || (Number.isInteger(minutes) && minutes >= 1 && minutes <= maxMinutes)).toBe(
          true,
        );
      }),
    );
  });
});

describe('formatDuration', () => {
  it('leaves out what is zero', () => {
    const say = translator('en');
    expect([60, 45, 90, 1440].map((minutes) => formatDuration(minutes, say))).toEqual([
      '1h',
      '45m',
      '1h 30m',
      '24h',
    ]);
  });

  it.each(languages.map((language) => language.code))('writes in %s what parseDuration reads', (code) => {
    const say = translator(code);
    for (let minutes = 1; minutes <= maxMinutes; minutes++) {
      expect(parseDuration(formatDuration(minutes, say))).toBe(minutes);
    }
  });
});
