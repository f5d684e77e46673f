/** What holds for the commands of every language, those to come included. */
import { describe, expect, it } from 'vitest';
import { createCommandParser } from '../../../src/actions/parse-command.ts';
import { actions } from '../../../src/actions/registry.ts';
import { en } from '../../../src/words/en.ts';
import { foldWidth } from '../../../src/words/fold-width.ts';
import { createTranslator, languages, translator, type Words } from '../../../src/words/index.ts';
import { findLanguage, isMe, statusKindOf } from '../../../src/words/typed-words.ts';
import { readSources } from '../../architecture/imports.ts';

const parser = createCommandParser(actions, languages);

/** Which action runs each command. */
const owners = new Map<string, string>(
  actions.flatMap((action) => action.commands.map((command) => [command.id, action.id] as const)),
);

function widen(text: string): string {
  return text.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0));
}

function folded(input: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, foldWidth(value)]));
}

describe.each(languages)('$name', ({ code, commands, messages }) => {
  const examples = Object.entries(commands).flatMap(([command, words]) =>
    words.examples.map((example) => [example, command] as const),
  );

  it.each(examples)('%j can be sent as it stands, by anybody', (example, command) => {
    for (const locale of [...languages.map((language) => language.code), null]) {
      expect(parser.parse(example, locale)).toMatchObject({
        kind: 'command',
        action: owners.get(command),
        command,
        locale: code,
      });
    }
  });

  it.each(examples)('%j means the same in full width and in half width', (example) => {
    const plain = parser.parse(example, code);
    if (plain.kind !== 'command') throw new Error('not a command');
    for (const variant of [widen(example), foldWidth(example)]) {
      const parsed = parser.parse(variant, code);
      expect(parsed).toMatchObject({ kind: 'command', command: plain.command, locale: code });
      expect(parsed.kind === 'command' && folded(parsed.input)).toEqual(folded(plain.input));
    }
  });

  const quoted = Object.entries(messages).flatMap(([key, message]) =>
    [...message.matchAll(/["“]([^"”{}#]+)["”]/g)].map(([, command = '']) => [command, key] as const),
  );

  it.each(quoted)('%j, which %s tells people to send, is understood', (command) => {
    expect(parser.parse(command, code)).toMatchObject({
      kind: expect.stringMatching(/^(command|missing)$/),
      locale: code,
    });
  });

  it('reads the commands behind its buttons', () => {
    const say = translator(code);
    const assign = say('command.assign_ticket', { number: 1002, assignee: 'ann@acme.test' });
    expect(parser.parse(assign, null)).toMatchObject({
      action: 'assign_ticket',
      input: { ticket: '#1002', assignee: 'ann@acme.test' },
      locale: code,
    });
    const title = `${say('field.client.label')} 3 for all 客户 here`;
    const create = say('command.create_ticket', { title, client: 'Contoso' });
    expect(parser.parse(create, null)).toMatchObject({
      action: 'create_ticket',
      input: { title, client: 'Contoso' },
      locale: code,
    });
  });
});

describe('a third language', () => {
  const german: Words = {
    ...en,
    code: 'de',
    name: 'Deutsch',
    typed: {
      ...en.typed,
      me: ['mir', 'ich'],
      statusKinds: { new: ['neu'], open: ['offen'], waiting: ['wartend'], closed: ['erledigt'] },
      languageNames: {},
    },
    messages: { ...en.messages, 'done.assigned': '#{number} gehört jetzt {assignee}' },
    commands: {
      ...en.commands,
      my_tickets: { patterns: ['meine tickets'], examples: ['meine tickets'] },
      assign_ticket: { patterns: ['gib <ticket> [an] <assignee>'], examples: ['gib 1002 an mir'] },
    },
  };
  const three = [...languages, german];
  const withGerman = createCommandParser(actions, three);

  it('is understood, suggested and asked back in, beside the others', () => {
    expect(withGerman.parse('Meine Tickets', 'en')).toMatchObject({ action: 'my_tickets', locale: 'de' });
    expect(withGerman.parse('gib 7 an Ann', 'zh')).toMatchObject({
      action: 'assign_ticket',
      input: { ticket: '7', assignee: 'Ann' },
    });
    expect(withGerman.parse('miene tickets', 'de-AT')).toMatchObject({ text: 'meine tickets', locale: 'de' });
    expect(withGerman.parse('gib', null)).toMatchObject({ kind: 'missing', example: 'gib 1002 an mir' });
    expect(withGerman.parse('分配', 'de')).toMatchObject({ examples: { de: 'gib 1002 an mir' } });
    expect(withGerman.parse('我的工单', 'de')).toMatchObject({ action: 'my_tickets', locale: 'zh-Hans' });
  });

  it('is spoken', () => {
    const say = createTranslator(three)('de_CH');
    expect(say.locale).toBe('de');
    expect(say('done.assigned', { number: 7, assignee: 'Ann' })).toBe('#7 gehört jetzt Ann');
    expect(say.examples('my_tickets')).toEqual(['meine tickets']);
    expect(say.date(new Date('2026-03-05T12:00:00Z'), 'Europe/Berlin')).toBe('5. März 2026');
  });

  it('brings its own words for people, statuses and itself', () => {
    expect([isMe('Mir', three), isMe('我', three), isMe('mir')]).toEqual([true, true, false]);
    expect(statusKindOf('erledigt', three)).toBe('closed');
    expect(['Deutsch', 'German', '德语', 'de-AT'].map((name) => findLanguage(name, three))).toEqual(
      Array(4).fill(german),
    );
    expect(findLanguage('Chinesisch', three)?.code).toBe('zh-Hans');
  });

  it('is a file and a line: nothing but the list of languages names one, English, the fallback, aside', () => {
    const naming = readSources(['src']).filter(({ path, text }) => {
      return /['"]zh(-[A-Za-z]+)?['"]|\/zh\.ts'/.test(text) && path !== 'src/words/zh.ts';
    });
    expect(naming.map(({ path }) => path)).toEqual(['src/words/index.ts']);
  });
});
