/** Categories by name: every name that people read is one that they may type, and every hint is a command. */
import { describe, expect, it } from 'vitest';
import { createCommandParser } from '../../../src/actions/parse-command.ts';
import { actions } from '../../../src/actions/registry.ts';
import {
  categoryName,
  isMutable,
  mutableCategories,
  muteCommand,
} from '../../../src/notify/category-words.ts';
import { categories } from '../../../src/notify/records.ts';
import { languages, translator } from '../../../src/words/index.ts';
import { findCategory } from '../../../src/words/typed-words.ts';

const parser = createCommandParser(actions, languages);

it('all but tests can be muted', () => {
  expect(categories.filter((category) => !isMutable(category))).toEqual(['test']);
  expect(mutableCategories).toHaveLength(categories.length - 1);
});

describe.each(languages)('in $name', ({ code }) => {
  const say = translator(code);

  it.each(mutableCategories)('%s is understood by the name that people read', (category) => {
    expect(findCategory(categoryName(say, category))).toBe(category);
  });

  it.each(mutableCategories)('the command that mutes %s can be sent as it stands, and undone', (category) => {
    const parsed = parser.parse(muteCommand(say, category), code);
    expect(parsed).toMatchObject({ kind: 'command', action: 'mute', locale: code });
    const text = parsed.kind === 'command' ? (parsed.input.category ?? '') : '';
    expect(findCategory(text)).toBe(category);
  });
});
