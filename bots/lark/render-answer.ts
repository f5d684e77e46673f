/** Turns an outcome into the HTTP response that carries it back: a card callback gets a card, a toast or both. */
import type { Activity } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Message, Reply } from '../../src/kernel/message.ts';
import { cleanLine, truncateText } from '../../src/kernel/plain-text.ts';
import type { HttpAnswer } from '../../src/kernel/platform.ts';
import type { CardChat } from './card-elements.ts';
import { renderCard } from './render.ts';

/** A toast is one short line; UTF-16 units. */
const maxToast = 200;

/**
 * Events are acknowledged with an empty object. A card callback takes a toast, and a card that replaces the one that was
 * used; an empty object leaves it as it is. A form that was filled wrongly comes back with its faults, in its own place.
 * Source: https://open.feishu.cn/document/feishu-cards/card-callback-communication
 */
export function renderAnswer(reply: Reply, activity: Activity): HttpAnswer {
  const { answer } = reply;
  if (activity.replyBy === 'message' || answer === undefined) return accepted({});
  const chat: CardChat = activity.reference?.type === 'personal' ? 'p2p' : 'group';
  switch (answer.kind) {
    case 'card':
    case 'done':
      return accepted({ toast: toastOf(answer.message), card: cardOf(answer.message, chat) });
    case 'form':
      return accepted({ card: cardOf({ title: answer.form.title, form: answer.form }, chat) });
    case 'failed':
      return accepted({ toast: toast('error', answer.message) });
    default:
      return accepted({});
  }
}

function accepted(body: JsonObject): HttpAnswer {
  return { status: 200, body };
}

function cardOf(message: Message, chat: CardChat): JsonObject {
  return { type: 'raw', data: renderCard(message, { chat }) };
}

/** Says at once what the card says too: it may be long, or scrolled away. */
function toastOf(message: Message): JsonObject | undefined {
  if (message.tone === 'good') return toast('success', message);
  return message.tone === 'attention' ? toast('error', message) : undefined;
}

function toast(type: 'success' | 'error', message: Message): JsonObject {
  const parts = [message.title, type === 'error' ? (message.text ?? '') : ''];
  const lines = parts
    .map((part) => cleanLine(truncateText(part, 2 * maxToast)))
    .filter((line) => line !== '');
  return { type, content: truncateText(lines.join(' — '), maxToast) || '…' };
}
