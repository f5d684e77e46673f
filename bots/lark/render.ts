/** Draws a message as an interactive Lark card, schema 2.0, within Lark's limits. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { ListItem, Message } from '../../src/kernel/message.ts';
import { cleanLine, truncateText } from '../../src/kernel/plain-text.ts';
import {
  briefText,
  fullText,
  type TextDetail,
  terseText,
  withFewerButtons,
  withFewerItems,
} from '../shared/detail.ts';
import { safeUrl } from '../shared/safe-url.ts';
import type { CardChat } from './card-elements.ts';
import {
  buttonRow,
  factFields,
  group,
  plainText,
  renderButtons,
  textBlock,
  textLine,
} from './card-elements.ts';
import { fitsCard, maxCardBytes } from './card-limits.ts';
import { type FormDetail, renderForm } from './render-form.ts';

const maxSummaryLength = 200;

/** Colours that the platform's own guide gives to outcomes. Source: the page of the title component. */
const templates = { neutral: undefined, good: 'green', attention: 'red', warning: 'orange' };

export interface CardOptions {
  /** Where the card stands. */
  chat: CardChat;
  /** UTF-8 bytes of the card as the content of a message; at least 8,000, into which a title and a short text always go. */
  maxBytes?: number;
  /** `element_id` of its first component, by which the card is found again; see `mark.ts`. */
  mark?: string;
}

/** How much of a message is drawn. */
interface Detail extends TextDetail {
  itemTexts: boolean;
  itemButtons: boolean;
  items: number;
  buttons: number;
  /** Null: the form is left out. */
  form: FormDetail | null;
}

/**
 * The message as a card. What is too large loses detail in the order of worth: texts of items, their buttons, items,
 * long texts and choices, facts, and last its buttons and its form.
 */
export function renderCard(message: Message, options: CardOptions): JsonObject {
  const maxBytes = options.maxBytes ?? maxCardBytes;
  const forms = new Map<FormDetail, JsonObject>();
  const draw = (detail: Detail) => drawCard(message, options, detail, forms);
  const fits = (detail: Detail) => fitsCard(draw(detail), maxBytes);
  const levels = detailLevels(message);
  const whole = levels.whole.find(fits);
  if (whole !== undefined) return draw(whole);
  const fewer = withFewerItems(levels.fewerItems, fits);
  if (fewer !== null) return draw(fewer);
  const bare = fits({ ...levels.bare, buttons: 0 }) ? levels.bare : { ...levels.bare, form: null };
  return draw(withFewerButtons(bare, fits));
}

/** Ever less detail: with all items, then with as many as fit, then a short text and as many buttons as fit. */
function detailLevels(message: Message) {
  const full: Detail = {
    itemTexts: true,
    itemButtons: true,
    items: message.items?.length ?? 0,
    buttons: message.buttons?.length ?? 0,
    ...fullText,
    form: { choices: 100, lineLength: 200, valueLength: 1000 },
  };
  const noItemTexts = { ...full, itemTexts: false };
  const noItemButtons = { ...noItemTexts, itemButtons: false };
  const briefForm = { choices: 30, lineLength: 100, valueLength: 500 };
  const brief = { ...noItemButtons, ...briefText, form: briefForm };
  const terseForm = { choices: 10, lineLength: 60, valueLength: 100 };
  const terse = { ...brief, ...terseText, form: terseForm };
  return {
    whole: [full, noItemTexts, noItemButtons],
    fewerItems: [noItemButtons, brief, terse],
    bare: { ...terse, items: 0, facts: 0 },
  };
}

/** @param forms the message's form as it was drawn before, by its detail */
function drawCard(
  message: Message,
  { chat, mark }: CardOptions,
  detail: Detail,
  forms: Map<FormDetail, JsonObject>,
): JsonObject {
  const elements = [...text(message, detail), ...facts(message, detail), ...list(message, chat, detail)];
  if (message.form !== undefined && detail.form !== null) {
    const form = forms.get(detail.form) ?? renderForm(message.form, chat, detail.form);
    forms.set(detail.form, form);
    elements.push(form);
  }
  const buttons = (message.buttons ?? []).slice(0, detail.buttons);
  elements.push(...buttonRow(renderButtons(buttons, chat, 'medium')));
  if (message.footer?.trim()) {
    const footer = truncateText(message.footer, detail.lineLength);
    elements.push(textLine(footer, { text_size: 'notation', text_color: 'grey' }));
  }
  return {
    schema: '2.0',
    // `update_multi` has to be said for a card to be updated later.
    config: { update_multi: true, summary: { content: summary(message) } },
    header: header(message, detail),
    body: { elements: mark === undefined ? elements : marked(elements, mark) },
  };
}

/** A card of a title alone gets a line to bear the mark. */
function marked(elements: readonly JsonObject[], mark: string): JsonObject[] {
  const [first = { tag: 'hr' }, ...rest] = elements;
  return [{ ...first, element_id: mark }, ...rest];
}

/** What notifications and the list of chats show. */
function summary(message: Message): string {
  const parts = [message.title, message.text ?? ''].map((part) => truncateText(part, 2 * maxSummaryLength));
  const lines = parts.map(cleanLine).filter((line) => line !== '');
  return truncateText(lines.join(' — '), maxSummaryLength);
}

/** The title in a band of the tone's colour; none without a title. */
function header(message: Message, detail: Detail): JsonObject | undefined {
  const title = cleanLine(truncateText(message.title, detail.lineLength));
  if (title === '') return undefined;
  return { title: plainText(title), template: templates[message.tone ?? 'neutral'] };
}

function text(message: Message, detail: Detail): JsonObject[] {
  return message.text?.trim() ? [textBlock(truncateText(message.text, detail.textLength))] : [];
}

function facts(message: Message, detail: Detail): JsonObject[] {
  const shown = (message.facts ?? []).slice(0, detail.facts);
  return factFields(
    shown.map(({ label, value }) => ({
      label: truncateText(label, detail.lineLength),
      value: truncateText(value, detail.lineLength),
    })),
  );
}

function list(message: Message, chat: CardChat, detail: Detail): JsonObject[] {
  const items = message.items ?? [];
  const rows = items.slice(0, detail.items).map((item) => row(item, chat, detail));
  const left = items.length - Math.min(items.length, detail.items);
  if (left > 0) {
    const more = (message.moreItems ?? '…').replaceAll('{count}', String(left));
    rows.push(textLine(truncateText(more, detail.lineLength), { text_color: 'grey' }));
  }
  return rows;
}

/** One item: its ordinal and title, its text below, and its buttons beneath; it leads to its page. */
function row(item: ListItem, chat: CardChat, detail: Detail): JsonObject {
  const url = item.url === undefined ? null : safeUrl(item.url);
  const ordinal = item.ordinal === undefined ? '' : `${item.ordinal}. `;
  const title = `${ordinal}${truncateText(item.title, detail.lineLength)}`;
  const note = detail.itemTexts && item.text ? truncateText(item.text, detail.lineLength) : '';
  const lines = [
    textLine(title, url === null ? {} : { text_color: 'blue' }),
    ...(cleanLine(note) ? [textLine(note, { text_size: 'notation', text_color: 'grey' })] : []),
  ];
  const buttons = detail.itemButtons ? renderButtons(item.buttons ?? [], chat, 'small') : [];
  return group([...lines, ...buttonRow(buttons)], url);
}
