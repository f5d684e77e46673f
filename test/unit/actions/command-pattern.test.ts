import { describe, expect, it } from 'vitest';
import { expandPattern } from '../../../src/actions/command-pattern.ts';

/** The sequences in the notation of patterns, without brackets. */
function sequences(pattern: string): string[] {
  return expandPattern(pattern).map(({ elements, body }) => {
    const pieces = elements.map((element) => (element.kind === 'slot' ? `<${element.name}>` : element.text));
    return [...pieces, ...(body === null ? [] : [`¶ <${body}>`])].join(' ');
  });
}

describe('expandPattern', () => {
  it('expands options and choices, nested ones too, each sequence once', () => {
    expect(sequences('(A|b c) [d[e] <ticket>]')).toEqual([
      'a',
      'a d <ticket>',
      'a d e <ticket>',
      'b c',
      'b c d <ticket>',
      'b c d e <ticket>',
    ]);
    expect(sequences('a [b] [b]')).toEqual(['a', 'a b', 'a b b']);
  });

  it('parts punctuation from what it stands at, and folds it', () => {
    expect(sequences('note <ticket>[：<note>]')).toEqual(['note <ticket>', 'note <ticket> : <note>']);
  });

  it('knows the words before the first argument as they are typed', () => {
    expect(expandPattern('add note: <ticket>')[0]?.head).toBe('add note:');
    expect(expandPattern('我的 工单 <ticket>')[0]?.head).toBe('我的工单');
  });

  it('takes the lines after the first for a body', () => {
    expect(sequences('new <title> [¶ <description>]')).toEqual([
      'new <title>',
      'new <title> ¶ <description>',
    ]);
  });

  it.each([
    ['<ticket> note', 'begins with a word'],
    ['[a] <ticket>', 'begins with a word'],
    ['', 'begins with a word'],
    ['a <nonsense>', 'unknown slot'],
    ['a [b', '] is missing'],
    ['a (b]', ') is missing'],
    ['a b)', 'unexpected )'],
    ['a <title> <client>', 'words must follow'],
    ['a <title> for <client> on <status>', 'more than one text'],
    ['a ¶ <title>', 'one text slot'],
    ['a ¶ <note> b', 'one text slot'],
    [`a${' [b]'.repeat(7)}${' (c|d)'.repeat(7)}`, 'more than 64'],
  ])('refuses %j', (pattern, reason) => {
    expect(() => expandPattern(pattern)).toThrow(reason);
  });
});
