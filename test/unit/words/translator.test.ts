import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { en } from '../../../src/words/en.ts';
import { foldWidth } from '../../../src/words/fold-width.ts';
import {
  createTranslator,
  firstSpoken,
  languages,
  matchLanguage,
  sayError,
  translator,
} from '../../../src/words/index.ts';
import { findCategory, findLanguage, isMe, statusKindOf } from '../../../src/words/typed-words.ts';

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

  it.each([
    'zh',
    'ZH',
    'zh-CN',
    'zh_CN',
    'ZH_CN',
    'zh_cn',
    'zh-Hans',
    'zh-Hans-SG',
    'zh-TW',
    'zh_HK',
    'zh-Hant',
    'zh-x',
  ])('speaks Chinese for %j', (locale) => {
    expect(translator(locale).locale).toBe('zh-Hans');
  });

  it('prefers the script of the place, once there is one', () => {
    const both = [en, chinese, { ...chinese, code: 'zh-Hant' }];
    const codes = ['zh', 'zh-CN', 'zh_SG', 'zh-TW', 'zh_HK', 'zh-Hant-MO'].map(
      (locale) => matchLanguage(both, locale)?.code,
    );
    expect(codes).toEqual(['zh-Hans', 'zh-Hans', 'zh-Hans', 'zh-Hant', 'zh-Hant', 'zh-Hant']);
  });

  it('passes over locales that it does not speak', () => {
    expect(firstSpoken([null, 'fr', undefined, 'zh_CN', 'en'])).toBe('zh_CN');
    expect(firstSpoken(['fr', null])).toBeNull();
  });

  it('survives any locale', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (locale) =>
        languages.some(({ code }) => code === translator(locale).locale),
      ),
    );
  });
});

describe('words inside commands', () => {
  it.each([
    [' english ', 'en'],
    ['Ｅｎｇｌｉｓｈ', 'en'],
    ['en-GB', 'en'],
    ['英文', 'en'],
    ['英语', 'en'],
    ['中文', 'zh-Hans'],
    ['简体中文', 'zh-Hans'],
    ['中文（简体）', 'zh-Hans'],
    ['Chinese', 'zh-Hans'],
    ['simplified chinese', 'zh-Hans'],
    ['zh', 'zh-Hans'],
    ['zh_CN', 'zh-Hans'],
    ['Klingon', undefined],
    ['法语', undefined],
    ['', undefined],
  ])('name with %j the language %s', (name, code) => {
    expect(findLanguage(name)?.code).toBe(code);
  });

  it.each(['me', 'ME', ' ｍｅ ', 'myself', '我', '我自己'])('mean with %j the person', (text) => {
    expect(isMe(text)).toBe(true);
  });

  it.each(['', 'mel', '我们', 'mе'])('do not mean with %j the person', (text) => {
    expect(isMe(text)).toBe(false);
  });

  it.each([
    ['Announcements', 'announcement'],
    ['announcement', 'announcement'],
    ['customer  replies', 'customer_reply'],
    ['customer_reply', 'customer_reply'],
    ['ＳＬＡ risk', 'sla_risk'],
    ['公告', 'announcement'],
    ['审批', 'approval_request'],
    ['tests', null],
    ['test', null],
    ['', null],
    ['constructor', null],
  ])('mean with %j the category %s', (text, category) => {
    expect(findCategory(text)).toBe(category);
  });

  it.each([
    ['Done', 'closed'],
    ['in  progress', 'open'],
    ['已解决', 'closed'],
    ['处理中', 'open'],
    ['挂起', 'waiting'],
    ['新建', 'new'],
    ['somewhere', null],
  ])('mean with %j the kind %s of status', (text, kind) => {
    expect(statusKindOf(text)).toBe(kind);
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

  it('are told in the language of the person', () => {
    const chineseSay = translator('zh_CN');
    expect(chineseSay.dateTime(at, 'Asia/Shanghai')).toBe('2026年3月6日 6:30');
    expect(chineseSay.date(at, 'America/New_York')).toBe('2026年3月5日');
    expect(chineseSay.dateTime(at, null)).toContain('UTC');
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
