/** Draws an Adaptive Card as plain text for a terminal, its buttons numbered. */
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { cleanLine, cleanText } from '../kernel/plain-text.ts';
import { cellsOf, flow, padCells, wrapText } from './terminal-text.ts';

/** What can be pressed. */
export interface DrawnButton {
  title: string;
  /** The action of the card as it stands there. */
  action: JsonObject;
}

export interface DrawnCard {
  /** Lines without control characters; empty when the card shows nothing. */
  text: string;
  /** The button that the text numbers n is at index n − 1. */
  buttons: DrawnButton[];
}

/** Narrower text is hard to read; narrower terminals wrap it themselves. */
export const minWidth = 24;
/** Wider lines are hard to read, too. */
const defaultWidth = 80;
/** The widest first column that stands beside the second, as the ordinals of a list do. */
const maxMarkWidth = 6;

/** Actions that a client can do something with; of the others, only ShowCard has something to show. */
const pressable = new Set(['Action.Execute', 'Action.Submit', 'Action.OpenUrl']);

/** Lines that belong together; `kind` and `tight` decide whether an empty line stands before them. */
interface Block {
  kind: 'heading' | 'text' | 'row' | 'other';
  /** Follows directly what stands before. */
  tight: boolean;
  lines: string[];
}

/** Where a part of the card is drawn. */
interface Place {
  width: number;
  /** Of the whole card, in the order of drawing. */
  buttons: DrawnButton[];
}

/**
 * The card as people read it: texts without markup, facts in two columns, inputs as their labels. What is hidden, what
 * is there for older clients only, and links on whole areas are left out. Lines have at most `width` cells.
 */
export function drawCard(card: JsonObject, width = defaultWidth): DrawnCard {
  const place: Place = { width: Math.max(Math.trunc(width), minWidth), buttons: [] };
  const text = spaced(drawInner(card, place)).join('\n');
  return { text, buttons: place.buttons };
}

/** Body and actions of a card. */
function drawInner(card: JsonObject, place: Place): Block[] {
  return [...drawElements(card.body, place), ...drawActions(card.actions, place)];
}

function drawElements(elements: JsonValue | undefined, place: Place): Block[] {
  return objectsOf(elements)
    .filter((element) => element.isVisible !== false)
    .flatMap((element) => {
      const [first, ...rest] = drawElement(element, place).filter((block) => block.lines.length > 0);
      if (first === undefined) return [];
      return [{ ...first, tight: first.tight || element.spacing === 'None' }, ...rest];
    });
}

function drawElement(element: JsonObject, place: Place): Block[] {
  switch (element.type) {
    case 'TextBlock':
      return [drawText(unescapeMarkdown(stringOf(element.text)), element, place)];
    case 'RichTextBlock':
      return [drawRuns(element, place)];
    case 'FactSet':
      return [block('other', drawFacts(objectsOf(element.facts), place.width))];
    case 'Container':
      return drawElements(element.items, place);
    case 'ColumnSet':
      return drawColumns(objectsOf(element.columns), place);
    case 'ActionSet':
      return drawActions(element.actions, place);
    default:
      return String(element.type).startsWith('Input.') ? [drawLabel(element, place)] : [];
  }
}

/** A text of one or more lines. `style` says whether it is a heading. */
function drawText(text: string, style: JsonObject, { width }: Place): Block {
  const lines = cleanText(text)
    .trim()
    .split('\n')
    .flatMap((line) => wrapText(cleanLine(line), width));
  return block(style.weight === 'Bolder' || style.style === 'heading' ? 'heading' : 'text', lines);
}

/** Runs of text, which no client reads as markdown. */
function drawRuns(element: JsonObject, place: Place): Block {
  const runs = Array.isArray(element.inlines) ? element.inlines : [];
  const texts = runs.map((run) => stringOf(isObject(run) ? run.text : run));
  const [first] = runs;
  return drawText(revived(texts.join('')), isObject(first) ? first : {}, place);
}

function drawLabel(input: JsonObject, { width }: Place): Block {
  const label = cleanLine(stringOf(input.label) || stringOf(input.title));
  return block('row', label === '' ? [] : wrapText(`${label}:`, width));
}

