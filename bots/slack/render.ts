/** Draws a message as Block Kit within Slack's limits. */
import type { ActionsBlock, KnownBlock, SectionBlock } from '@slack/types';
import type { Button, ListItem, Message } from '../../src/kernel/message.ts';
import { toPlainText } from '../../src/kernel/message.ts';
import { cleanLine, cleanText, truncateText } from '../../src/kernel/plain-text.ts';
import {
  briefText,
  fullText,
  type TextDetail,
  terseText,
  withFewerButtons,
  withFewerItems,
} from '../shared/detail.ts';
import {
  escapeMrkdwn,
  escapeText,
  linkTo,
  pageUrl,
  plainLine,
  plainText,
  renderButton,
  textSections,
  withActionIds,
} from './block-elements.ts';
import { limits } from './block-limits.ts';

/** A message as the methods that post it take it. */
export interface Rendering {
  /** What notifications and screen readers get; Slack shows the blocks instead. */
  text: string;
  blocks: KnownBlock[];
}

export interface BlockOptions {
  /** At least 1. */
  maxBlocks?: number;
  /** Characters of the blocks as JSON; at least 2,000, into which a title and a short text always go. */
  maxCharacters?: number;
  /** False where a press cannot be answered: only links are drawn. */
  pressable?: boolean;
}

/** How much of a message is drawn. */
interface Detail extends TextDetail {
  pressable: boolean;
  itemTexts: boolean;
  itemButtons: boolean;
  items: number;
  buttons: number;
  footer: boolean;
}

/** UTF-16 units of the fallback text; notifications show far less. */
const fallbackLength = 1000;
/** The same of a message that is nothing but text. */
const reducedLength = 3000;

/** The message with its fallback text: what Slack's posting methods take. */
export function renderMessage(message: Message): Rendering {
  return { text: fallbackText(message), blocks: renderBlocks(message) };
}

/** Title and text alone, without blocks, for a message whose blocks Slack refuses. */
export function renderReduced({ title, text = '' }: Message): Pick<Rendering, 'text'> {
  return { text: fallbackText({ title, text }, reducedLength) };
}

/**
 * The message as blocks that keep every limit of Slack. What is too large loses detail in the order of worth: texts of
 * items, their buttons, items, long texts, facts, and last its buttons. Block Kit has no colours: the tone is said by
 * the message's own words alone.
 */
export function renderBlocks(message: Message, options: BlockOptions = {}): KnownBlock[] {
  const { maxBlocks = limits.blocksPerMessage, maxCharacters = limits.messageCharacters } = options;
  const draw = (detail: Detail) => withActionIds(drawBlocks(message, detail));
  const fits = (blocks: KnownBlock[]) =>
    blocks.length <= maxBlocks && JSON.stringify(blocks).length <= maxCharacters;
  const levels = detailLevels(message, options.pressable ?? true);
  for (const detail of levels.whole) {
    const blocks = draw(detail);
    if (fits(blocks)) return blocks;
  }
  const isDrawable = (detail: Detail) => fits(draw(detail));
  const fewer = withFewerItems(levels.fewerItems, isDrawable);
  if (fewer === null) return draw(withFewerButtons(levels.bare, isDrawable)).slice(0, maxBlocks);
  // Where blocks were short and not characters, these items have room for their texts after all.
  const withTexts = draw({ ...fewer, itemTexts: true });
  return fits(withTexts) ? withTexts : draw(fewer);
}

/** Ever less detail: with all items, then with as many as fit, then a short text and as many buttons as fit. */
function detailLevels(message: Message, pressable: boolean) {
  const full: Detail = {
    pressable,
    itemTexts: true,
    itemButtons: true,
    items: message.items?.length ?? 0,
    buttons: message.buttons?.length ?? 0,
    footer: true,
    ...fullText,
  };
  const noItemTexts = { ...full, itemTexts: false };
  // Buttons of items cost a block each, texts none: where only blocks are short, the texts stay.
  const noItemButtons = { ...full, itemButtons: false };
  const neither = { ...noItemTexts, itemButtons: false };
  const brief = { ...neither, ...briefText };
  const terse = { ...brief, ...terseText };
  return {
    whole: [full, noItemTexts, noItemButtons, neither],
    fewerItems: [neither, brief, terse],
    bare: { ...terse, items: 0, facts: 0, footer: false },
  };
}

