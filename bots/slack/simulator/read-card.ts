/** Reads Block Kit as a Slack client draws it: lines, buttons, and the form of a modal. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import type { SeenButton, SeenCard, SeenForm, SeenLine } from '../../../src/kernel/simulated-chat.ts';
import { isObject } from '../../shared/json.ts';
import { type Shown, showMrkdwn } from './mrkdwn.ts';
import type { Content } from './oracle.ts';
import type { View } from './views.ts';

type NameOf = (userId: string) => string | null;

/** A button as it stands in the blocks. */
export interface FoundButton {
  label: string;
  blockId: string;
  element: JsonObject;
}

/** The message as it is drawn; without blocks, its text. */
export function readContent(content: Content, nameOf: NameOf): SeenCard {
  if (content.blocks.length > 0) return readBlocks(content.blocks, nameOf);
  const lines = content.text.split('\n').filter((line) => line !== '');
  return { lines: lines.map((line) => seenLine('text', showMrkdwn(line, nameOf))), buttons: [], form: null };
}

export function readBlocks(blocks: readonly JsonObject[], nameOf: NameOf): SeenCard {
  const lines: SeenLine[] = [];
  const above: number[] = [];
  for (const [index, block] of blocks.entries()) {
    lines.push(...readBlock(block, nameOf));
    // A block's text stands above its buttons.
    above.push(...buttonsOfBlock(block, index).map(() => lines.length));
  }
  const buttons = findButtons(blocks).map(({ element }, index): SeenButton => {
    const after = above[index] ?? lines.length;
    return after < lines.length ? { ...seenButton(element), after } : seenButton(element);
  });
  return { lines, buttons, form: null };
}

/** Every button in the order of drawing. */
export function findButtons(blocks: readonly JsonObject[]): FoundButton[] {
  return blocks.flatMap(buttonsOfBlock);
}

function buttonsOfBlock(block: JsonObject, index: number): FoundButton[] {
  const elements = Array.isArray(block.elements) ? block.elements : [];
  const blockId = blockIdOf(block, index);
  return [block.accessory, ...elements].filter(isButton).map((element) => ({
    label: textOf(element.text),
    blockId,
    element,
  }));
}

/**
 * The button with this label; of several, `which` counts from 0.
 * @throws Error when there is none; the message lists the labels.
 */
export function buttonCalled(blocks: readonly JsonObject[], label: string, which = 0): FoundButton {
  const buttons = findButtons(blocks);
  const button = buttons.filter((candidate) => candidate.label === label)[which];
  if (button !== undefined) return button;
  throw new Error(`no button "${label}" among: ${buttons.map((one) => one.label).join(', ')}`);
}

/** The block's id; the one that Slack would make up for a block without. */
export function blockIdOf(block: JsonObject, index: number): string {
  return typeof block.block_id === 'string' ? block.block_id : `b${index}`;
}

/** A view as it is drawn: what has inputs or a submit button is a form. */
export function readView(view: View, nameOf: NameOf): SeenCard {
  const blocks = blocksOf(view.source);
  if (view.type === 'home') return readBlocks(blocks, nameOf);
  const title = textOf(view.source.title);
  if (!isObject(view.source.submit)) {
    const card = readBlocks(blocks, nameOf);
    const buttons = card.buttons.map(({ after, ...button }) =>
      after === undefined ? button : { ...button, after: after + 1 },
    );
    return { lines: [{ text: title, kind: 'title' }, ...card.lines], buttons, form: null };
  }
  const { fields, notes } = readFields(blocks, view, nameOf);
  const form: SeenForm = {
    title,
    fields,
    submitLabel: textOf(view.source.submit),
    error: notes.filter((note) => note !== title).join('\n') || null,
    handle: view.id,
  };
  const faults = [form.error, ...fields.map(({ error }) => error)].filter((error) => error !== null);
  const errors = faults.map((text): SeenLine => ({ text, kind: 'error' }));
  const { buttons } = readBlocks(blocks, nameOf);
  return { lines: [{ text: title, kind: 'title' }, ...errors], buttons, form };
}

/** Small print right below an input speaks of its field; any other text speaks of the whole form. */
function readFields(blocks: readonly JsonObject[], { errors, filled }: View, nameOf: NameOf) {
  const fields: SeenForm['fields'] = [];
  const left = new Map(Object.entries(errors));
  const notes: string[] = [];
  for (const [index, block] of blocks.entries()) {
    if (block.type === 'input') {
      const name = String(block.block_id);
      const field = readField(block);
      fields.push({ ...field, value: filled[name] ?? field.value, error: left.get(name) ?? null });
      left.delete(name);
      continue;
    }
    const text = readBlock(block, nameOf)
      .map((line) => line.text)
      .join('\n');
    const field = block.type === 'context' && blocks[index - 1]?.type === 'input' ? fields.at(-1) : undefined;
    if (field !== undefined) field.error ??= text;
    else if (text !== '') notes.push(text);
  }
  return { fields, notes: [...notes, ...left.values()] };
}

/** The blocks of a view or message; empty when there are none. */
export function blocksOf(source: JsonObject): JsonObject[] {
  return Array.isArray(source.blocks) ? source.blocks.filter(isObject) : [];
}

