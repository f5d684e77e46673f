/** What Lark accepts as a card, schema 2.0, as far as our cards go: sizes, known members, places and unique names. */

import type { JsonObject, JsonValue } from '../../src/kernel/canonical-json.ts';
import { isObject } from '../shared/json.ts';
import { maxButtonText } from './card-elements.ts';

/**
 * UTF-8 bytes of a card as the `content` of a message. The whole request may have 30 kB; in it the card is a JSON text,
 * with its quotes escaped. 2 kB are left for the rest, and for what the platform adds.
 * Source: https://open.feishu.cn/document/server-docs/im-v1/message/create
 */
export const maxCardBytes = 28_000;

/** Components and texts of a card together. Source: https://open.feishu.cn/document/feishu-cards/card-json-v2-structure */
export const maxElements = 200;

/** Source: https://open.feishu.cn/document/feishu-cards/card-json-v2-components/interactive-components/input */
export const maxInputLength = 1000;
export const maxPlaceholder = 100;

/** Containers may hold one another this deep. */
const maxNesting = 5;

/**
 * The members that each component may have; Lark refuses a card for any other (code 230099, in it 200621). Only what
 * our cards use stands here. Source: the pages of the components below
 * https://open.feishu.cn/document/feishu-cards/card-json-v2-components/component-json-v2-overview
 */
const members: Record<string, readonly string[]> = {
  plain_text: ['content', 'text_size', 'text_color', 'text_align', 'lines'],
  hr: ['margin'],
  div: ['text', 'fields', 'margin', 'width', 'icon'],
  column_set: ['columns', 'flex_mode', 'action', 'margin', 'horizontal_spacing', 'horizontal_align'],
  column: [
    'elements',
    'width',
    'weight',
    'vertical_spacing',
    'vertical_align',
    'padding',
    'margin',
    'direction',
  ],
  button: ['text', 'type', 'size', 'width', 'behaviors', 'name', 'form_action_type', 'margin', 'disabled'],
  form: ['elements', 'name', 'vertical_spacing', 'padding', 'margin', 'direction'],
  input: [
    ...['name', 'required', 'placeholder', 'default_value', 'width', 'max_length', 'input_type', 'rows'],
    ...['auto_resize', 'max_rows', 'label', 'label_position', 'margin'],
  ],
  select_static: ['name', 'required', 'placeholder', 'initial_index', 'options', 'width', 'type', 'margin'],
  checker: ['name', 'checked', 'text', 'overall_checkable', 'margin', 'padding'],
};

const inputs = new Set(['input', 'select_static', 'checker']);

/** UTF-8 bytes of the card as the content of a message. */
export function cardBytes(card: JsonObject): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(card)));
}

/** How many components and texts the card has, as the platform counts them. What buttons bring back does not count. */
export function countElements(json: JsonValue | undefined): number {
  if (Array.isArray(json)) return json.reduce<number>((sum, entry) => sum + countElements(entry), 0);
  if (!isObject(json)) return 0;
  let count = typeof json.tag === 'string' ? 1 : 0;
  for (const [name, value] of Object.entries(json)) if (name !== 'value') count += countElements(value);
  return count;
}

/** Whether the card keeps the two limits that depend on how much is shown. */
export function fitsCard(card: JsonObject, maxBytes = maxCardBytes): boolean {
  if (countElements(card) > maxElements) return false;
  const json = JSON.stringify(card);
  return json.length <= maxBytes && Buffer.byteLength(JSON.stringify(json)) <= maxBytes;
}

/** Everything that Lark would refuse about the card, one sentence each; never throws. */
export function cardFaults(card: JsonObject): string[] {
  const faults: string[] = [];
  if (card.schema !== '2.0') faults.push('schema is not 2.0');
  if (cardBytes(card) > maxCardBytes) faults.push(`over ${maxCardBytes} bytes`);
  if (countElements(card) > maxElements) faults.push(`over ${maxElements} elements`);
  const header = isObject(card.header) ? card.header : {};
  faults.push(...unknownMembers('card', card, ['schema', 'config', 'header', 'body']));
  faults.push(...unknownMembers('header', header, ['title', 'template']));
  if (header.title !== undefined) faults.push(...textFaults(header.title));
  const body = isObject(card.body) ? card.body : {};
  faults.push(...listFaults(body.elements, { depth: 0, inForm: false }));
  const names = namesOf(body.elements);
  if (new Set(names).size < names.length) faults.push('a name stands twice');
  return faults;
}

interface Place {
  depth: number;
  inForm: boolean;
}

function listFaults(elements: JsonValue | undefined, place: Place): string[] {
  if (!Array.isArray(elements)) return ['elements are missing'];
  return elements.flatMap((element) => elementFaults(element, place));
}

function elementFaults(element: JsonValue, place: Place): string[] {
  if (!isObject(element) || typeof element.tag !== 'string') return ['an element without tag'];
  const { tag } = element;
  const known = Object.hasOwn(members, tag) ? members[tag] : undefined;
  if (known === undefined || tag === 'plain_text' || tag === 'column') return [`${tag} does not stand here`];
  const faults = unknownMembers(tag, element, ['tag', 'element_id', ...known]);
  faults.push(...idFaults(element.element_id));
  const inner = { ...place, depth: place.depth + 1 };
  if (inner.depth > maxNesting) faults.push('nested too deep');
  if (element.text !== undefined) faults.push(...textFaults(element.text));
  switch (tag) {
    case 'hr':
      return faults;
    case 'div':
      return [...faults, ...divFaults(element)];
    case 'column_set':
      return [...faults, ...columnFaults(element.columns, inner)];
    case 'form':
      return [...faults, ...formFaults(element, place)];
    case 'button':
      return [...faults, ...buttonFaults(element, place)];
    default:
      return [...faults, ...inputFaults(element, place)];
  }
}

