/** Slack's limits on messages and views as data, and a check of a rendering against them. */
import type { KnownBlock, View } from '@slack/types';

/**
 * Lengths in UTF-16 units. Sources: the pages of blocks, elements and composition objects below
 * https://docs.slack.dev/reference/block-kit, unless another is named.
 */
export const limits = {
  /** More in modals and in App Home. */
  blocksPerMessage: 50,
  blocksPerView: 100,
  /** Of any text object, which is never empty. */
  text: 3000,
  header: 150,
  fieldsPerSection: 10,
  field: 2000,
  elementsPerActions: 25,
  elementsPerContext: 10,
  actionId: 255,
  blockId: 255,
  buttonLabel: 75,
  buttonValue: 2000,
  buttonUrl: 3000,
  inputLabel: 2000,
  inputText: 3000,
  placeholder: 150,
  optionsPerSelect: 100,
  optionsPerCheckboxes: 10,
  optionLabel: 75,
  /** @slack/types says 75, newer pages 150: the smaller holds. */
  optionValue: 75,
  /** https://docs.slack.dev/reference/views/modal-views */
  viewTitle: 24,
  viewMetadata: 3000,
  /** https://docs.slack.dev/reference/methods/views.open: `view_too_large` above 250 kB. */
  viewBytes: 250_000,
  /** https://docs.slack.dev/reference/methods/chat.postMessage: a longer text is cut. */
  wholeText: 40_000,
  /**
   * `chat.update` answers `msg_too_long` above 4,000 bytes of text, where `chat.postMessage` only advises 4,000
   * characters: the smaller holds for both, since a message of ours may be updated later.
   */
  textBytes: 4000,
  /**
   * All blocks of a message as JSON. Not documented: `chat.postMessage` answers `msg_blocks_too_long` at about 13,200
   * characters, containers counted (https://github.com/slackapi/bolt-js/issues/2509 and 2867).
   */
  messageCharacters: 12_000,
} as const;

/** What Slack would refuse in a message; empty when nothing. */
export function faultsOfMessage(message: { text: string; blocks: readonly KnownBlock[] }): string[] {
  const { text, blocks } = message;
  const bytes = Buffer.byteLength(text);
  return [
    ...lengthFault('text', text, limits.wholeText),
    ...(bytes > limits.textBytes ? [`text: ${bytes} bytes`] : []),
    ...countFault('blocks', blocks.length, limits.blocksPerMessage),
    ...countFault('blocks as JSON', JSON.stringify(blocks).length, limits.messageCharacters),
    ...faultsOfBlocks(blocks, ['header', 'section', 'context', 'actions', 'divider']),
  ];
}

/** What Slack would refuse in a modal or home view; empty when nothing. */
export function faultsOfView(view: View): string[] {
  const blocks = view.blocks as KnownBlock[];
  const metadata = view.private_metadata;
  return [
    ...countFault('blocks', blocks.length, limits.blocksPerView),
    ...countFault('bytes', Buffer.byteLength(JSON.stringify(view)), limits.viewBytes),
    ...(metadata === undefined ? [] : lengthFault('private_metadata', metadata, limits.viewMetadata)),
    ...(view.type === 'modal' ? lengthFault('title', view.title.text, limits.viewTitle) : []),
    ...(view.type === 'modal' && view.submit
      ? lengthFault('submit', view.submit.text, limits.viewTitle)
      : []),
    ...(view.type === 'modal' && !view.submit && blocks.some((block) => block.type === 'input')
      ? ['inputs without submit']
      : []),
    ...faultsOfBlocks(blocks, ['header', 'section', 'context', 'actions', 'divider', 'input']),
  ];
}

function faultsOfBlocks(blocks: readonly KnownBlock[], allowed: readonly string[]): string[] {
  const ids = blocks.flatMap((block) => block.block_id ?? []);
  return [
    ...blocks.flatMap((block) => (allowed.includes(block.type) ? [] : [`${block.type} block`])),
    ...ids.flatMap((id) => lengthFault('block_id', id, limits.blockId)),
    ...repeated('block_id', ids),
    ...repeated('action_id', blocks.filter((block) => block.type !== 'input').flatMap(actionIds)),
    ...blocks.flatMap(faultsOfBlock),
  ];
}