function drawBlocks(message: Message, detail: Detail): KnownBlock[] {
  const blocks: KnownBlock[] = [
    ...title(message, detail),
    ...(message.text ? textSections(truncateText(message.text, detail.textLength)) : []),
    ...facts(message, detail),
    ...list(message, detail),
    ...actions((message.buttons ?? []).slice(0, detail.buttons), detail),
  ];
  if (detail.footer && message.footer?.trim()) {
    blocks.push({ type: 'context', elements: [plainLine(message.footer, detail.lineLength)] });
  }
  return blocks.length > 0 ? blocks : [{ type: 'section', text: plainText('', limits.text) }];
}

/** A header, which is one bold line; a title that is too long for it is a section, so that nothing of it is lost. */
function title(message: Message, detail: Detail): KnownBlock[] {
  const line = truncateText(cleanLine(message.title), detail.lineLength);
  if (line === '') return [];
  const text = plainText(line, limits.text);
  return [line.length <= limits.header ? { type: 'header', text } : { type: 'section', text }];
}

/** Two columns of `label: value`, ten to a section. */
function facts(message: Message, detail: Detail): SectionBlock[] {
  const fields = (message.facts ?? []).slice(0, detail.facts).flatMap(({ label, value }) => {
    const parts = [label, value].map((part) => truncateText(cleanLine(part), detail.lineLength));
    const line = parts.filter((part) => part !== '').join(': ');
    return line === '' ? [] : [plainText(line, limits.field)];
  });
  return chunks(fields, limits.fieldsPerSection).map((chunk) => ({ type: 'section', fields: chunk }));
}

function list(message: Message, detail: Detail): KnownBlock[] {
  const items = message.items ?? [];
  const shown = items.slice(0, detail.items);
  const blocks = shown.flatMap((item) => row(item, detail));
  const left = items.length - shown.length;
  if (left > 0) {
    const more = (message.moreItems ?? '…').replaceAll('{count}', String(left));
    blocks.push({ type: 'context', elements: [plainLine(more, detail.lineLength)] });
  }
  return blocks;
}

/** One item: its ordinal, title and text; a single button stands beside it, several stand beneath. */
function row(item: ListItem, detail: Detail): KnownBlock[] {
  const section: SectionBlock = { type: 'section', text: rowText(item, detail) };
  if (!detail.itemButtons) return [section];
  const [block, ...more] = actions(item.buttons ?? [], detail);
  const [only, ...others] = block?.elements ?? [];
  if (only?.type === 'button' && others.length === 0) return [{ ...section, accessory: only }];
  return block === undefined ? [section] : [section, block, ...more];
}

/** mrkdwn only where the title is a link, which plain text cannot be. */
function rowText(item: ListItem, detail: Detail): NonNullable<SectionBlock['text']> {
  const ordinal = item.ordinal === undefined ? '• ' : `${item.ordinal}. `;
  const label = truncateText(cleanLine(item.title), detail.lineLength);
  const text = detail.itemTexts ? truncateText(cleanLine(item.text ?? ''), detail.lineLength) : '';
  const below = text === '' ? '' : `\n${text}`;
  const url = item.url === undefined ? null : pageUrl(item.url);
  if (url !== null) {
    const linked = `${ordinal}${linkTo(url, label)}${below === '' ? '' : `\n${escapeMrkdwn(text)}`}`;
    if (linked.length <= limits.text) return { type: 'mrkdwn', text: linked, verbatim: true };
  }
  return plainText(`${ordinal}${label}${below}`.trim(), limits.text);
}

function actions(buttons: readonly Button[], detail: Detail): ActionsBlock[] {
  const offered = detail.pressable ? buttons : buttons.filter((button) => button.kind === 'url');
  const elements = offered.map(renderButton).filter((button) => button !== null);
  return chunks(elements, limits.elementsPerActions).map((chunk) => ({ type: 'actions', elements: chunk }));
}

function chunks<T>(items: T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}

/** Cut before it is cleaned as well: a message may be far longer than what is kept. */
function fallbackText(message: Message, maxLength = fallbackLength): string {
  const plain = cleanText(truncateText(toPlainText(message), 2 * maxLength)).trim() || '…';
  for (let length = maxLength; ; length = Math.floor(length / 2)) {
    const text = escapeText(truncateText(plain, length));
    if (Buffer.byteLength(text) <= limits.textBytes) return text;
  }
}
