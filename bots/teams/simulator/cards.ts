/** What a Teams client does with an Adaptive Card: finds its buttons and inputs, and composes what a press sends. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import { isObject } from '../../shared/json.ts';

const cardType = 'application/vnd.microsoft.card.adaptive';

/** The first Adaptive Card of an activity; null when it has none. */
export function cardOf(activity: JsonObject): JsonObject | null {
  const attachments = Array.isArray(activity.attachments) ? activity.attachments : [];
  for (const attachment of attachments) {
    if (isObject(attachment) && attachment.contentType === cardType && isObject(attachment.content)) {
      return attachment.content;
    }
  }
  return null;
}

/** The activity with its card replaced, as a client does with the answer to a button. */
export function withCard(activity: JsonObject, card: JsonObject): JsonObject {
  return { ...activity, attachments: [{ contentType: cardType, content: card }] };
}

/** Every action of the card in the order of drawing. */
export function buttonsOf(card: JsonObject): JsonObject[] {
  const found: JsonObject[] = [];
  walk(card, (element) => {
    if (typeof element.type === 'string' && element.type.startsWith('Action.')) found.push(element);
  });
  return found;
}

/**
 * The button with this title; of several, `which` counts from 0.
 * @throws Error when the card has none; the message lists the titles.
 */
export function findButton(card: JsonObject, title: string, which = 0): JsonObject {
  const buttons = buttonsOf(card);
  const button = buttons.filter((candidate) => candidate.title === title)[which];
  if (button !== undefined) return button;
  const titles = buttons.map((candidate) => String(candidate.title)).join(', ');
  throw new Error(`no button "${title}" among: ${titles}`);
}

/** The data of a press: the button's own, and every input of the card that has a value. */
export function pressedData(
  card: JsonObject,
  button: JsonObject,
  filled: Record<string, string> = {},
): JsonObject {
  const data: JsonObject = isObject(button.data) ? { ...button.data } : {};
  if (button.associatedInputs === 'none') return data;
  walk(card, (element) => {
    const isInput = typeof element.type === 'string' && element.type.startsWith('Input.');
    if (!isInput || typeof element.id !== 'string') return;
    const value = filled[element.id] ?? element.value;
    if (value !== undefined && value !== '') data[element.id] = value;
  });
  return data;
}

/** Elements and actions, outermost first; `data` and `fallback` hold none that are drawn. */
function walk(value: JsonValue | undefined, visit: (element: JsonObject) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
    return;
  }
  if (!isObject(value)) return;
  if (typeof value.type === 'string') visit(value);
  for (const [name, member] of Object.entries(value)) {
    if (name !== 'data' && name !== 'fallback') walk(member, visit);
  }
}
