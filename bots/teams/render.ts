/** Draws a message as an Adaptive Card and as the Bot Framework activity that carries it, within Teams' size limit. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
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
import { safeUrl } from '../shared/safe-url.ts';
import type { CardPlace } from './card-elements.ts';
import { actionSets, factSet, maxActionsPerSet, renderButton, textLine, textLines } from './card-elements.ts';

export const adaptiveCardType = 'application/vnd.microsoft.card.adaptive';

/**
 * UTF-8 bytes of a card. Teams refuses large messages with 413; of the limits in its documents and connectors (28 kB to
 * 100 kB) the smallest holds for the whole activity, of which 3 kB are left for summary, addresses and ids.
 */
export const maxCardBytes = 25_000;

const maxSummaryLength = 200;

const markPrefix = 'deskbridge-token-';

export interface CardOptions {
  place?: CardPlace;
  /** UTF-8 bytes of the card as JSON; at least 8,000, into which a title and a short text always go. */
  maxBytes?: number;
  /** Marks the card, so that it can be told from every other one when it is read back. */
  token?: string;
}

/** How much of a message is drawn. */
interface Detail extends TextDetail {
  place: CardPlace;
  /** Older clients' variant of each button in the list; typing the ordinal still works without. */
  itemFallbacks: boolean;
  itemTexts: boolean;
  itemButtons: boolean;
  items: number;
  buttons: number;
  /** UTF-16 units of the fallback text. */
  fallbackLength: number;
}

/**
 * The message as an activity without addresses. It has no `text`, which Teams would show beside the card: `summary` is
 * what notifications and the chat list show, the card's `fallbackText` what clients without cards show. At most 28 kB.
 */
export function renderMessage(message: Message, options: CardOptions = {}): JsonObject {
  const summary = [message.title, message.text ?? ''].map(cleanLine).filter((line) => line !== '');
  return {
    type: 'message',
    summary: truncateText(summary.join(' — '), maxSummaryLength),
    attachments: [{ contentType: adaptiveCardType, content: renderCard(message, options) }],
  };
}

/**
 * The message as an Adaptive Card 1.5 of at most `maxBytes`. What is too large loses detail in the order of worth:
 * texts of items, their buttons, items, long texts, facts, and last its buttons.
 */
export function renderCard(message: Message, options: CardOptions = {}): JsonObject {
  const maxBytes = options.maxBytes ?? maxCardBytes;
  const draw = (detail: Detail) => marked(drawCard(message, detail), options.token);
  const fits = (card: JsonObject) => Buffer.byteLength(JSON.stringify(card)) <= maxBytes;
  const levels = detailLevels(message, options.place ?? 'chat');
  for (const detail of levels.whole) {
    const card = draw(detail);
    if (fits(card)) return card;
  }
  const isDrawable = (detail: Detail) => fits(draw(detail));
  const fewer = withFewerItems(levels.fewerItems, isDrawable);
  return draw(fewer ?? withFewerButtons(levels.bare, isDrawable));
}

/**
 * What stands in the marked card and in no other. It is the id of an element, which cards have by their schema and
 * nobody sees; Graph shows a message's card as the JSON text that the bot sent
 * (https://learn.microsoft.com/graph/api/chat-list-messages, the bot's message in the example).
 */
export function markOf(token: string): string {
  return `${markPrefix}${token}`;
}

/** The token that a card is marked with; null when it has none. */
export function tokenOf(card: JsonObject): string | null {
  const [first] = Array.isArray(card.body) ? card.body : [];
  const id = typeof first === 'object' && first !== null && !Array.isArray(first) ? first.id : undefined;
  return typeof id === 'string' && id.startsWith(markPrefix) ? id.slice(markPrefix.length) : null;
}

/** Ever less detail: with all items, then with as many as fit, then a short text and as many buttons as fit. */
function detailLevels(message: Message, place: CardPlace) {
  const full: Detail = {
    place,
    itemFallbacks: true,
    itemTexts: true,
    itemButtons: true,
    items: message.items?.length ?? 0,
    buttons: message.buttons?.length ?? 0,
    ...fullText,
    fallbackLength: 1000,
  };
  const noItemFallbacks = { ...full, itemFallbacks: false };
  const noItemTexts = { ...noItemFallbacks, itemTexts: false };
  const noItemButtons = { ...noItemTexts, itemButtons: false };
  const brief = { ...noItemButtons, ...briefText, fallbackLength: 300 };
  const terse = { ...brief, ...terseText, fallbackLength: 80 };
  return {
    whole: [full, noItemFallbacks, noItemTexts, noItemButtons],
    fewerItems: [noItemButtons, brief, terse],
    bare: { ...terse, items: 0, facts: 0 },
  };
}