/** The text of a text object; empty for anything else. */
export function textOf(value: JsonValue | undefined): string {
  return isObject(value) && typeof value.text === 'string' ? value.text : '';
}

function isButton(value: JsonValue | undefined): value is JsonObject {
  return isObject(value) && value.type === 'button';
}

function seenButton(element: JsonObject): SeenButton {
  const style = element.style === 'primary' || element.style === 'danger' ? element.style : 'default';
  return { label: textOf(element.text), style, url: typeof element.url === 'string' ? element.url : null };
}

function readBlock(block: JsonObject, nameOf: NameOf): SeenLine[] {
  const elements = Array.isArray(block.elements) ? block.elements : [];
  switch (block.type) {
    case 'header':
      return linesOf(block.text, nameOf).map((shown) => seenLine('title', shown));
    case 'section':
      return readSection(block, nameOf);
    case 'context':
      return elements.flatMap((element) => linesOf(element, nameOf).map((shown) => seenLine('small', shown)));
    case 'markdown':
      return String(block.text)
        .split('\n')
        .map((text) => ({ text, kind: 'text' }));
    case 'rich_text':
      return [{ text: richText(block), kind: 'text' }];
    case 'input':
      return [{ text: textOf(block.label), kind: 'text' }];
    default:
      return [];
  }
}

/** Text, with the button that stands beside it, then its fields in pairs of label and value. */
function readSection(block: JsonObject, nameOf: NameOf): SeenLine[] {
  const lines = linesOf(block.text, nameOf).map((shown) => {
    const mark = /^(\d+[.)]|[•–-])\s/u.exec(shown.text)?.[1];
    return mark === undefined ? seenLine('text', shown) : { ...seenLine('item', shown), mark };
  });
  const first = lines[0];
  if (first !== undefined && isButton(block.accessory)) first.buttons = [textOf(block.accessory.text)];
  const fields = Array.isArray(block.fields) ? block.fields : [];
  return [...lines, ...fields.map((field) => readFact(linesOf(field, nameOf)))];
}

/** A field: `label: value` in one line, or the label above its value. */
function readFact(shown: readonly Shown[]): SeenLine {
  const texts = shown.map(({ text }) => text);
  const [first = '', ...rest] = texts;
  const oneLine = /^(.+?)[:：]\s+(.+)$/u.exec(texts.join(' '));
  const fact =
    rest.length > 0
      ? { label: first.replace(/[:：]\s*$/u, ''), value: rest.join(' ') }
      : { label: oneLine?.[1] ?? first, value: oneLine?.[2] ?? '' };
  const text = fact.value === '' ? first : `${fact.label}: ${fact.value}`;
  const link = shown.find((line) => line.link !== null)?.link ?? null;
  const line = seenLine('fact', { text, link });
  return fact.value === '' ? line : { ...line, fact };
}

/** Lines of a text object; those that no empty line sets apart are `tight`. */
function linesOf(value: JsonValue | undefined, nameOf: NameOf): (Shown & { tight: boolean })[] {
  const text = textOf(value);
  if (text === '' || !isObject(value)) return [];
  const plain = value.type === 'plain_text';
  const lines = text
    .split('\n')
    .map((line) => (plain ? { text: line, link: null } : showMrkdwn(line, nameOf)));
  return lines.flatMap((line, index) => {
    const before = lines[index - 1]?.text ?? '';
    return line.text.trim() === '' ? [] : [{ ...line, tight: before.trim() !== '' }];
  });
}

/** The texts of a rich_text block, one after the other. */
function richText(value: JsonValue | undefined): string {
  if (Array.isArray(value)) return value.map(richText).join('');
  if (!isObject(value)) return '';
  return typeof value.text === 'string' ? value.text : richText(value.elements);
}

function seenLine(kind: SeenLine['kind'], { text, link, tight }: Shown & { tight?: boolean }): SeenLine {
  const line: SeenLine = link === null ? { text, kind } : { text, kind, link };
  return tight === true ? { ...line, tight } : line;
}

function readField(block: JsonObject): SeenForm['fields'][number] {
  const element = isObject(block.element) ? block.element : {};
  const options = Array.isArray(element.options) ? element.options.filter(isObject) : [];
  const choices = options.map((option) => ({ label: textOf(option.text), value: String(option.value) }));
  const kind = kindOf(element);
  return {
    name: String(block.block_id),
    label: textOf(block.label),
    kind,
    required: block.optional !== true,
    value: initialValue(element, kind),
    choices: kind === 'choice' ? choices : [],
    error: null,
  };
}

function kindOf(element: JsonObject): SeenForm['fields'][number]['kind'] {
  if (element.type === 'checkboxes') return 'toggle';
  if (element.type === 'static_select' || element.type === 'radio_buttons') return 'choice';
  return element.multiline === true ? 'multiline' : 'text';
}

function initialValue(element: JsonObject, kind: string): string {
  if (kind === 'toggle') {
    return Array.isArray(element.initial_options) && element.initial_options.length > 0 ? 'true' : 'false';
  }
  if (kind === 'choice') {
    return isObject(element.initial_option) ? String(element.initial_option.value) : '';
  }
  return typeof element.initial_value === 'string' ? element.initial_value : '';
}
