/** The description of the app: complete in each language, and its commands ones that the bot understands. */
import { describe, expect, it } from 'vitest';
import { appSpec } from '../../../manifests/app-spec.ts';
import { commandWords } from '../../../manifests/command-words.ts';
import { createCommandParser } from '../../../src/actions/parse-command.ts';
import { actions } from '../../../src/actions/registry.ts';
import type { AppTexts, MenuEntry } from '../../../src/kernel/app-spec.ts';
import { languages } from '../../../src/words/index.ts';

const spec = appSpec();
const all = [spec.texts, ...spec.translations];
const parser = createCommandParser(actions, languages);

describe.each(all.map((texts): [string, AppTexts] => [texts.locale, texts]))('in %s', (locale, texts) => {
  it('has every action that can be typed, once', () => {
    expect(texts.commands).toHaveLength(actions.filter(({ commands }) => commands.length > 0).length);
    expect(new Set(texts.commands.map(({ title }) => title)).size).toBe(texts.commands.length);
  });

  it.each(texts.commands.map(({ title }) => title))(
    '"%s" is understood, and changes nothing by itself',
    (title) => {
      const parsed = parser.parse(title, locale);
      expect(['command', 'missing']).toContain(parsed.kind);
      if (parsed.kind !== 'command') return;
      const action = actions.find(({ id }) => id === parsed.action);
      expect(action?.kind === 'query' || action?.id === 'link_account').toBe(true);
    },
  );

  it('leads its menu to actions', () => {
    const ids = (entry: MenuEntry): string[] =>
      'action' in entry ? [entry.action] : entry.entries.map(({ action }) => action);
    for (const id of texts.menu.flatMap(ids)) expect(actions.map((action) => action.id)).toContain(id);
  });

  it('fits where it is read', () => {
    expect(texts.name.length).toBeLessThanOrEqual(30);
    expect(texts.summary.length).toBeLessThanOrEqual(80);
    for (const { title, text } of [...texts.commands, ...Object.values(texts.gestures)]) {
      expect(title.length).toBeLessThanOrEqual(32);
      expect(text.length).toBeLessThanOrEqual(128);
    }
  });
});

describe('the words of a command', () => {
  it.each([
    ['assign 1002 to me', 'assign [ticket] <ticket> [[to] <assignee>]', 'assign'],
    ['New ticket Newsletter', '(new|create) ticket[:] <title>', 'New ticket'],
    ['note 1002: Called', '[add] note [(to|on)] [ticket] <ticket>[:] <note>', 'note'],
    ['notebook 1', 'note <ticket>', 'notebook 1'],
    ['my tickets', '[(show|list)] [my] [open] tickets', 'my tickets'],
    ['分配 1002 给我', '分配 <ticket> 给 <assignee>', '分配'],
    ['分配1002给我', '分配 <ticket> 给 <assignee>', '分配'],
    ['新建工单：打印机', '(新建|创建)工单[:] <title>', '新建工单'],
  ])('of "%s" by "%s" are "%s"', (example, pattern, words) => {
    expect(commandWords(example, [pattern])).toBe(words);
  });
});
