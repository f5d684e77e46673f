/** What a person sees of a Lark card (JSON 2.0): its lines, buttons and form. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { SeenButton, SeenCard, SeenLine } from '../../../src/kernel/simulated-chat.ts';
import { isObject, parseObject } from '../../shared/json.ts';
import {
  behaviorOf,
  childrenOf,
  contentOf,
  findAll,
  isSubmit,
  objectsOf,
  rootElements,
} from './card-elements.ts';
import { drawForm, type FormHandle } from './card-form.ts';
import { drawMarkdown } from './card-text.ts';

/** The content of a message as it is drawn; text messages are lines and nothing else. */
export function drawContent(msgType: string, content: string, handle: Omit<FormHandle, 'form'>): SeenCard {
  const parsed = parseObject(content);
  if (msgType === 'interactive' && parsed !== null) return drawCard(parsed, handle);
  const text = typeof parsed?.text === 'string' ? parsed.text : content;
  return drawTexts(text.split('\n'), 'text');
}

/** A card of nothing but texts, as a toast is. */
export function drawTexts(texts: readonly string[], kind: SeenLine['kind']): SeenCard {
  return { lines: texts.map((text) => ({ text, kind })), buttons: [], form: null };
}

/** A card as a client draws it. `handle` names the message and version that a form in it belongs to. */
export function drawCard(card: JsonObject, handle: Omit<FormHandle, 'form'>): SeenCard {
  const header = isObject(card.header) ? card.header : {};
  const title = contentOf(header.title);
  const elements = rootElements(card);
  const lines: SeenLine[] = [
    ...(title === '' ? [] : [{ text: title, kind: 'title' as const }]),
    ...textLines(contentOf(header.subtitle), 'text'),
  ];
  const buttons: SeenButton[] = [];
  for (const element of elements) {
    addLines(lines, element);
    // A row of buttons stands below what was drawn so far.
    buttons.push(...pressableOf([element]).map((button) => ({ ...seenButton(button), after: lines.length })));
  }
  const form = elements.find((element) => element.tag === 'form');
  const drawn = form === undefined ? null : drawForm(form, title, handle);
  if (drawn !== null) drawn.error ??= lines.find(({ kind }) => kind === 'error')?.text ?? null;
  return { lines, buttons: buttons.map((button) => placed(button, lines.length)), form: drawn };
}

/** Only of buttons above other lines is said where they stand. */
function placed({ after = 0, ...button }: SeenButton, lines: number): SeenButton {
  return after < lines ? { ...button, after } : button;
}

/** The card's buttons, in the order of drawing, but for those that submit or clear a form. */
export function buttonsOf(card: JsonObject): JsonObject[] {
  return pressableOf(rootElements(card));
}

function pressableOf(elements: readonly JsonObject[]): JsonObject[] {
  return findAll(elements, 'button').filter((button) => button.form_action_type === undefined);
}

/** A button that a person can press, and the form that it submits. */
export interface FoundButton {
  button: JsonObject;
  form: JsonObject | null;
}

/**
 * The button with this label; a form's own button, too. Of several, `which` counts from 0.
 * @throws Error when the card has none; the message lists the labels
 */
export function findButton(card: JsonObject, label: string, which = 0): FoundButton {
  const found: FoundButton[] = buttonsOf(card).map((button) => ({ button, form: null }));
  for (const form of findAll(rootElements(card), 'form')) {
    for (const button of findAll(childrenOf(form), 'button'))
      if (isSubmit(button)) found.push({ button, form });
  }
  const match = found.filter(({ button }) => contentOf(button.text) === label)[which];
  if (match !== undefined) return match;
  throw new Error(
    `no button "${label}" among: ${found.map(({ button }) => contentOf(button.text)).join(', ')}`,
  );
}

/** The address that the button leads to; null when it sends a callback. */
export function linkOf(button: JsonObject): string | null {
  const link = behaviorOf(button, 'callback') === null ? behaviorOf(button, 'open_url') : null;
  return link === null ? null : String(link.default_url);
}

function seenButton(button: JsonObject): SeenButton {
  const type = String(button.type ?? 'default');
  const style = type.startsWith('primary') ? 'primary' : type.startsWith('danger') ? 'danger' : 'default';
  return { label: contentOf(button.text), style, url: linkOf(button) };
}

function linesOf(element: JsonObject): SeenLine[] {
  switch (element.tag) {
    case 'markdown':
      return textLines(String(element.content), kindOfSize(element.text_size));
    case 'div':
      return [...divText(element.text), ...objectsOf(element.fields).flatMap(({ text }) => factLine(text))];
    case 'column_set':
      return columnLines(element);
    case 'img':
      return textLines(contentOf(element.alt), 'text');
    case 'collapsible_panel': {
      const title = isObject(element.header) ? contentOf(element.header.title) : '';
      return [...textLines(title, 'text'), ...childrenOf(element).flatMap(linesOf)];
    }
    case 'interactive_container':
      return childrenOf(element).flatMap(linesOf);
    default:
      return [];
  }
}