function faultsOfBlock(block: KnownBlock): string[] {
  switch (block.type) {
    case 'header':
      return lengthFault('header', block.text.text, limits.header);
    case 'section':
      return [
        ...(block.text === undefined && block.fields === undefined ? ['empty section'] : []),
        ...(block.text === undefined ? [] : lengthFault('section', block.text.text, limits.text)),
        ...countFault('fields', block.fields?.length ?? 1, limits.fieldsPerSection),
        ...(block.fields ?? []).flatMap((field) => lengthFault('field', field.text, limits.field)),
        ...(block.accessory === undefined ? [] : faultsOfElement(block.accessory)),
      ];
    case 'context':
      return [
        ...countFault('elements', block.elements.length, limits.elementsPerContext),
        ...block.elements.flatMap((element) =>
          'text' in element ? lengthFault('context', element.text, limits.text) : [],
        ),
      ];
    case 'actions':
      return [
        ...countFault('elements', block.elements.length, limits.elementsPerActions),
        ...block.elements.flatMap(faultsOfElement),
      ];
    case 'input':
      return [
        ...lengthFault('label', block.label.text, limits.inputLabel),
        ...faultsOfElement(block.element),
      ];
    default:
      return [];
  }
}

type Element =
  | Extract<KnownBlock, { type: 'actions' }>['elements'][number]
  | Extract<KnownBlock, { type: 'input' }>['element']
  | NonNullable<Extract<KnownBlock, { type: 'section' }>['accessory']>;

function faultsOfElement(element: Element): string[] {
  const placeholder = 'placeholder' in element ? element.placeholder?.text : undefined;
  const faults = [
    ...('action_id' in element ? lengthFault('action_id', element.action_id ?? '', limits.actionId) : []),
    ...(placeholder === undefined ? [] : lengthFault('placeholder', placeholder, limits.placeholder)),
  ];
  switch (element.type) {
    case 'button':
      return [
        ...faults,
        ...lengthFault('label', element.text.text, limits.buttonLabel),
        ...(element.value === undefined ? [] : lengthFault('value', element.value, limits.buttonValue)),
        ...(element.url === undefined ? [] : lengthFault('url', element.url, limits.buttonUrl)),
        ...(element.url !== undefined && !/^https?:/.test(element.url) ? ['url that is no web page'] : []),
      ];
    case 'plain_text_input': {
      const { initial_value: value = '', max_length: max = limits.inputText } = element;
      const isWrong = max < 1 || max > limits.inputText || value.length > max;
      return isWrong ? [...faults, `input of ${value.length} in ${max}`] : faults;
    }
    case 'static_select':
      return [
        ...faults,
        ...faultsOfOptions(element.options ?? [], limits.optionsPerSelect),
        ...strangers(element.initial_option === undefined ? [] : [element.initial_option], element.options),
      ];
    case 'checkboxes':
      return [
        ...faults,
        ...faultsOfOptions(element.options, limits.optionsPerCheckboxes),
        ...strangers(element.initial_options ?? [], element.options),
      ];
    default:
      return [...faults, `${element.type} element`];
  }
}

interface OptionLike {
  text: { text: string };
  value?: string;
}

function faultsOfOptions(options: readonly OptionLike[], max: number): string[] {
  return [
    ...countFault('options', options.length, max),
    ...options.flatMap((option) => [
      ...lengthFault('option', option.text.text, limits.optionLabel),
      ...lengthFault('option value', option.value ?? '', limits.optionValue),
    ]),
    ...repeated(
      'option value',
      options.map((option) => option.value ?? ''),
    ),
  ];
}

/** Options that are chosen at first must be among those that can be chosen, member for member. */
function strangers(chosen: readonly OptionLike[], options: readonly OptionLike[] | undefined): string[] {
  const known = new Set((options ?? []).map((option) => JSON.stringify(option)));
  return chosen.every((option) => known.has(JSON.stringify(option))) ? [] : ['unknown initial option'];
}

function actionIds(block: KnownBlock): string[] {
  const elements =
    block.type === 'actions'
      ? block.elements
      : block.type === 'section' && block.accessory
        ? [block.accessory]
        : [];
  return elements.map((element) => ('action_id' in element ? (element.action_id ?? '') : ''));
}

function repeated(name: string, values: readonly string[]): string[] {
  return new Set(values).size === values.length ? [] : [`${name} repeated`];
}

function lengthFault(name: string, text: string, max: number): string[] {
  return text.length >= 1 && text.length <= max ? [] : [`${name}: ${text.length} of 1 to ${max} characters`];
}

function countFault(name: string, count: number, max: number): string[] {
  return count >= 1 && count <= max ? [] : [`${name}: ${count} of 1 to ${max}`];
}
