/** The pieces of Block Kit: texts that nobody can inject markup into, and buttons. */
import type { KnownBlock, PlainTextElement, SectionBlock, Button as SlackButton } from '@slack/types';
import type { Button } from '../../src/kernel/message.ts';
import { cleanLine, cleanText, truncateText } from '../../src/kernel/plain-text.ts';
import { interactionOf } from '../shared/interaction.ts';
import { safeUrl } from '../shared/safe-url.ts';
import { limits } from './block-limits.ts';

/** What stands where the format wants a text and there is none. */
const nothing = '…';

/** One line without markup, mentions and emoji codes, none of which `plain_text` knows. */
export function plainLine(text: string, max: number): PlainTextElement {
  return plainText(cleanLine(text), max);
}

/** The text, already clean, as a text object of 1 to `max` UTF-16 units. */
export function plainText(text: string, max: number): PlainTextElement {
  return { type: 'plain_text', text: truncateText(text, max) || nothing, emoji: false };
}

/** A text of several lines as sections, cut where a line or a word ends as far as possible; none when it is blank. */
export function textSections(text: string): SectionBlock[] {
  const sections: SectionBlock[] = [];
  let rest = cleanText(text).trim();
  while (rest !== '') {
    const end = rest.length <= limits.text ? rest.length : cutAt(rest, limits.text);
    sections.push({ type: 'section', text: plainText(rest.slice(0, end).trimEnd(), limits.text) });
    rest = rest.slice(end).trimStart();
  }
  return sections;
}

/** Where to cut: after the last line or word that fits, unless that is far back, and never inside a character. */
function cutAt(text: string, max: number): number {
  const head = text.slice(0, max);
  for (const end of [head.lastIndexOf('\n'), head.lastIndexOf(' ')]) if (end > max / 2) return end;
  return /[\ud800-\udbff]$/.test(head) ? max - 1 : max;
}

/**
 * Escapes what Slack parses in any text: mentions, links and channel names all need `<`
 * (https://docs.slack.dev/messaging/formatting-message-text).
 */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** mrkdwn has no escape for its own marks: a sign that looks the same stands for each that could act. */
const lookAlikes: Record<string, string> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ', ':': '꞉' };

/** One line of mrkdwn that shows as it is: `printer_03` and `12:30` stay, `*bold*` and `:emoji:` lose their power. */
export function escapeMrkdwn(text: string): string {
  return escapeText(cleanLine(text))
    .replace(/[*~`]/g, (mark) => lookAlikes[mark] ?? mark)
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, lookAlikes._ ?? '')
    .replace(/:(?=[^\s:]+:)/g, lookAlikes[':'] ?? '');
}

/** A page that can be opened; null for anything else, which Slack would refuse together with the whole message. */
export function pageUrl(url: string): string | null {
  const safe = safeUrl(url);
  return safe?.startsWith('http') ? safe : null;
}

/** A line of mrkdwn that is a link as a whole. */
export function linkTo(url: string, label: string): string {
  return `<${escapeText(url).replaceAll('|', '%7C')}|${escapeMrkdwn(label) || nothing}>`;
}

/**
 * The button, its `action_id` still missing; null for one that cannot be drawn: a link that is not safe to offer, or
 * an interaction that is too long to travel in a value.
 */
export function renderButton(button: Button): SlackButton | null {
  const text = plainLine(button.label, limits.buttonLabel);
  if (button.kind === 'url') {
    const url = pageUrl(button.url);
    return url === null ? null : { type: 'button', text, url };
  }
  const value = JSON.stringify(interactionOf(button));
  if (value.length > limits.buttonValue) return null;
  return { type: 'button', text, value, ...(button.style === undefined ? {} : { style: button.style }) };
}

/** The blocks with an `action_id` for every button, which must be unique in a message or view. */
export function withActionIds(blocks: KnownBlock[]): KnownBlock[] {
  let count = 0;
  const named = <T extends { type: string }>(element: T): T =>
    element.type === 'button' ? { ...element, action_id: `deskbridge-${++count}` } : element;
  return blocks.map((block) => {
    if (block.type === 'actions') return { ...block, elements: block.elements.map(named) };
    if (block.type !== 'section' || block.accessory === undefined) return block;
    return { ...block, accessory: named(block.accessory) };
  });
}
