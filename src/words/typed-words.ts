/** Words that people type inside commands, in any of our languages: who, which status, which language. */
import { foldWidth } from './fold-width.ts';
import { languages, matchLanguage } from './index.ts';
import type { MutableCategory, TypedWords, Words } from './words.ts';

export type StatusWord = keyof TypedWords['statusKinds'];

/** Text as words are compared: half-width, lower case, single spaces. */
export function foldWord(text: string): string {
  return foldWidth(text).trim().replace(/\s+/g, ' ').toLowerCase();
}

/** Whether a person means himself or herself. */
export function isMe(text: string, offered: readonly Words[] = languages): boolean {
  const word = foldWord(text);
  return offered.some(({ typed }) => typed.me.includes(word));
}

/** The kind of status that a word stands for (`done`, `已解决`); null = none. */
export function statusKindOf(text: string, offered: readonly Words[] = languages): StatusWord | null {
  const word = foldWord(text);
  for (const { typed } of offered) {
    for (const [kind, words] of Object.entries(typed.statusKinds)) {
      if (words.includes(word)) return kind as StatusWord;
    }
  }
  return null;
}

/** The kind of messages that a person names, in any of our languages or by its id; null = none. */
export function findCategory(text: string, offered: readonly Words[] = languages): MutableCategory | null {
  const word = foldWord(text);
  for (const { typed } of offered) {
    for (const [category, words] of Object.entries(typed.categories)) {
      if (category === word || words.includes(word)) return category as MutableCategory;
    }
  }
  return null;
}

/**
 * The language that a person names: by its own name (`中文`), by what any of our languages calls it (`Chinese`, `英文`),
 * or by its tag (`zh-CN`). Null = none of ours.
 */
export function findLanguage(text: string, offered: readonly Words[] = languages): Words | null {
  const name = foldWord(text);
  if (name === '') return null;
  return (
    offered.find((language) => namesOf(language, offered).includes(name)) ?? matchLanguage(offered, name)
  );
}

/** Every name of a language, folded. */
function namesOf(language: Words, offered: readonly Words[]): string[] {
  const [base = language.code] = language.code.split('-', 1);
  const given = offered.flatMap(({ code, typed }) => {
    const unicode = new Intl.DisplayNames(code, { type: 'language', fallback: 'none' });
    const special = Object.entries(typed.languageNames)
      .filter(([tag]) => matchLanguage(offered, tag) === language)
      .flatMap(([, names]) => names);
    return [unicode.of(language.code), unicode.of(base), ...special];
  });
  return [language.name, ...given].filter((name) => name !== undefined).map(foldWord);
}
