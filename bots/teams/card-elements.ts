/** The pieces of an Adaptive Card: texts that nobody can inject markup into, facts, and actions. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Button, ButtonStyle, Fact } from '../../src/kernel/message.ts';
import { cleanLine, cleanText } from '../../src/kernel/plain-text.ts';
import { interactionKey, interactionOf } from '../shared/interaction.ts';
import { safeUrl } from '../shared/safe-url.ts';

/**
 * Teams draws at most six buttons of one action set on desktop and web
 * (https://github.com/atc0005/go-teams-notify/issues/161); several sets stand side by side in the body.
 */
export const maxActionsPerSet = 6;

/**
 * Where a card is shown. In a dialog only a plain Action.Submit works: neither Action.Execute nor `task/fetch`
 * reaches the bot from there (https://github.com/MicrosoftDocs/msteams-docs/issues/1639 and 7063).
 */
export type CardPlace = 'chat' | 'dialog';

export interface TextStyle {
  size?: 'Small' | 'Default' | 'Medium' | 'Large';
  weight?: 'Bolder';
  color?: 'Accent' | 'Attention';
  isSubtle?: boolean;
}

/** Lines of one text that get a block of their own; what follows is joined, since each block costs about 80 bytes. */
const maxParagraphs = 40;

/** A RichTextBlock breaks lines only between words on the web; a longer word might not fit a phone or a column. */
const unbreakableLength = 40;

/**
 * One line of plain text. A RichTextBlock rather than a TextBlock, because its runs are never read as markdown: an
 * escaped TextBlock shows its backslashes on phones (https://github.com/MicrosoftDocs/msteams-docs/issues/5793).
 * Only a line with a very long word, mostly an address, is a TextBlock, which breaks words.
 */
export function textLine(text: string, style: TextStyle = {}, spacing?: string): JsonObject {
  const line = cleanLine(text);
  if (line.split(' ').some((word) => word.length > unbreakableLength)) {
    return { type: 'TextBlock', spacing, text: escapeMarkdown(line), wrap: true, ...style };
  }
  return { type: 'RichTextBlock', spacing, inlines: [{ type: 'TextRun', text: inert(line), ...style }] };
}

/** A text of several lines, a block each, since clients disagree about line feeds inside one. */
export function textLines(text: string, style: TextStyle = {}): JsonObject[] {
  const lines = cleanText(text).trim().split('\n');
  const kept =
    lines.length > maxParagraphs
      ? [...lines.slice(0, maxParagraphs - 1), lines.slice(maxParagraphs - 1).join(' ')]
      : lines;
  const blocks: JsonObject[] = [];
  let afterBlank = true;
  for (const line of kept) {
    const blank = line.trim() === '';
    if (!blank) blocks.push(textLine(line, style, afterBlank ? undefined : 'None'));
    afterBlank = blank;
  }
  return blocks;
}

/** Labels and values as a table; null when there are none, which the format does not allow. */
export function factSet(facts: Fact[]): JsonObject | null {
  if (facts.length === 0) return null;
  return {
    type: 'FactSet',
    facts: facts.map((fact) => ({ title: escapeMarkdown(fact.label), value: escapeMarkdown(fact.value) })),
  };
}

/**
 * One line for a field that clients read as markdown (a fact has no plain form). Escapes only what CommonMark would
 * act on here, because some phones show the backslash: `printer_01` and `#1003` stay as they are.
 */
export function escapeMarkdown(text: string): string {
  return inert(cleanLine(text))
    .replace(/[\\*[<`]/g, '\\$&')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replace(/~~/g, '\\~\\~')
    .replace(/&(?=#?\w+;)/g, '\\&')
    .replace(/^(?:#{1,6}(?=\s|$)|[-+](?=\s|$)|-{3,}$|>)/, '\\$&')
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, '$1\\$2');
}

/** The button as an action; null for a link that is not safe to offer. `fallback`: for clients before Action.Execute. */
export function renderButton(button: Button, place: CardPlace, fallback: boolean): JsonObject | null {
  const title = cleanLine(button.label) || '…';
  if (button.kind === 'url') {
    const url = safeUrl(button.url);
    return url === null ? null : { type: 'Action.OpenUrl', title, url };
  }
  const style = actionStyle(button.style);
  const data: JsonObject = { [interactionKey]: interactionOf(button) };
  if (place === 'dialog') return { type: 'Action.Submit', title, style, data };
  if (button.kind === 'form') {
    return { type: 'Action.Submit', title, style, data: { msteams: { type: 'task/fetch' }, ...data } };
  }
  return executeAction(title, button.kind === 'action' ? button.action : 'command', data, style, fallback);
}

/** An Action.Execute, with an Action.Submit of the same data for older clients where wanted. */
export function executeAction(
  title: string,
  verb: string,
  data: JsonObject,
  style: string | undefined,
  fallback: boolean,
): JsonObject {
  const submit: JsonObject = { type: 'Action.Submit', title, style, data };
  return { type: 'Action.Execute', title, verb, style, data, fallback: fallback ? submit : undefined };
}

/**
 * The actions as sets of at most six and of about the same size, so that no button is left alone in a row;
 * `spacing` is the gap above the first.
 */
export function actionSets(actions: JsonObject[], spacing?: string): JsonObject[] {
  const size = Math.ceil(actions.length / Math.ceil(actions.length / maxActionsPerSet));
  const sets: JsonObject[] = [];
  for (let start = 0; start < actions.length; start += size) {
    const gap = start === 0 ? spacing : 'Small';
    sets.push({ type: 'ActionSet', spacing: gap, actions: actions.slice(start, start + size) });
  }
  return sets;
}

/** A button's style as the format names it. */
export function actionStyle(style: ButtonStyle | undefined): string | undefined {
  if (style === undefined) return undefined;
  return style === 'primary' ? 'positive' : 'destructive';
}

/** Breaks the macros that clients replace by a local date or time wherever they stand in a text. */
function inert(text: string): string {
  return text.replace(/\{\{(?=(?:DATE|TIME)\()/gi, '{\u200b{');
}
