/** Turns an outcome into the HTTP response that carries it back: each kind of invoke waits for a form of its own. */
import type { Activity } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Answer, Message, Reply, SearchResult } from '../../src/kernel/message.ts';
import { toPlainText } from '../../src/kernel/message.ts';
import { cleanLine, cleanText, truncateText } from '../../src/kernel/plain-text.ts';
import type { HttpAnswer } from '../../src/kernel/platform.ts';
import { adaptiveCardType, renderCard } from './render.ts';
import { renderForm } from './render-form.ts';

/** The bound that the app manifest sets for a dialog's title. */
const maxDialogTitle = 64;
/** What the list of hits has room for, in UTF-16 units. */
const maxPreviewLine = 200;
const maxPlainText = 1000;

/** Messages are acknowledged with an empty 200; an invoke gets its answer, and 501 where there is none to give. */
export function renderAnswer(reply: Reply, activity: Activity): HttpAnswer {
  if (activity.replyBy === 'message') return { status: 200 };
  const answer = reply.answer ?? { kind: 'none' };
  const invoke = activity.invoke ?? '';
  if (invoke === 'adaptiveCard/action') return { status: 200, body: cardAction(answer) };
  if (answer.kind === 'unsupported') return { status: 501 };
  switch (invoke) {
    case 'task/fetch':
    case 'task/submit':
    case 'composeExtension/fetchTask':
    case 'composeExtension/submitAction':
      return dialogAnswer(answer);
    case 'composeExtension/query':
      return { status: 200, body: searchAnswer(answer) };
    case 'composeExtension/queryLink':
    case 'composeExtension/selectItem':
      return { status: 200, body: composedCard(answer) };
    default:
      return { status: 501 };
  }
}

/**
 * Always HTTP 200, since the bot did look at it: success and failure stand in `statusCode` and `type`
 * (https://github.com/MicrosoftDocs/AdaptiveCards, authoring-cards/universal-action-model.md).
 */
function cardAction(answer: Answer): JsonObject {
  if (answer.kind === 'unsupported') {
    const value = { code: 'BadRequest', message: 'This button is not known here.' };
    return { statusCode: 400, type: 'application/vnd.microsoft.error', value };
  }
  if (answer.kind === 'failed') {
    const value = truncateText(cleanText(toPlainText(answer.message)), maxPlainText);
    return { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value };
  }
  const message = messageOf(answer);
  if (message !== null) return { statusCode: 200, type: adaptiveCardType, value: renderCard(message) };
  if (answer.kind === 'form') {
    return { statusCode: 200, type: adaptiveCardType, value: renderForm(answer.form, 'chat') };
  }
  // An empty value counts as no answer, and is asked for again (https://github.com/vercel/chat/pull/903).
  return { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: 'OK' };
}

/**
 * The next dialog; an empty answer closes the one that is open. A result stays on screen as a card, since a dialog
 * that closes would leave the person wondering. After an action command, too: what would go into the compose box
 * instead may be a refusal or meant for this person alone.
 * Source: learn.microsoft.com, "Respond to the dialog submit action".
 */
function dialogAnswer(answer: Answer): HttpAnswer {
  if (answer.kind === 'form') return dialog(answer.form.title, renderForm(answer.form));
  const message = messageOf(answer);
  return message === null ? { status: 200 } : dialog(message.title, renderCard(message, { place: 'dialog' }));
}

function dialog(title: string, content: JsonObject): HttpAnswer {
  const value: JsonObject = {
    title: truncateText(cleanLine(title), maxDialogTitle),
    height: 'medium',
    width: 'medium',
    card: { contentType: adaptiveCardType, content },
  };
  return { status: 200, body: { task: { type: 'continue', value } } };
}

/** Hits as a list; anything else, such as a refusal, as plain words that cannot be chosen. */
function searchAnswer(answer: Answer): JsonObject {
  if (answer.kind === 'results') return hits(answer.results);
  const message = messageOf(answer);
  if (message === null) return hits([]);
  const text = truncateText(cleanText(toPlainText(message)), maxPlainText);
  return { composeExtension: { type: 'message', text } };
}

/** The card that goes into the compose box; none for a refusal, which the person would send to others. */
function composedCard(answer: Answer): JsonObject {
  const message = messageOf(answer);
  if (message === null || message.tone === 'attention') return hits([]);
  return hits([{ title: message.title, text: message.text ?? '', message }]);
}

/** Source: learn.microsoft.com, "Respond to search command": an Adaptive Card needs a preview beside it. */
function hits(results: SearchResult[]): JsonObject {
  const attachments = results.map(({ title, text, message }) => ({
    contentType: adaptiveCardType,
    content: renderCard(message),
    preview: {
      contentType: 'application/vnd.microsoft.card.thumbnail',
      content: { title: previewLine(title) || '…', text: previewLine(text) },
    },
  }));
  return { composeExtension: { type: 'result', attachmentLayout: 'list', attachments } };
}

/**
 * One line without markup: thumbnails read HTML
 * (https://github.com/OfficeDev/microsoft-teams-library-js/issues/1645). Escapes only what HTML would act on.
 */
function previewLine(text: string): string {
  return truncateText(cleanLine(text), maxPreviewLine)
    .replace(/&(?=#?\w+;)/g, '&amp;')
    .replaceAll('<', '&lt;');
}

function messageOf(answer: Answer): Message | null {
  const shown =
    answer.kind === 'card' || answer.kind === 'done' || answer.kind === 'preview' || answer.kind === 'failed';
  return shown ? answer.message : null;
}
