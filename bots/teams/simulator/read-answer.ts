/** What a person is shown of the answer to an invoke: dialogs, search results, words in place of a card. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import type { SeenCard, SeenHit } from '../../../src/kernel/simulated-chat.ts';
import { isObject } from '../../shared/json.ts';

import { readActivityText, readCard } from './read-card.ts';

/** What a form's handle holds: the card as it came, and how it goes back. */
export interface FormHandle {
  card: JsonObject;
  /** Message whose card it is, or from which the dialog was opened. */
  messageId: string | null;
  /** Command of the message extension that opened it. */
  commandId: string | null;
}

/** Null when the answer shows nothing but, perhaps, another card in the message's place. */
export function readAnswer(body: JsonValue, of: Omit<FormHandle, 'card'>): SeenCard | null {
  if (!isObject(body)) return null;
  if (isObject(body.composeExtension)) return readExtension(body.composeExtension);
  if (isObject(body.task)) return readTask(body.task, of);
  const { type, value } = body;
  if (type === 'application/vnd.microsoft.activity.message') return readActivityText(String(value ?? ''));
  if (type !== 'application/vnd.microsoft.error') return null;
  const text = isObject(value) ? String(value.message ?? '') : '';
  return { lines: [{ kind: 'error', text: text || 'Something went wrong' }], buttons: [], form: null };
}

function readTask(task: JsonObject, of: Omit<FormHandle, 'card'>): SeenCard | null {
  if (task.type === 'message') return readActivityText(String(task.value ?? ''));
  const value = isObject(task.value) ? task.value : {};
  const card = isObject(value.card) ? value.card.content : undefined;
  if (!isObject(card)) return null;
  const handle: FormHandle = { card, ...of };
  return readCard(card, { title: String(value.title ?? ''), handle: JSON.stringify(handle) });
}

function readExtension(extension: JsonObject): SeenCard {
  if (extension.type === 'message') return readActivityText(String(extension.text ?? ''));
  const cards = attachmentsOf(extension).flatMap(({ content }) =>
    isObject(content) ? [readCard(content, null)] : [],
  );
  return {
    lines: cards.flatMap(({ lines }) => lines),
    buttons: cards.flatMap(({ buttons }) => buttons),
    form: null,
  };
}

/** The hits of a search, or words in their place. A hit's handle is its card. */
export function readSearch(body: JsonValue): { hits: SeenHit[]; shown: SeenCard | null } {
  const extension = isObject(body) && isObject(body.composeExtension) ? body.composeExtension : {};
  if (extension.type === 'message') return { hits: [], shown: readExtension(extension) };
  const hits = attachmentsOf(extension).map(({ preview, content }) => {
    const shown = isObject(preview) && isObject(preview.content) ? preview.content : {};
    return {
      title: fromHtml(String(shown.title ?? '')),
      text: fromHtml(String(shown.text ?? '')),
      handle: JSON.stringify(isObject(content) ? content : {}),
    };
  });
  return { hits, shown: null };
}

function attachmentsOf({ attachments }: JsonObject): JsonObject[] {
  return Array.isArray(attachments) ? attachments.filter(isObject) : [];
}

/** Previews are drawn as HTML: the two characters that act there come as references. */
function fromHtml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}
