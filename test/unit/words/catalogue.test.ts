import { readFileSync } from 'node:fs';
import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';
import { expandPattern, slotTypes } from '../../../src/actions/command-pattern.ts';
import { parseDuration } from '../../../src/desk/duration.ts';
import { en } from '../../../src/words/en.ts';
import { type CommandWords, languages } from '../../../src/words/index.ts';
import { foldWord } from '../../../src/words/typed-words.ts';
import { readSources } from '../../architecture/imports.ts';
import { unusedKeys } from './unused-messages.ts';

type Elements = ReturnType<IntlMessageFormat['getAst']>;

/** Names of the placeholders of a message, wherever they stand, sorted. */
function placeholders(message: string): string[] {
  const names = new Set<string>();
  const visit = (elements: Elements): void => {
    for (const element of elements) {
      // 0: text, 7: the # of a plural, 8: a tag; everything else names an argument.
      if (element.type !== 0 && element.type !== 7 && element.type !== 8) names.add(element.value);
      if ('options' in element) for (const option of Object.values(element.options)) visit(option.value);
    }
  };
  visit(new IntlMessageFormat(message, 'en', undefined, { ignoreTag: true }).getAst());
  return [...names].sort();
}

interface Catalogue {
  messages: Readonly<Record<string, string>>;
  commands: Readonly<Record<string, CommandWords>>;
}

/** What a language lacks, has too much, or says with other placeholders than English. */
function faultsOf(words: Catalogue): string[] {
  const faults = differences('message', Object.keys(en.messages), Object.keys(words.messages));
  faults.push(...differences('command', Object.keys(en.commands), Object.keys(words.commands)));
  for (const [key, english] of Object.entries(en.messages)) {
    const translated = words.messages[key];
    if (translated === undefined) continue;
    if (String(placeholders(translated)) !== String(placeholders(english)))
      faults.push(`placeholders of ${key}`);
  }
  for (const [id, { patterns, examples }] of Object.entries(words.commands)) {
    if (patterns.length === 0 || examples.length === 0) faults.push(`command ${id} has no words`);
  }
  return faults;
}

function differences(what: string, english: string[], own: string[]): string[] {
  return [
    ...english.filter((key) => !own.includes(key)).map((key) => `${what} ${key} is missing`),
    ...own.filter((key) => !english.includes(key)).map((key) => `${what} ${key} is unknown to English`),
  ];
}

describe.each(languages)('$name', (words) => {
  it('has every message and command of English, no other, with the same placeholders', () => {
    expect(faultsOf(words)).toEqual([]);
  });

  it('has no pattern that two commands share', () => {
    const owners = new Map<string, string>();
    for (const [id, { patterns }] of Object.entries(words.commands)) {
      for (const { elements, body } of patterns.flatMap(expandPattern)) {
        const variant = JSON.stringify([elements, body]);
        expect(owners.get(variant) ?? id, variant).toBe(id);
        owners.set(variant, id);
      }
    }
  });

  it('gives the words inside commands as they are compared, each with one meaning', () => {
    const { units, durations, me, statusKinds, categories, languageNames } = words.typed;
    const statuses = Object.values(statusKinds).flat();
    const kinds = Object.values(categories).flat();
    const unitWords = [...units.hour, ...units.minute, ...units.hourAndHalf, ...Object.keys(durations)];
    for (const list of [statuses, kinds, unitWords, me, Object.values(languageNames).flat()]) {
      expect(list).toEqual(list.map(foldWord));
      expect(list).toEqual([...new Set(list)]);
    }
    expect(me).not.toEqual([]);
    expect(Object.keys(statusKinds)).toEqual(Object.keys(en.typed.statusKinds));
    expect(Object.keys(categories)).toEqual(Object.keys(en.typed.categories));
    for (const [text, minutes] of Object.entries(durations)) expect(parseDuration(text)).toBe(minutes);
  });

  it.each(Object.entries(words.messages))(
    'says %s in a form that the translator understands',
    (_, message) => {
      expect(message).toBe(message.trim());
      expect(message).not.toBe('');
      // Quoting of ICU would show in messages without placeholders, which are taken as they are.
      expect(message).not.toMatch(/''|'\{|'\}/);
      expect(placeholders(message)).toEqual(namesSeenByTypes(message));
    },
  );
});

/** The rule by which the type of `say` reads placeholders, which does not look into the branches of a plural. */
function namesSeenByTypes(message: string): string[] {
  const names = [...message.matchAll(/\{([^}]*)\}/g)].map(([, inside = '']) => inside.split(',')[0] ?? '');
  return [...new Set(names.filter((name) => name !== '' && !/[ #{]/.test(name)))].sort();
}

describe('the checks', () => {
  it('see what is missing, too much, or different', () => {
    const { 'button.approve': _, ...messages } = en.messages;
    const { help: __, ...commands } = en.commands;
    const broken = {
      messages: { ...messages, 'button.aprove': 'Approve', 'done.noted': 'Note added to {ticket}' },
      commands: { ...commands, whoami: { patterns: ['whoami'], examples: [] } },
    };
    expect(faultsOf(broken)).toEqual([
      'message button.approve is missing',
      'message button.aprove is unknown to English',
      'command help is missing',
      'placeholders of done.noted',
      'command whoami has no words',
    ]);
  });

  it('see messages that nothing says', () => {
    const sources = ["say('button.approve')"];
    expect(unusedKeys(['button.approve', 'button.reply', 'error.conflict.text'], sources)).toEqual([
      'button.reply',
    ]);
  });
});

it('asks for every kind of argument', () => {
  expect(Object.keys(slotTypes).filter((slot) => !(`ask.slot.${slot}` in en.messages))).toEqual([]);
});

it('has no message that nothing says', () => {
  const sources = readSources(['src', 'bots']).filter(({ path }) => !path.startsWith('src/words/'));
  const texts = [...sources.map(({ text }) => text), readFileSync('src/words/index.ts', 'utf8')];
  expect(unusedKeys(Object.keys(en.messages), texts)).toEqual([]);
});