/** Source: https://open.feishu.cn/document/feishu-cards/card-json-v2-structure */
function idFaults(id: JsonValue | undefined): string[] {
  const good = id === undefined || (typeof id === 'string' && /^[A-Za-z]\w{0,19}$/.test(id));
  return good ? [] : ['a malformed element_id'];
}

function divFaults(div: JsonObject): string[] {
  if (div.fields === undefined) return div.text === undefined ? ['an empty div'] : [];
  if (!Array.isArray(div.fields) || div.fields.length === 0) return ['fields are empty'];
  return div.fields.flatMap((field) => (isObject(field) ? textFaults(field.text) : ['a field is no object']));
}

function columnFaults(columns: JsonValue | undefined, place: Place): string[] {
  if (!Array.isArray(columns) || columns.length === 0) return ['columns are missing'];
  return columns.flatMap((column) => {
    if (!isObject(column) || column.tag !== 'column') return ['a column is none'];
    const unknown = unknownMembers('column', column, ['tag', ...(members.column ?? [])]);
    return [...unknown, ...listFaults(column.elements, { ...place, depth: place.depth + 1 })];
  });
}

function formFaults(form: JsonObject, place: Place): string[] {
  const faults = listFaults(form.elements, { depth: place.depth + 1, inForm: true });
  if (place.depth > 0) faults.push('a form stands at the root only');
  if (typeof form.name !== 'string' || form.name === '') faults.push('a form without name');
  if (!JSON.stringify(form.elements ?? '').includes('"form_action_type":"submit"')) {
    faults.push('a form without submit button');
  }
  return faults;
}

function buttonFaults(button: JsonObject, place: Place): string[] {
  const faults = contentOf(button.text).length > maxButtonText ? ['a label is too long'] : [];
  if (!Array.isArray(button.behaviors) || button.behaviors.length === 0) faults.push('a button does nothing');
  if (!place.inForm && button.form_action_type !== undefined) faults.push('a submit button outside a form');
  if (place.inForm && typeof button.name !== 'string') faults.push('a button of a form without name');
  return faults;
}

function inputFaults(input: JsonObject, place: Place): string[] {
  const faults = place.inForm ? [] : ['an input outside a form'];
  if (typeof input.name !== 'string' || input.name === '') faults.push('an input without name');
  if (contentOf(input.placeholder).length > maxPlaceholder) faults.push('a placeholder is too long');
  for (const text of [input.placeholder, input.label])
    if (text !== undefined) faults.push(...textFaults(text));
  if (input.tag === 'input') {
    const longest = input.max_length ?? maxInputLength;
    const whole = typeof longest === 'number' && Number.isInteger(longest);
    if (!whole || longest < 1 || longest > maxInputLength) faults.push('max_length is out of range');
    if (whole && String(input.default_value ?? '').length > longest) faults.push('a value is too long');
  }
  return input.tag === 'select_static' ? [...faults, ...optionFaults(input)] : faults;
}

function optionFaults(select: JsonObject): string[] {
  if (!Array.isArray(select.options) || select.options.length === 0) return ['options are missing'];
  const options = select.options.filter(isObject);
  const values = options.map((option) => option.value);
  const faults = options.flatMap((option) => textFaults(option.text));
  if (values.some((value) => typeof value !== 'string' || value === ''))
    faults.push('an option without value');
  if (new Set(values).size < select.options.length) faults.push('an option stands twice');
  const index = select.initial_index ?? 0;
  if (typeof index !== 'number' || index < 0 || index > options.length)
    faults.push('initial_index is out of range');
  return faults;
}

/** Only plain texts are ours: any other kind reads markup out of what people typed. */
function textFaults(text: JsonValue | undefined): string[] {
  if (!isObject(text) || text.tag !== 'plain_text') return ['a text is not plain'];
  if (typeof text.content !== 'string' || text.content === '') return ['a text without content'];
  return unknownMembers('plain_text', text, ['tag', ...(members.plain_text ?? [])]);
}

function contentOf(text: JsonValue | undefined): string {
  return isObject(text) && typeof text.content === 'string' ? text.content : '';
}

function unknownMembers(where: string, json: JsonObject, known: readonly string[]): string[] {
  const unknown = Object.keys(json).filter((name) => json[name] !== undefined && !known.includes(name));
  return unknown.map((name) => `${where} has no ${name}`);
}

/** Names of forms, inputs and the buttons of forms, which share one space. */
function namesOf(json: JsonValue | undefined): JsonValue[] {
  if (Array.isArray(json)) return json.flatMap(namesOf);
  if (!isObject(json)) return [];
  const own =
    json.tag === 'form' || json.tag === 'button' || inputs.has(String(json.tag)) ? json.name : undefined;
  const inner = Object.entries(json).flatMap(([name, value]) => (name === 'value' ? [] : namesOf(value)));
  return own === undefined ? inner : [own, ...inner];
}