function divText(text: JsonObject[string]): SeenLine[] {
  if (!isObject(text)) return [];
  const kind = text.text_color === 'red' ? 'error' : kindOfSize(text.text_size);
  if (text.tag !== 'plain_text') return textLines(contentOf(text), kind);
  return paragraphs(contentOf(text)).map(({ line, tight }) =>
    seenLine({ text: line, kind: kind === 'text' ? kindOfLine(line) : kind }, tight),
  );
}

/** Lines that are not empty; those that no empty line sets apart are `tight`. */
function paragraphs(content: string): { line: string; tight: boolean }[] {
  const lines = content.split('\n');
  return lines.flatMap((line, index) =>
    line.trim() === '' ? [] : [{ line, tight: (lines[index - 1] ?? '').trim() !== '' }],
  );
}

/** The line with the mark in front of an item, and without a gap above it where it has none. */
function seenLine(line: SeenLine, tight: boolean): SeenLine {
  const mark = line.kind === 'item' ? /^(\d+[.)、]|[-•])\s/.exec(line.text)?.[1] : undefined;
  return { ...line, ...(mark === undefined ? {} : { mark }), ...(tight ? { tight } : {}) };
}

/** A field: `label: value` in one line, or the label above its value. */
function factLine(text: JsonObject[string]): SeenLine[] {
  const [first = '', ...rest] = divText(text).map((line) => line.text);
  if (first === '') return [];
  if (rest.length > 0) return [{ kind: 'fact', ...factOf(first, rest.join(' ')) }];
  const [, label, value] = /^(.+?)[:：]\s+(.+)$/.exec(first) ?? [];
  if (label === undefined || value === undefined) return [{ kind: 'fact', text: first }];
  return [{ kind: 'fact', ...factOf(label, value) }];
}

/** Adds what an element shows; small buttons in a row of their own belong to the item above them. */
function addLines(lines: SeenLine[], element: JsonObject): void {
  const drawn = linesOf(element);
  const buttons = element.tag === 'column_set' ? findAll(childrenOf(element), 'button') : [];
  const item = lines.findLast(({ kind }) => kind === 'item');
  const areSmall = buttons.length > 0 && buttons.every(({ size }) => size === 'small');
  if (drawn.length === 0 && areSmall && item !== undefined) item.buttons = labelsOf(buttons);
  lines.push(...drawn);
}

/** Columns: a row that leads to a page, a row with its buttons, a label and its value, or just elements. */
function columnLines(set: JsonObject): SeenLine[] {
  const columns = objectsOf(set.columns).map((column) => groupedLines(objectsOf(column.elements)));
  const lines = columns.flat();
  const [first, ...rest] = lines;
  if (first === undefined) return [];
  const buttons = findAll(childrenOf(set), 'button');
  const url = addressOf(set);
  if (buttons.length > 0 || url !== null) {
    const kind = first.kind === 'text' || first.kind === 'fact' ? 'item' : first.kind;
    const item: SeenLine = { ...first, kind };
    if (url !== null) item.link = url;
    if (buttons.length > 0) item.buttons = labelsOf(buttons);
    return [item, ...rest];
  }
  const [label, value] = columns;
  const isFact = columns.length === 2 && label?.length === 1 && value?.length === 1;
  if (!isFact || label[0] === undefined || value[0] === undefined) return lines;
  return [{ ...value[0], ...factOf(label[0].text, value[0].text), kind: 'fact' }];
}

/** What stands in one column belongs together. */
function groupedLines(elements: readonly JsonObject[]): SeenLine[] {
  return elements.flatMap(linesOf).map((line, index) => (index === 0 ? line : { ...line, tight: true }));
}

function factOf(label: string, value: string): Pick<SeenLine, 'text' | 'fact'> {
  const fact = { label: label.replace(/[:：]\s*$/, ''), value };
  return { text: `${fact.label}: ${value}`, fact };
}

function labelsOf(buttons: readonly JsonObject[]): string[] {
  return buttons.map(({ text }) => contentOf(text));
}

/** The address that clicking an element leads to. */
function addressOf(element: JsonObject): string | null {
  const multi = isObject(element.action) ? element.action.multi_url : undefined;
  return isObject(multi) && typeof multi.url === 'string' ? multi.url : null;
}

function textLines(content: string, kind: SeenLine['kind']): SeenLine[] {
  return paragraphs(content).map(({ line, tight }) => {
    const { text, link, red } = drawMarkdown(line);
    const drawn = { text, kind: red ? ('error' as const) : kind === 'text' ? kindOfLine(line) : kind };
    return seenLine(link === null ? drawn : { ...drawn, link }, tight);
  });
}

/** `notation` is the small print; the notes of older cards are gone. */
function kindOfSize(size: JsonObject[string]): SeenLine['kind'] {
  return size === 'notation' ? 'small' : 'text';
}

function kindOfLine(line: string): SeenLine['kind'] {
  if (/^<font color=["']?grey["']?>.*<\/font>$/.test(line)) return 'small';
  if (/^\*\*[^*]+(?:[:：]\*\*|\*\*\s*[:：])/.test(line)) return 'fact';
  return /^(?:\*\*)?(?:\d+[.)、]|\\?[-•])\s/.test(line) ? 'item' : 'text';
}
