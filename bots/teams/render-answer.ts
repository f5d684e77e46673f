/** Turns an outcome into the HTTP response that carries it back: each kind of invoke waits for a form of its own. */
import type { Activity } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { type Answer, type Message, type Reply, type SearchResult, toPlainText } from '../../src/kernel/message.ts';
import type { HttpAnswer } from '../../src/kernel/platform.ts';
import { renderCard } from './render.ts';
import { renderForm } from './render-form.ts';

const adaptiveCard = 'application/vnd.microsoft.card.adaptive';
const plainMessage = 'application/vnd.microsoft.activity.message';

/** Messages are acknowledged with an empty 200; an invoke gets its answer, and 501 where there is none to give. */
export function renderAnswer(reply: Reply, activity: Activity): HttpAnswer {
  if (activity.replyBy === 'message') return { status: 200 };
  const answer = reply.answer ?? { kind: 'none' };
  if (answer.kind === 'unsupported') return { status: 501 };
  const invoke = activity.invoke ?? '';
  if (invoke === 'adaptiveCard/action') return { status: 200, body: cardAction(answer) };
  if (invoke.startsWith('task/')) return { status: 200, body: task(answer) };
  if (invoke === 'composeExtension/fetchTask') return { status: 200, body: task(answer) };
  if (invoke.startsWith('composeExtension/')) return { status: 200, body: composeExtension(answer) };
  return { status: 501 };
}

/** Source: learn.microsoft.com, "Universal Actions for Adaptive Cards": the response replaces the card. */
function cardAction(answer: Answer): JsonObject {
  const message = messageOf(answer);
  if (message === null) return { statusCode: 200, type: plainMessage, value: 'OK' };
  return { statusCode: 200, type: adaptiveCard, value: renderCard(message) };
}

/** Source: learn.microsoft.com, "Use dialogs in bots": `continue` shows a card, no task closes the dialog. */
function task(answer: Answer): JsonObject {
  if (answer.kind === 'form') return dialog(answer.form.title, renderForm(answer.form));
  const message = messageOf(answer);
  if (message === null) return {};
  // The result stays on screen as a card: a closed dialog would leave the person wondering.
  return dialog(message.title, renderCard(message));
}

function dialog(title: string, card: JsonObject): JsonObject {
  const value = { title: title.slice(0, 64), height: 'medium', width: 'medium', card: { contentType: adaptiveCard, content: card } };
  return { task: { type: 'continue', value } };
}

/** Source: learn.microsoft.com, "Respond to search command". */
function composeExtension(answer: Answer): JsonObject {
  if (answer.kind === 'results') return results(answer.results);
  if (answer.kind === 'form') return task(answer);
  const message = messageOf(answer);
  if (message === null) return { composeExtension: { type: 'result', attachmentLayout: 'list', attachments: [] } };
  return results([{ title: message.title, text: message.text ?? '', message }]);
}

function results(found: SearchResult[]): JsonObject {
  const attachments = found.map((result) => ({
    contentType: adaptiveCard,
    content: renderCard(result.message),
    preview: {
      contentType: 'application/vnd.microsoft.card.thumbnail',
      content: { title: result.title, text: result.text },
    },
  }));
  return { composeExtension: { type: 'result', attachmentLayout: 'list', attachments } };
}

function messageOf(answer: Answer): Message | null {
  if (answer.kind === 'card' || answer.kind === 'done' || answer.kind === 'preview') return answer.message;
  if (answer.kind === 'results') {
    const [first] = answer.results;
    return first === undefined ? null : { title: first.title, text: toPlainText(first.message) };
  }
  return null;
}
