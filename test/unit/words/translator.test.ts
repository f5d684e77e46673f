import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { en } from '../../../src/words/en.ts';
import { foldWidth } from '../../../src/words/fold-width.ts';
import {
  createTranslator,
  findLanguage,
  matchLanguage,
  sayError,
  translator,
} from '../../../src/words/index.ts';

const chinese = {
  code: 'zh-Hans',
  name: '简体中文',
  messages: { 'button.approve': '打开', 'done.assigned': '#{number} 已分配给 {assignee}' },
  commands: { help: { patterns: ['帮助'], examples: ['帮助'] } },
};

describe('translator', () => {
  it('fills placeholders, numbers without separators, values as they are', () => {
    expect(translator('en')('done.assigned', { number: 1002, assignee: "<b>O'Neil {x}</b>" })).toBe(
      "#1002 is assigned to <b>O'Neil {x}</b>",
    );
  });

  it('counts', () => {
    const say = translator('en');
    expect(say('tickets.found.title', { count: 1, query: 'a' })).toBe('1 ticket for "a"');
    expect(say('tickets.found.title', { count: 1200, query: 'a' })).toBe('1,200 tickets for "a"');
  });

  it('accepts only known keys with their placeholders', () => {
    const say = translator('en');
    // @ts-expect-error no such key
    expect(() => say('button.aply')).toThrow();
    // @ts-expect-error a placeholder has no value
    expect(() => say('done.noted')).toThrow();
    // @ts-expect-error a value has no placeholder
    say('button.approve', { number: 1 });
  });

  it.each([
    ['en', 'en'],
    ['EN_us', 'en'],
    ['fr', 'en'],
    [null, 'en'],
    ['', 'en'],
    ['zh-Hans', 'zh-Hans'],
    ['zh-hans-CN', 'zh-Hans'],
    ['-', 'en'],
  ])('speaks for %j the language %s', (locale, code) => {
    expect(createTranslator([en, chinese])(locale).locale).toBe(code);
  });

  it('fills the gaps of a language with English', () => {
    const say = createTranslator([en, chinese])('zh-Hans');
    expect(say('button.approve')).toBe('打开');
    expect(say('done.assigned', { number: 1002, assignee: '小明' })).toBe('#1002 已分配给 小明');
    expect(say('button.reply')).toBe(en.messages['button.reply']);
    expect(say.examples('help')).toEqual(['帮助']);
    expect(say.examples('whoami')).toEqual(['whoami']);
  });

  it('gives one voice per language, not per spelling', () => {
    expect(translator('en-GB')).toBe(translator('fr'));
  });

  it('finds a language by code or by its own name', () => {
    expect(findLanguage(' english ')?.code).toBe('en');
    expect(findLanguage('en-GB')?.code).toBe('en');
    expect(findLanguage('Klingon')).toBeNull();
    expect(matchLanguage([chinese], 'zh')).toBeNull();
  });

  it('survives any locale', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (locale) => translator(locale)('button.approve') === 'Approve',
      ),
    );
  });
});

describe('dates', () => {
  const at = new Date('2026-03-05T22:30:00Z');
  const say = translator('en');

  it('are told in the zone of the person', () => {
    expect(say.dateTime(at, 'Asia/Shanghai')).toBe('Mar 6, 2026, 6:30 AM');
    expect(say.date(at, 'Asia/Shanghai')).toBe('Mar 6, 2026');
    expect(say.date(at, 'America/New_York')).toBe('Mar 5, 2026');
  });

  it('are told in UTC, by name, where the zone is unknown', () => {
    expect(say.dateTime(at, null)).toBe('Mar 5, 2026, 10:30 PM UTC');
    expect(say.dateTime(at, 'Mars/Olympus')).toBe('Mar 5, 2026, 10:30 PM UTC');
  });
});

it('lists alternatives', () => {
  expect(translator('en').choices(['low', 'high', 'urgent'])).toBe('low, high, or urgent');
});

it('has words for errors, and general ones for codes that never reach a chat', () => {
  const say = translator('en');
  expect(sayError(say, 'forbidden').text).toBe(en.messages['error.forbidden.text']);
  expect(sayError(say, 'malformed_cursor')).toEqual(sayError(say, 'execution_failed'));
});

describe('foldWidth', () => {
  it('folds digits, letters, punctuation and spaces', () => {
    expect(foldWidth('ＡＢ　１００２：＃？')).toBe('AB 1002:#?');
  });

  it('keeps every position', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(foldWidth(text)).toHaveLength(text.length);
      }),
    );
  });
});
