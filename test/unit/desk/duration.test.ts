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
    ['1h 120m', 180],
    ['1小时30分', 90],
    ['1 小时 30 分钟', 90],
    ['１．５小时', 90],
    ['90分钟', 90],
    ['2个小时', 120],
    ['1时30分', 90],
    ['1小时30', 90],
    ['1小时半', 90],
    ['2个半小时', 150],
    ['半小时', 30],
    ['半个小时', 30],
    ['一个半小时', 90],
    ['1小时 30m', 90],
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
    '小时',
    '0分',
    '25小时',
    '24个半小时',
    '1天',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it('finds the end of a duration inside a text', () => {
    expect(matchDuration('log 1h 30m on 12', 4)).toEqual({ minutes: 90, end: 10 });
    expect(matchDuration('log 1h 12', 4)).toEqual({ minutes: 60, end: 6 });
    expect(matchDuration('log 30m', 0)).toBeNull();
    expect(matchDuration('1小时1002', 0)).toEqual({ minutes: 60, end: 3 });
    expect(matchDuration('30分钟1002', 0)).toEqual({ minutes: 30, end: 4 });
    // Minutes that a ticket's number could be are none.
    expect(matchDuration('1小时 1002 分析', 0)).toEqual({ minutes: 60, end: 3 });
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

  it('uses the units of the language', () => {
    const say = translator('zh-CN');
    expect([60, 45, 90].map((minutes) => formatDuration(minutes, say))).toEqual([
      '1小时',
      '45分钟',
      '1小时30分钟',
    ]);
  });

  it.each(languages.map((language) => language.code))('writes in %s what parseDuration reads', (code) => {
    const say = translator(code);
    for (let minutes = 1; minutes <= maxMinutes; minutes++) {
      expect(parseDuration(formatDuration(minutes, say))).toBe(minutes);
    }
  });
});
