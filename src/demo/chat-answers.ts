/** Reads what the bot's endpoint answered: dialogs, search results, replies to a button, refusals. */
import { isObject } from '../../bots/teams/simulator/cards.ts';
import type { BotAnswer } from '../../bots/teams/simulator/index.ts';
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';

/** What a `task/…` answer shows. */
export type Dialog = { kind: 'card'; title: string; card: JsonObject } | { kind: 'text'; text: string };

export interface SearchHit {
  title: string;
  text: string;
  card: JsonObject;
}

/** The dialog of an answer; null when it opens none, or closes the one that is open. */
export function readDialog(body: JsonValue): Dialog | null {
  const task = isObject(body) ? body.task : undefined;
  if (!isObject(task)) return null;
  if (task.type === 'message') return { kind: 'text', text: String(task.value ?? '') };
  const value = isObject(task.value) ? task.value : {};
  const card = isObject(value.card) ? value.card.content : undefined;
  return isObject(card) ? { kind: 'card', title: String(value.title ?? ''), card } : null;
}

/** What a message extension's search brings up: hits, or words in their place. */
export type SearchAnswer = { kind: 'hits'; hits: SearchHit[] } | { kind: 'text'; text: string };

export function readSearch(body: JsonValue): SearchAnswer {
  const extension = isObject(body) && isObject(body.composeExtension) ? body.composeExtension : {};
  if (extension.type === 'message') return { kind: 'text', text: String(extension.text ?? '') };
  const attachments = Array.isArray(extension.attachments) ? extension.attachments : [];
  const hits = attachments.filter(isObject).map((attachment) => {
    const preview = isObject(attachment.preview) ? attachment.preview.content : undefined;
    const { title, text } = isObject(preview) ? preview : {};
    const card = isObject(attachment.content) ? attachment.content : {};
    return { title: fromHtml(String(title ?? '')), text: fromHtml(String(text ?? '')), card };
  });
  return { kind: 'hits', hits };
}

/** Previews are drawn as HTML: the two characters that act there come as references. */
function fromHtml(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}

/** The words of an answer to a button that brings no card; null when it says nothing to the person. */
export function readButtonWords(body: JsonValue): string | null {
  if (!isObject(body)) return null;
  if (body.type === 'application/vnd.microsoft.activity.message') {
    return typeof body.value === 'string' ? body.value : null;
  }
  const { value } = body;
  if (body.type === 'application/vnd.microsoft.error') {
    return isObject(value) ? String(value.message ?? '') : 'The bot answered with an error.';
  }
  return null;
}

/** Why an answer is none, in a sentence; null when the bot took what was sent. */
export function refusalOf({ status, failure }: BotAnswer): string | null {
  if (status >= 200 && status < 300) return null;
  switch (status) {
    case 0:
      return failure === 'ETIMEDOUT'
        ? 'The server did not answer in time.'
        : `The server does not answer (${failure ?? 'unknown'}): is it still running?`;
    case 401:
      return 'The server takes no messages without a token here: chat needs demo mode (DESKBRIDGE_DEMO=1) and a server on this machine.';
    case 403:
      return 'The demo tenant is suspended, or its registration for Teams is retired.';
    case 501:
      return 'The bot has no answer to that (501).';
    case 503:
      return 'The server could not handle it just now, and nothing was done: try again.';
    default:
      return `The server refused it (${status}).`;
  }
}
