/** Limits of Block Kit's elements and text objects; https://docs.slack.dev/reference/block-kit/block-elements */

import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import { isObject } from '../../shared/json.ts';

/** Sentences in the words of the API, each with a JSON pointer to its place. */
export type Faults = string[];

export function fault(what: string, at: string): Faults {
  return [`[ERROR] ${what} [json-pointer:${at}]`];
}

export function elementFaults(element: JsonValue | undefined, at: string): Faults {
  if (!isObject(element)) return fault('must be an object', at);
  const { placeholder } = element;
  return [
    ...tooLong(element.action_id, 255, `${at}/action_id`),
    ...(placeholder === undefined ? [] : textFaults(placeholder, 150, `${at}/placeholder`, true)),
    ...ownFaults(element, at),
  ];
}

/** A text object: plain text where mrkdwn is not allowed, never empty. */
export function textFaults(text: JsonValue | undefined, most: number, at: string, onlyPlain = false): Faults {
  if (!isObject(text)) return fault('must be a text object', at);
  const types = onlyPlain ? ['plain_text'] : ['plain_text', 'mrkdwn'];
  return [
    ...(types.includes(String(text.type)) ? [] : fault(`must be ${types.join(' or ')}`, `${at}/type`)),
    ...empty(text.text, `${at}/text`),
    ...tooLong(text.text, most, `${at}/text`),
  ];
}

/** A list of 1 to `most` items, each checked. */
export function listFaults(
  list: JsonValue | undefined,
  most: number,
  at: string,
  check: (item: JsonValue, at: string) => Faults,
): Faults {
  if (!Array.isArray(list) || list.length === 0 || list.length > most) {
    return fault(`must have 1 to ${most} items`, at);
  }
  return list.flatMap((item, index) => check(item, `${at}/${index}`));
}

/** Absent is allowed. */
export function tooLong(value: JsonValue | undefined, most: number, at: string): Faults {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'string') return fault('must be a string', at);
  return value.length > most ? fault(`must be less than ${most + 1} characters`, at) : [];
}

function ownFaults(element: JsonObject, at: string): Faults {
  switch (element.type) {
    case 'button':
      return buttonFaults(element, at);
    case 'plain_text_input':
      return textInputFaults(element, at);
    case 'static_select':
      return optionsFaults(element, 100, at);
    case 'checkboxes':
    case 'radio_buttons':
      return optionsFaults(element, 10, at);
    case 'image':
      return empty(element.image_url, `${at}/image_url`);
    default:
      return fault(`unsupported type: ${String(element.type)}`, `${at}/type`);
  }
}

function buttonFaults({ text, value, url, style }: JsonObject, at: string): Faults {
  const styles: (JsonValue | undefined)[] = [undefined, 'primary', 'danger'];
  return [
    ...textFaults(text, 75, `${at}/text`, true),
    ...tooLong(value, 2000, `${at}/value`),
    ...tooLong(url, 3000, `${at}/url`),
    ...(styles.includes(style) ? [] : fault('must be primary or danger', `${at}/style`)),
  ];
}

function textInputFaults({ max_length: longest, initial_value: initial }: JsonObject, at: string): Faults {
  const isLimit = typeof longest === 'number' && longest >= 1 && longest <= 3000;
  return [
    ...(longest === undefined || isLimit ? [] : fault('must be 1 to 3000', `${at}/max_length`)),
    ...tooLong(initial, isLimit ? longest : 3000, `${at}/initial_value`),
  ];
}

/** The chosen options have to be among those offered, word by word. */
function optionsFaults(element: JsonObject, most: number, at: string): Faults {
  const { options, initial_option: one, initial_options: several } = element;
  const chosen = Array.isArray(several) ? several : one === undefined ? [] : [one];
  const offered = (Array.isArray(options) ? options : []).map(identityOf);
  const isOffered = chosen.every((option) => offered.includes(identityOf(option)));
  return [
    ...listFaults(options, most, `${at}/options`, optionFaults),
    ...(isOffered ? [] : fault('must be one of the options', `${at}/initial_option`)),
  ];
}

function optionFaults(option: JsonValue, at: string): Faults {
  if (!isObject(option)) return fault('must be an object', at);
  return [
    ...textFaults(option.text, 75, `${at}/text`),
    ...empty(option.value, `${at}/value`),
    ...tooLong(option.value, 150, `${at}/value`),
  ];
}

function identityOf(option: JsonValue): string {
  if (!isObject(option) || !isObject(option.text)) return '';
  return JSON.stringify([option.text.text, option.value]);
}

function empty(value: JsonValue | undefined, at: string): Faults {
  return typeof value === 'string' && value !== '' ? [] : fault('must be more than 0 characters', at);
}
