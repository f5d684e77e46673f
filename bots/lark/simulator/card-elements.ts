/** The elements of a Lark card (JSON 2.0) and how to walk them. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import { isObject } from '../../shared/json.ts';

/** Tags that hold elements, and those that hold none; `note` and `action` ended with version 1. */
export const containerTags: ReadonlySet<string> = new Set([
  'column_set',
  'form',
  'interactive_container',
  'collapsible_panel',
]);
export const inputTags: ReadonlySet<string> = new Set([
  'input',
  'select_static',
  'multi_select_static',
  'select_person',
  'multi_select_person',
  'date_picker',
  'picker_time',
  'picker_datetime',
  'select_img',
  'checker',
]);
export const plainTags: ReadonlySet<string> = new Set([
  'div',
  'markdown',
  'hr',
  'img',
  'img_combination',
  'person',
  'person_list',
  'chart',
  'table',
  'audio',
  'button',
  'overflow',
]);

/** The objects of a member that is a list; what is none is left out. */
export function objectsOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Elements at the root of the card. */
export function rootElements(card: JsonObject): JsonObject[] {
  return isObject(card.body) ? objectsOf(card.body.elements) : [];
}

/** What stands directly inside an element: its elements, or those of its columns. */
export function childrenOf(element: JsonObject): JsonObject[] {
  if (element.tag !== 'column_set') return objectsOf(element.elements);
  return objectsOf(element.columns).flatMap((column) => objectsOf(column.elements));
}

/** Every element, in the order of drawing; `depth` is 0 at the root. */
export function walk(
  elements: readonly JsonObject[],
  visit: (element: JsonObject, depth: number) => void,
  depth = 0,
): void {
  for (const element of elements) {
    visit(element, depth);
    walk(childrenOf(element), visit, depth + 1);
  }
}

/** Every element of the tag, in the order of drawing. */
export function findAll(elements: readonly JsonObject[], tag: string): JsonObject[] {
  const found: JsonObject[] = [];
  walk(elements, (element) => {
    if (element.tag === tag) found.push(element);
  });
  return found;
}

/** The behaviour of a kind that an element has. */
export function behaviorOf(element: JsonObject, type: 'callback' | 'open_url'): JsonObject | null {
  return objectsOf(element.behaviors).find((behavior) => behavior.type === type) ?? null;
}

/** The content of a text object (`plain_text` or `lark_md`); empty when there is none. */
export function contentOf(text: JsonValue | undefined): string {
  return isObject(text) && typeof text.content === 'string' ? text.content : '';
}

/** Whether the button submits the form around it. */
export function isSubmit(button: JsonObject): boolean {
  return button.tag === 'button' && button.form_action_type === 'submit';
}
