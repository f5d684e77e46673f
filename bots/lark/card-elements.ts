/** The pieces of a Lark card, schema 2.0: texts that nobody can inject markup into, facts, rows and buttons. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Button, Fact } from '../../src/kernel/message.ts';
import { cleanLine, cleanText, truncateText } from '../../src/kernel/plain-text.ts';
import { interactionKey, interactionOf } from '../shared/interaction.ts';
import { safeUrl } from '../shared/safe-url.ts';

/** The kind of chat that a card stands in. A press does not tell it, so that the buttons carry it. */
export type CardChat = 'p2p' | 'group';

/** Source: https://open.feishu.cn/document/feishu-cards/card-json-v2-components/interactive-components/button */
export const maxButtonText = 100;

/** Names of sizes and colours: https://open.feishu.cn/document/feishu-cards/card-json-v2-components/content-components/plain-text */
export interface TextStyle {
  text_size?: 'heading' | 'normal' | 'notation';
  text_color?: 'grey' | 'red' | 'blue';
}

/**
 * A text that is shown as it is. The other kind of text (`lark_md`) and the markdown component read mentions
 * (`<at id=all>`), links and markup out of what people typed; no card of ours holds them.
 */
export function plainText(content: string, style: TextStyle = {}): JsonObject {
  return { tag: 'plain_text', content, ...style };
}

/** One line as a component. */
export function textLine(text: string, style: TextStyle = {}): JsonObject {
  return { tag: 'div', text: plainLine(text, style) };
}

/** One line of text; never empty. */
export function plainLine(text: string, style: TextStyle = {}): JsonObject {
  return plainText(cleanLine(text) || '…', style);
}

/** A text of several lines as one component: the format keeps line feeds. */
export function textBlock(text: string, style: TextStyle = {}): JsonObject {
  return { tag: 'div', text: plainText(cleanText(text).trim() || '…', style) };
}

/** Labels and values, one pair a line; none without facts. */
export function factFields(facts: Fact[]): JsonObject[] {
  if (facts.length === 0) return [];
  const fields = facts.map(({ label, value }) => ({
    is_short: false,
    text: plainText(`${cleanLine(label)}: ${cleanLine(value)}`),
  }));
  return [{ tag: 'div', fields }];
}

/** Components that belong together; where there is an address, a click beside their buttons leads to it. */
export function group(elements: JsonObject[], url: string | null): JsonObject {
  return {
    tag: 'column_set',
    action: url === null ? undefined : { multi_url: { url } },
    columns: [{ tag: 'column', width: 'weighted', weight: 1, vertical_spacing: '4px', elements }],
  };
}

/** The buttons side by side, on more lines where they do not fit; none without buttons. */
export function buttonRow(buttons: JsonObject[]): JsonObject[] {
  if (buttons.length === 0) return [];
  const columns = buttons.map((button) => ({ tag: 'column', width: 'auto', elements: [button] }));
  return [{ tag: 'column_set', flex_mode: 'flow', columns }];
}

/** The buttons as components; links that are not safe to offer are left out. */
export function renderButtons(buttons: Button[], chat: CardChat, size: 'small' | 'medium'): JsonObject[] {
  return buttons.map((button) => renderButton(button, chat, size)).filter((button) => button !== null);
}

function renderButton(button: Button, chat: CardChat, size: 'small' | 'medium'): JsonObject | null {
  const text = buttonText(button.label);
  if (button.kind === 'url') {
    const url = safeUrl(button.url);
    if (url === null) return null;
    return {
      tag: 'button',
      type: 'default',
      size,
      text,
      behaviors: [{ type: 'open_url', default_url: url }],
    };
  }
  const interaction = interactionOf(button);
  if (interaction === null) return null;
  const behaviors = [callback(interaction, chat)];
  return { tag: 'button', type: button.style ?? 'default', size, text, behaviors };
}

/** What a press brings back: our interaction, and the kind of chat. */
export function callback(interaction: JsonObject, chat: CardChat): JsonObject {
  return { type: 'callback', value: { [interactionKey]: interaction, chat } };
}

/** A button's label, within the format's limit and never empty. */
export function buttonText(label: string): JsonObject {
  return plainText(truncateText(cleanLine(truncateText(label, 2 * maxButtonText)), maxButtonText) || '…');
}