/** Labels in a column as wide as the widest of them, at most a third of the line; values beside it. */
function drawFacts(facts: JsonObject[], width: number): string[] {
  const cells = facts.map(({ title, value }) => ({
    label: cleanLine(unescapeMarkdown(stringOf(title))),
    value: cleanLine(unescapeMarkdown(stringOf(value))),
  }));
  const labelWidth = Math.min(
    Math.max(0, ...cells.map(({ label }) => cellsOf(label))),
    Math.floor(width / 3),
  );
  return cells.flatMap(({ label, value }) =>
    sideBySide(wrapText(label, labelWidth), wrapText(value, width - labelWidth - 2), labelWidth + 2),
  );
}

/** A narrow first column stands beside the others, as an ordinal does; else the columns follow one another. */
function drawColumns(columns: JsonObject[], place: Place): Block[] {
  const [first, ...others] = columns.filter((column) => column.isVisible !== false);
  if (first === undefined) return [];
  const mark = others.length > 0 ? markOf(first, place) : null;
  const indent = mark === null ? 0 : cellsOf(mark) + 1;
  if (mark !== null && place.width - indent >= minWidth / 2) {
    const inner = { ...place, width: place.width - indent };
    const lines = others.flatMap((column) => compact(drawElements(column.items, inner)));
    return [block('row', sideBySide([mark], lines, indent))];
  }
  return [
    block(
      'other',
      [first, ...others].flatMap((column) => compact(drawElements(column.items, place))),
    ),
  ];
}

/** What the column shows, if that is one short text and nothing to press. */
function markOf(column: JsonObject, place: Place): string | null {
  const buttons: DrawnButton[] = [];
  const [mark, ...more] = compact(drawElements(column.items, { ...place, buttons }));
  const isMark = mark !== undefined && more.length === 0 && buttons.length === 0;
  return isMark && cellsOf(mark) <= maxMarkWidth ? mark : null;
}

/** The buttons side by side; below them, what a ShowCard would open. */
function drawActions(actions: JsonValue | undefined, place: Place): Block[] {
  const cells: string[] = [];
  const opened: JsonObject[] = [];
  for (const action of objectsOf(actions)) {
    if (action.isEnabled === false) continue;
    if (action.type === 'Action.ShowCard' && isObject(action.card)) opened.push(action);
    if (!pressable.has(String(action.type))) continue;
    const title = titleOf(action);
    place.buttons.push({ title, action });
    cells.push(`[${place.buttons.length}] ${title}`);
  }
  const buttons = flow(cells, '  ', place.width);
  const inner = opened.flatMap((action) => [
    block('heading', wrapText(`${titleOf(action)}:`, place.width)),
    ...(isObject(action.card) ? drawInner(action.card, place) : []),
  ]);
  return [...(buttons.length > 0 ? [block('other', buttons)] : []), ...inner];
}

function titleOf(action: JsonObject): string {
  return cleanLine(stringOf(action.title)) || '…';
}

function block(kind: Block['kind'], lines: string[]): Block {
  return { kind, tight: false, lines };
}

/** The lines of the blocks, paragraphs apart; rows of a list and what follows a heading stay together. */
function spaced(blocks: Block[]): string[] {
  return blocks.flatMap((next, index) => {
    const before = blocks[index - 1];
    const together =
      before === undefined ||
      next.tight ||
      (before.kind === 'row' && next.kind === 'row') ||
      (before.kind === 'heading' && next.kind === 'text');
    return together ? next.lines : ['', ...next.lines];
  });
}

function compact(blocks: Block[]): string[] {
  return blocks.flatMap(({ lines }) => lines);
}

/** Two columns of lines; the second begins at the indent. */
function sideBySide(left: readonly string[], right: readonly string[], indent: number): string[] {
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, row) => padCells(left[row] ?? '', indent) + (right[row] ?? '')).map(
    (line) => line.trimEnd(),
  );
}

/** Text without the backslashes that keep markdown from acting on it. */
function unescapeMarkdown(text: string): string {
  return revived(text.replace(/\\([!-/:-@[-`{-~])/g, '$1'));
}

/** Undoes what keeps clients from reading `{{DATE(…)}}` as a macro: nothing here reads one. */
function revived(text: string): string {
  return text.replaceAll('{\u200b{', '{{');
}

function objectsOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringOf(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
