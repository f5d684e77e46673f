/** How rounds become a row: medians, and a ratio that is higher where the subject is better. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../bench/http-connection.ts';
import { type Measurement, median, mergeRows, toRow } from '../../../bench/measure.ts';

const measurement = (fields: Partial<Measurement>): Measurement => ({
  bench: 'b/x',
  subject: 's',
  peer: 'p',
  unit: 'u',
  better: 'higher',
  subjectRounds: [100, 300, 200],
  peerRounds: [100, 100, 100],
  goal: 1,
  ...fields,
});

describe('a row', () => {
  it('has the medians, their ratio, and the spread of the rounds', () => {
    expect(toRow(measurement({}))).toMatchObject({
      subject_value: 200,
      peer_value: 100,
      ratio: 2,
      ratio_low: 1,
      ratio_high: 3,
    });
  });

  it('turns a cost round: half of it is twice as good', () => {
    expect(toRow(measurement({ better: 'lower' }))).toMatchObject({
      ratio: 0.5,
      ratio_low: 0.333,
      ratio_high: 1,
    });
  });

  it('is refused when the sides differ in rounds, or have none', () => {
    expect(() => toRow(measurement({ peerRounds: [1] }))).toThrow(RangeError);
    expect(() => toRow(measurement({ subjectRounds: [], peerRounds: [] }))).toThrow(RangeError);
  });
});

it('the median has as many values below it as above', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values);
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
    }),
  );
});

it('rows that were measured again take the place of the old ones; the others stay', () => {
  const row = (bench: string, peer: string, value: number) =>
    toRow(measurement({ bench, peer, subjectRounds: [value], peerRounds: [1] }));
  const old = [row('b/x', 'p', 1), row('b/x', 'q', 2), row('c', 'p', 3)];
  expect(mergeRows(old, [row('b/y', 'p', 4), row('b/x', 'q', 5)])).toEqual([
    row('b/x', 'p', 1),
    row('b/x', 'q', 5),
    row('b/y', 'p', 4),
    row('c', 'p', 3),
  ]);
});

it.each([
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: now\r\n\r\nhello'],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'],
  ['nothing in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
])('an answer with %s is read when it is complete, wherever it was cut', (_what, text) => {
  const answer = Buffer.from(text);
  for (let size = 0; size < answer.length; size += 1) expect(readAnswer(answer.subarray(0, size))).toBeNull();
  const withNext = Buffer.concat([answer, Buffer.from('HTTP/1.1 5')]);
  expect(readAnswer(withNext)).toEqual({ status: 200, length: answer.length });
  expect(() => readAnswer(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow();
});
