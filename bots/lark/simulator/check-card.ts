/** The checks that Lark makes before it takes a card: what a real one would be refused for is refused here. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import { isObject } from '../../shared/json.ts';
import {
  behaviorOf,
  childrenOf,
  containerTags,
  findAll,
  inputTags,
  isSubmit,
  objectsOf,
  plainTags,
  rootElements,
  walk,
} from './card-elements.ts';

/** Longest card, in UTF-8 bytes of the request. */
export const maxCardBytes = 30 * 1024;
const maxElements = 200;
const maxNesting = 5;
const maxInputLength = 1000;

/**
 * Why Lark refuses the card; null when it takes it. Facts:
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure and the pages of the components.
 */
export function faultOfCard(card: JsonObject): string | null {
  if (card.schema !== '2.0') return 'schema is not 2.0';
  if (!isObject(card.body) || !Array.isArray(card.body.elements)) return 'body.elements is missing';
  const elements = rootElements(card);
  if (card.header !== undefined && !(isObject(card.header) && isText(card.header.title)))
    return 'header.title is missing';
  let fault: string | null = null;
  walk(elements, (element, depth) => {
    fault ??= faultOfElement(element, depth);
  });
  if (countTags(card) > maxElements) fault ??= `more than ${maxElements} elements`;
  return fault ?? faultOfNames(elements);
}

/** Texts count like elements; what a button brings back does not. */
function countTags(json: JsonValue | undefined): number {
  if (Array.isArray(json)) return json.reduce<number>((sum, entry) => sum + countTags(entry), 0);
  if (!isObject(json)) return 0;
  let count = typeof json.tag === 'string' ? 1 : 0;
  for (const [name, value] of Object.entries(json)) if (name !== 'value') count += countTags(value);
  return count;
}

function faultOfElement(element: JsonObject, depth: number): string | null {
  const { tag } = element;
  if (typeof tag !== 'string') return 'an element has no tag';
  if (!containerTags.has(tag) && !inputTags.has(tag) && !plainTags.has(tag))
    return `cards of schema V2 no longer support this capability; unsupported tag ${tag}`;
  if (depth > maxNesting) return 'containers nest too deeply';
  switch (tag) {
    case 'form':
      return depth > 0 ? 'a form stands at the root of a card only' : faultOfForm(element);
    case 'column_set': {
      const columns = objectsOf(element.columns);
      const good = columns.length > 0 && columns.every((column) => column.tag === 'column');
      return good ? null : 'column_set.columns has something that is no column';
    }
    case 'button':
      return faultOfButton(element);
    case 'markdown':
      return typeof element.content === 'string' ? null : 'markdown.content is missing';
    case 'div':
      return isText(element.text) || Array.isArray(element.fields) ? null : 'div.text is missing';
    case 'input':
      return faultOfInput(element);
    case 'select_static':
      return faultOfSelect(element);
    default:
      return null;
  }
}

function faultOfButton(button: JsonObject): string | null {
  if (!isText(button.text)) return 'button.text is missing';
  for (const behavior of objectsOf(button.behaviors)) {
    if (behavior.type !== 'callback' && behavior.type !== 'open_url')
      return `unknown behavior ${String(behavior.type)}`;
  }
  const link = behaviorOf(button, 'open_url');
  return link === null || typeof link.default_url === 'string' ? null : 'open_url.default_url is missing';
}

function faultOfInput(input: JsonObject): string | null {
  const { max_length: length } = input;
  if (length === undefined) return null;
  const good = Number.isInteger(length) && Number(length) >= 1 && Number(length) <= maxInputLength;
  return good ? null : `input.max_length is not from 1 to ${maxInputLength}`;
}

function faultOfSelect(select: JsonObject): string | null {
  const options = objectsOf(select.options);
  if (options.length === 0) return 'select_static.options is missing';
  const good = options.every((option) => isText(option.text) && typeof option.value === 'string');
  if (!good) return 'select_static.options has one without text or value';
  const values = new Set(options.map(({ value }) => value));
  return values.size === options.length ? null : 'select_static.options has a value twice';
}

function faultOfForm(form: JsonObject): string | null {
  if (typeof form.name !== 'string' || form.name === '') return 'form.name is missing';
  const inside = childrenOf(form);
  if (findAll(inside, 'table').length > 0) return 'a form holds no table';
  if (!findAll(inside, 'button').some(isSubmit))
    return 'there is no submit button in the form container, at least one';
  let fault: string | null = null;
  walk(inside, (element) => {
    const interactive = inputTags.has(String(element.tag)) || element.tag === 'button';
    if (interactive && (typeof element.name !== 'string' || element.name === ''))
      fault ??= `${String(element.tag)} in a form has no name`;
  });
  return fault;
}

/** Names in forms and element ids are each unique over the whole card. */
function faultOfNames(elements: readonly JsonObject[]): string | null {
  const names = new Set<string>();
  const ids = new Set<string>();
  let fault: string | null = null;
  const take = (element: JsonObject) => {
    if (typeof element.name !== 'string') return;
    if (names.has(element.name)) fault ??= `duplicate name ${element.name}`;
    names.add(element.name);
  };
  for (const form of findAll(elements, 'form')) {
    take(form);
    walk(childrenOf(form), take);
  }
  walk(elements, ({ element_id: id }) => {
    if (id === undefined) return;
    if (typeof id !== 'string' || !/^[A-Za-z]\w{0,19}$/.test(id))
      fault ??= `malformed element_id ${String(id)}`;
    else if (ids.has(id)) fault ??= `duplicate element_id ${id}`;
    ids.add(String(id));
  });
  return fault;
}

function isText(value: JsonObject[string]): boolean {
  if (!isObject(value) || typeof value.content !== 'string') return false;
  return value.tag === 'plain_text' || value.tag === 'lark_md';
}
