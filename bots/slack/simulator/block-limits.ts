/** Slack's published limits of Block Kit, checked as the Web API does; https://docs.slack.dev/reference/block-kit */

import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import { isObject } from '../../shared/json.ts';
import { elementFaults, type Faults, fault, listFaults, textFaults, tooLong } from './element-limits.ts';

export type Surface = 'message' | 'modal' | 'home';

/**
 * What the texts of a posted message's blocks may come to together, each block counting as `blockOverhead` more. Not in
 * the reference: measured, with a maintainer's "12,000 characters with a buffer for the containers".
 * https://github.com/slackapi/bolt-js/issues/2509 and https://github.com/slackapi/bolt-js/issues/2867
 */
export const maxMessageTextUnits = 13_422;
const blockOverhead = 125;

/** Every breach of the limits, in the words of the API; empty when the blocks would be taken. */
export function blockFaults(blocks: JsonValue, surface: Surface, at = '/blocks'): Faults {
  if (!Array.isArray(blocks)) return fault('must be an array', at);
  const most = surface === 'message' ? 50 : 100;
  const seen = new Set<JsonValue>();
  const each = blocks.flatMap((block, index) => {
    const place = `${at}/${index}`;
    if (!isObject(block)) return fault('must be an object', place);
    const { block_id: id } = block;
    const doubled =
      id !== undefined && seen.has(id) ? fault('`block_id` already exists', `${place}/block_id`) : [];
    if (id !== undefined) seen.add(id);
    return [...doubled, ...tooLong(id, 255, `${place}/block_id`), ...oneBlockFaults(block, place, surface)];
  });
  return [...(blocks.length > most ? fault(`no more than ${most} items allowed`, at) : []), ...each];
}

/** Every breach of the limits of a view. */
export function viewFaults(view: JsonObject): Faults {
  const { type, blocks } = view;
  if (type !== 'modal' && type !== 'home') return fault('unsupported type', '/view/type');
  return [
    ...(type === 'modal' ? modalFaults(view) : []),
    ...tooLong(view.private_metadata, 3000, '/view/private_metadata'),
    ...tooLong(view.callback_id, 255, '/view/callback_id'),
    ...tooLong(view.external_id, 255, '/view/external_id'),
    ...blockFaults(blocks ?? null, type, '/view/blocks'),
    ...(Array.isArray(blocks) && blocks.length === 0
      ? fault('must have at least 1 item', '/view/blocks')
      : []),
  ];
}

/** Whether chat.postMessage would refuse the blocks with `msg_blocks_too_long`. */
export function areBlocksTooLong(blocks: readonly JsonObject[], max = maxMessageTextUnits): boolean {
  return blocks.length * blockOverhead + textUnits([...blocks]) > max;
}

function textUnits(value: JsonValue | undefined): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + textUnits(item), 0);
  if (!isObject(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [name, member]) =>
      sum + (name === 'text' && typeof member === 'string' ? member.length : textUnits(member)),
    0,
  );
}

function modalFaults(view: JsonObject): Faults {
  const { title, submit, close, blocks } = view;
  const hasInput = Array.isArray(blocks) && blocks.some((block) => isObject(block) && block.type === 'input');
  return [
    ...textFaults(title, 24, '/view/title', true),
    ...(submit ? textFaults(submit, 24, '/view/submit', true) : []),
    ...(close ? textFaults(close, 24, '/view/close', true) : []),
    ...(hasInput && !submit ? fault('missing required field: submit', '/view') : []),
  ];
}

function oneBlockFaults(block: JsonObject, at: string, surface: Surface): Faults {
  switch (block.type) {
    case 'divider':
    case 'rich_text':
      return [];
    case 'header':
      return textFaults(block.text, 150, `${at}/text`, true);
    case 'section':
      return sectionFaults(block, at);
    case 'context':
      return listFaults(block.elements, 10, `${at}/elements`, (element, place) =>
        isObject(element) && element.type === 'image'
          ? elementFaults(element, place)
          : textFaults(element, 3000, place),
      );
    case 'actions':
      return [
        ...listFaults(block.elements, 25, `${at}/elements`, elementFaults),
        ...doubledActions(block.elements, `${at}/elements`),
      ];
    case 'input':
      return inputFaults(block, at);
    case 'image':
      return [...elementFaults(block, at), ...tooLong(block.alt_text, 2000, `${at}/alt_text`)];
    case 'markdown':
      return surface === 'message'
        ? tooLong(block.text, 12_000, `${at}/text`)
        : fault('unsupported type: markdown', `${at}/type`);
    default:
      return fault(`unsupported type: ${String(block.type)}`, `${at}/type`);
  }
}

function sectionFaults({ text, fields, accessory }: JsonObject, at: string): Faults {
  return [
    ...(text === undefined && fields === undefined ? fault('missing required field: text', at) : []),
    ...(text === undefined ? [] : textFaults(text, 3000, `${at}/text`)),
    ...(fields === undefined
      ? []
      : listFaults(fields, 10, `${at}/fields`, (field, place) => textFaults(field, 2000, place))),
    ...(accessory === undefined ? [] : elementFaults(accessory, `${at}/accessory`)),
  ];
}

function inputFaults({ label, hint, element }: JsonObject, at: string): Faults {
  const isButton = isObject(element) && element.type === 'button';
  return [
    ...textFaults(label, 2000, `${at}/label`, true),
    ...(hint === undefined ? [] : textFaults(hint, 2000, `${at}/hint`, true)),
    ...(isButton ? fault('unsupported type: button', `${at}/element/type`) : []),
    ...elementFaults(element, `${at}/element`),
  ];
}

/** An action_id is to be unique within its block. */
function doubledActions(elements: JsonValue | undefined, at: string): Faults {
  const ids = (Array.isArray(elements) ? elements : []).flatMap((element) =>
    isObject(element) && typeof element.action_id === 'string' ? [element.action_id] : [],
  );
  return ids.length === new Set(ids).size ? [] : fault('`action_id` already exists', at);
}
