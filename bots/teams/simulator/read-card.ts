/** An Adaptive Card as a person reads it: lines, buttons, and what there is to fill in. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import type { SeenButton, SeenCard, SeenForm, SeenLine } from '../../../src/kernel/simulated-chat.ts';
import { isObject } from '../../shared/json.ts';

/** A message without a card: its text alone. */
export function readActivityText(text: string): SeenCard {
  return { lines: text === '' ? [] : [{ kind: 'text', text }], buttons: [], form: null };
}

/** What was read of a card so far, in the order of drawing. */
interface Reading {
  lines: SeenLine[];
  buttons: (SeenButton & { after: number })[];
}

/**
 * What the card shows; what is hidden, and what is there for older clients only, is left out.
 * @param form how its inputs are sent back; null where the place sends none
 */
export function readCard(card: JsonObject, form: { title: string; handle: string } | null): SeenCard {
  const reading: Reading = { lines: [], buttons: [] };
  readElements(card.body, reading);
  readActions(card.actions, reading);
  const { lines } = reading;
  // Only of buttons above other lines is said where they stand.
  const buttons = reading.buttons.map(
    ({ after, ...button }): SeenButton => (after < lines.length ? { ...button, after } : button),
  );
  const fields = readFields(card.body);
  if (form === null || fields.length === 0) return { lines, buttons, form: null };
  const faults = new Set(fields.map((field) => field.error));
  const error = lines.find(({ kind, text }) => kind === 'error' && !faults.has(text))?.text ?? null;
  const submitLabel = buttons[0]?.label ?? '';
  return { lines, buttons, form: { ...form, fields, submitLabel, error } };
}

/** All lines of a card, joined by line feeds. */
export function textOfCard(card: SeenCard): string {
  return card.lines.map((line) => line.text).join('\n');
}

function readElements(
  elements: JsonValue | undefined,
  reading: Reading,
  inherited: SeenLine['kind'] | null = null,
): void {
  for (const element of objectsOf(elements)) {
    if (element.isVisible !== false) readElement(element, reading, inherited);
  }
}

function readElement(element: JsonObject, reading: Reading, inherited: SeenLine['kind'] | null): void {
  switch (element.type) {
    case 'TextBlock':
    case 'RichTextBlock':
      reading.lines.push(...textLine(element, inherited));
      return;
    case 'FactSet':
      reading.lines.push(...objectsOf(element.facts).flatMap(readFact));
      return;
    case 'Container':
      readElements(element.items, reading, element.style === 'attention' ? 'error' : inherited);
      return;
    case 'ColumnSet':
      readColumns(element, reading);
      return;
    case 'ActionSet':
      readActions(element.actions, reading);
  }
}

/** A text, whichever of the two elements draws it; none when it is empty. */
function textLine(element: JsonObject, inherited: SeenLine['kind'] | null): SeenLine[] {
  const runs = Array.isArray(element.inlines) ? element.inlines : [];
  const [first] = runs;
  const isRich = element.type === 'RichTextBlock';
  const style = !isRich ? element : isObject(first) ? first : {};
  const text = isRich
    ? revived(runs.map((run) => stringOf(isObject(run) ? run.text : run)).join(''))
    : unescapeMarkdown(stringOf(element.text));
  if (text === '') return [];
  const line: SeenLine = { kind: inherited ?? kindOf(style), text };
  const link = linkOf(style);
  if (link !== undefined) line.link = link;
  if (element.spacing === 'None') line.tight = true;
  return [line];
}

function readFact({ title, value }: JsonObject): SeenLine[] {
  const fact = { label: unescapeMarkdown(stringOf(title)), value: unescapeMarkdown(stringOf(value)) };
  return [{ kind: 'fact', text: `${fact.label}: ${fact.value}`, fact }];
}

/** A row of a list: an ordinal in a column of its own, what it is, and its buttons. */
function readColumns(set: JsonObject, reading: Reading): void {
  const columns = objectsOf(set.columns).filter((column) => column.isVisible !== false);
  const [first, ...others] = columns;
  if (first === undefined) return;
  const marks = others.length > 0 ? objectsOf(first.items).flatMap((item) => textLine(item, null)) : [];
  const mark = marks.length === 1 ? marks[0]?.text : undefined;
  const row: Reading = { lines: [], buttons: [] };
  for (const column of mark === undefined ? columns : others) readElements(column.items, row);
  const above = reading.lines.length;
  const link = linkOf(set) ?? columns.map(linkOf).find((url) => url !== undefined);
  const [title, ...rest] = row.lines;
  if (title !== undefined) {
    const { text } = title;
    const head: SeenLine = { kind: 'item', text: mark === undefined ? text : `${mark} ${text}` };
    if (mark !== undefined) head.mark = mark;
    if (row.buttons.length > 0) head.buttons = row.buttons.map(({ label }) => label);
    if (link !== undefined) head.link = link;
    reading.lines.push(
      head,
      ...rest.map((line): SeenLine => ({ kind: 'small', text: line.text, tight: true })),
    );
  }
  reading.buttons.push(...row.buttons.map((button) => ({ ...button, after: above + row.lines.length })));
}

/** What a client can do something with. */
const pressable: ReadonlySet<unknown> = new Set(['Action.Execute', 'Action.Submit', 'Action.OpenUrl']);

function readActions(actions: JsonValue | undefined, reading: Reading): void {
  const after = reading.lines.length;
  for (const action of objectsOf(actions)) {
    if (action.isEnabled === false || !pressable.has(action.type)) continue;
    reading.buttons.push({ ...readButton(action), after });
  }
}

function readButton(action: JsonObject): SeenButton {
  const style =
    action.style === 'positive' ? 'primary' : action.style === 'destructive' ? 'danger' : 'default';
  const url = action.type === 'Action.OpenUrl' ? stringOf(action.url) : null;
  return { label: stringOf(action.title), style, url };
}

function readFields(elements: JsonValue | undefined): SeenForm['fields'] {
  const all = objectsOf(elements);
  return all.flatMap((element, index) => {
    if (element.type === 'Container') return readFields(element.items);
    if (!String(element.type).startsWith('Input.') || typeof element.id !== 'string') return [];
    const below = all[index + 1];
    const error = below !== undefined && colorOf(below) === 'Attention' ? textLine(below, null) : [];
    return [
      {
        name: element.id,
        label: stringOf(element.label) || stringOf(element.title),
        kind: fieldKind(element),
        required: element.isRequired === true,
        value: stringOf(element.value),
        choices: objectsOf(element.choices).map(({ title, value }) => ({
          label: stringOf(title),
          value: stringOf(value),
        })),
        error: error[0]?.text ?? null,
      },
    ];
  });
}

function fieldKind(input: JsonObject): SeenForm['fields'][number]['kind'] {
  if (input.type === 'Input.ChoiceSet') return 'choice';
  if (input.type === 'Input.Toggle') return 'toggle';
  return input.isMultiline === true ? 'multiline' : 'text';
}

function kindOf(style: JsonObject): SeenLine['kind'] {
  if (style.color === 'Attention') return 'error';
  if (style.weight === 'Bolder') return 'title';
  return style.isSubtle === true ? 'small' : 'text';
}

function colorOf(element: JsonObject): JsonValue | undefined {
  if (element.type !== 'RichTextBlock') return element.color;
  const [first] = Array.isArray(element.inlines) ? element.inlines : [];
  return isObject(first) ? first.color : undefined;
}

function linkOf(element: JsonObject): string | undefined {
  const { selectAction } = element;
  return isObject(selectAction) && typeof selectAction.url === 'string' ? selectAction.url : undefined;
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

function stringOf(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
