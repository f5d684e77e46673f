/** Turns an outcome into the HTTP response that carries it back: slash commands and submitted modals wait for one. */
import type { Activity } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Answer, Form, Message, Reply } from '../../src/kernel/message.ts';
import { cleanLine, truncateText } from '../../src/kernel/plain-text.ts';
import type { HttpAnswer } from '../../src/kernel/platform.ts';
import { renderMessage } from './render.ts';
import { drawnFields, renderClosing, renderForm } from './render-form.ts';

/** UTF-16 units of a fault beneath a field; Slack names no limit. */
const maxFieldError = 300;

/** Events, buttons and shortcuts are acknowledged with an empty 200: what they bring goes by calls of ours. */
export function renderAnswer(reply: Reply, activity: Activity): HttpAnswer {
  if (activity.replyBy === 'message') return { status: 200 };
  const answer = reply.answer ?? { kind: 'none' };
  if (activity.invoke === 'slash_command') return commandAnswer(answer);
  if (activity.invoke === 'view_submission') return submissionAnswer(answer, activity);
  return { status: 200 };
}

/**
 * Whether the answer goes by a call of ours: forms and the person's own page always do, unless the form is open already;
 * a message does where the response has no place for it, as with shortcuts and buttons that open a form.
 */
export function answersByCall(answer: Answer, activity: Activity): boolean {
  if (answer.kind === 'home') return true;
  if (activity.invoke === 'view_submission') return false;
  if (answer.kind === 'form') return true;
  const isInResponse = activity.replyBy === 'answer' && activity.invoke === 'slash_command';
  return messageOf(answer) !== null && !isInResponse;
}

/** The message as only the person sees it; a form is opened by a call of ours. */
function commandAnswer(answer: Answer): HttpAnswer {
  const message = messageOf(answer);
  if (message === null) return { status: 200 };
  return json({ response_type: 'ephemeral', ...renderMessage(message) });
}

/**
 * Faults of fields stand in the form that is open; anything else replaces it, since it may hold what the open form has
 * no place for. An empty answer closes it (https://docs.slack.dev/surfaces/modals#response_actions).
 */
function submissionAnswer(answer: Answer, activity: Activity): HttpAnswer {
  if (answer.kind === 'form') {
    const errors = faultsOfFields(answer.form);
    if (errors !== null) return json({ response_action: 'errors', errors });
    const reference = activity.replyReference ?? activity.reference;
    return json({ response_action: 'update', view: renderForm(answer.form, reference) });
  }
  const message = messageOf(answer);
  if (message === null) return { status: 200 };
  return json({ response_action: 'update', view: renderClosing(message) });
}

/** Faults by field, when there are some and the open form can show them all; null otherwise. */
function faultsOfFields(form: Form): JsonObject | null {
  if (form.error) return null;
  const faulty = form.fields.filter((field) => field.error?.trim());
  const drawn = new Set(drawnFields(form));
  if (faulty.length === 0 || !faulty.every((field) => drawn.has(field))) return null;
  return Object.fromEntries(
    faulty.map((field) => [field.name, truncateText(cleanLine(field.error ?? ''), maxFieldError)]),
  );
}

/** What an answer shows as a message; null when it shows none. */
export function messageOf(answer: Answer): Message | null {
  switch (answer.kind) {
    case 'card':
    case 'done':
    case 'failed':
    case 'preview':
      return answer.message;
    default:
      return null;
  }
}

function json(body: object): HttpAnswer {
  return { status: 200, body: body as JsonObject };
}
