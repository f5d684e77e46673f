/** What people read on a terminal. */
import { describe, expect, it } from 'vitest';
import { facts, field, localTime, problemText, show, table, time } from '../../../src/cli/output.ts';

describe('table', () => {
  it('aligns columns, also under wide characters and combining marks', () => {
    const rows = [
      { name: '张伟', note: 'a' },
      { name: 'Zoe\u0308', note: 'b' },
      { name: 'Benjamin', note: 'c' },
    ];
    expect(table([field('NAME', 'name'), field('NOTE', 'note')], rows, 'none')).toBe(
      'NAME      NOTE\n张伟      a\nZoe\u0308       b\nBenjamin  c',
    );
  });

  it('says that there is nothing', () => {
    expect(table([field('NAME', 'name')], [], 'There is nothing.')).toBe('There is nothing.');
  });

  it('shows times in local time', () => {
    const at = new Date(2026, 10, 21, 9, 5);
    expect(table([time('AT', 'at')], [{ at: at.toISOString() }], '')).toBe('AT\n2026-11-21 09:05');
  });
});

describe('show', () => {
  it('makes texts harmless for a terminal, on one line', () => {
    expect(show('\u001b[31mred\u001b[0m\nnext\u202e')).toBe('[31mred[0m next');
  });

  it.each([
    [null, '-'],
    [undefined, '-'],
    ['', '-'],
    [[], '-'],
    [false, 'false'],
    [0, '0'],
    [['a', 'b'], 'a, b'],
    [{ a: 1 }, '{"a":1}'],
  ])('shows %j as %s', (value, text) => {
    expect(show(value)).toBe(text);
  });
});

it('leaves what is no time as it is', () => {
  expect(localTime(null)).toBe('-');
  expect(localTime('soon')).toBe('soon');
});

it('puts facts under one another', () => {
  expect(
    facts([
      ['a', '1'],
      ['long', '2'],
    ]),
  ).toBe('a     1\nlong  2');
});

describe('problemText', () => {
  it('has title, detail, fields and remedy', () => {
    const problem = {
      title: 'The request is not valid',
      code: 'validation_error',
      detail: 'The body is not valid.',
      errors: [{ path: 'email', message: 'Invalid email address' }],
      remedy: 'Correct the fields.',
    };
    expect(problemText(problem)).toBe(
      'The request is not valid: The body is not valid.\n  email: Invalid email address\nCorrect the fields.',
    );
  });

  it('is one sentence where there is no more to say', () => {
    expect(problemText({ title: 'Not found', code: 'not_found' })).toBe('Not found.');
  });

  it('carries no escape sequences of the server', () => {
    expect(problemText({ title: 'No', code: 'x', detail: '\u001b]0;owned\u0007' })).toBe('No: ]0;owned');
  });
});