function drawCard(message: Message, detail: Detail): JsonObject {
  const body: JsonObject[] = [
    ...header(message, detail),
    ...facts(message, detail),
    ...list(message, detail),
  ];
  const actions = drawButtons((message.buttons ?? []).slice(0, detail.buttons), detail.place, true);
  const sets = actions.length > maxActionsPerSet ? actionSets(actions) : [];
  body.push(...sets);
  if (message.footer?.trim()) {
    const footer = truncateText(message.footer, detail.lineLength);
    body.push(textLine(footer, { size: 'Small', isSubtle: true }, 'Medium'));
  }
  return {
    ...cardFrame(body, fallbackText(message, detail.fallbackLength)),
    actions: actions.length > 0 && sets.length === 0 ? actions : undefined,
  };
}

function marked(card: JsonObject, token: string | undefined): JsonObject {
  if (token === undefined) return card;
  const [first, ...rest] = card.body as JsonObject[];
  const element = first ?? { type: 'Container', items: [] };
  return { ...card, body: [{ ...element, id: markOf(token) }, ...rest] };
}

/** An Adaptive Card around the elements of its body. */
export function cardFrame(body: JsonObject[], fallbackText: string): JsonObject {
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.5',
    msteams: { width: 'Full' },
    fallbackText,
    body,
  };
}

/** Cut before it is cleaned as well: a message may be far longer than what is kept. */
function fallbackText(message: Message, length: number): string {
  return truncateText(cleanText(truncateText(toPlainText(message), 2 * length)), length);
}

/** Title and text; in a coloured band where the message has a tone. */
function header(message: Message, detail: Detail): JsonObject[] {
  const title = truncateText(message.title, detail.lineLength);
  const blocks = [
    ...(cleanLine(title) ? [textLine(title, { size: 'Medium', weight: 'Bolder' })] : []),
    ...(message.text ? textLines(truncateText(message.text, detail.textLength)) : []),
  ];
  if (message.tone === undefined || message.tone === 'neutral' || blocks.length === 0) return blocks;
  return [{ type: 'Container', style: message.tone, bleed: true, items: blocks }];
}

function facts(message: Message, detail: Detail): JsonObject[] {
  const shown = (message.facts ?? []).slice(0, detail.facts).map((fact) => ({
    label: truncateText(fact.label, detail.lineLength),
    value: truncateText(fact.value, detail.lineLength),
  }));
  const set = factSet(shown);
  return set === null ? [] : [set];
}

function list(message: Message, detail: Detail): JsonObject[] {
  const items = message.items ?? [];
  const rows = items.slice(0, detail.items).map((item) => row(item, detail));
  const left = items.length - rows.length;
  if (left > 0) {
    const more = (message.moreItems ?? '…').replaceAll('{count}', String(left));
    rows.push(textLine(truncateText(more, detail.lineLength), { isSubtle: true }, 'Medium'));
  }
  return rows;
}

/** One item: its ordinal in a narrow column, title and text beside it, its buttons beneath. */
function row(item: ListItem, detail: Detail): JsonObject {
  const url = item.url === undefined ? null : safeUrl(item.url);
  const title = truncateText(item.title, detail.lineLength);
  const text = detail.itemTexts && item.text ? truncateText(item.text, detail.lineLength) : '';
  const lines = [
    textLine(title, { weight: 'Bolder', ...(url === null ? {} : { color: 'Accent' }) }),
    ...(cleanLine(text) ? [textLine(text, { isSubtle: true }, 'None')] : []),
    ...(detail.itemButtons
      ? actionSets(drawButtons(item.buttons ?? [], detail.place, detail.itemFallbacks), 'Small')
      : []),
  ];
  const columns: JsonObject[] = [{ type: 'Column', width: 'stretch', items: lines }];
  if (item.ordinal !== undefined) {
    columns.unshift({
      type: 'Column',
      width: 'auto',
      items: [textLine(`${item.ordinal}.`, { isSubtle: true })],
    });
  }
  const selectAction: JsonObject | undefined = url === null ? undefined : { type: 'Action.OpenUrl', url };
  return { type: 'ColumnSet', separator: true, spacing: 'Medium', selectAction, columns };
}

function drawButtons(buttons: Button[], place: CardPlace, fallback: boolean): JsonObject[] {
  return buttons.map((button) => renderButton(button, place, fallback)).filter((action) => action !== null);
}
