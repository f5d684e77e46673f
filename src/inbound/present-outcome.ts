/** Turns the outcome of an action into the reply that the person's gesture waits for. */
import type { Outcome } from '../actions/run-action.ts';
import type { Activity } from '../kernel/activity.ts';
import type { DeskbridgeError } from '../kernel/errors.ts';
import type { Form, Message, Reply } from '../kernel/message.ts';
import { type Say, sayError, sayField } from '../words/index.ts';

/** A message where the platform takes messages, an answer where it waits for one. */
export function replyWith(activity: Activity, message: Message): Reply {
  if (activity.replyBy === 'answer') return { answer: answerFor(activity, message) };
  // A card of ours that was used is replaced, so that nobody presses it again.
  const { cardMessageId, intent } = activity;
  const isCardUse =
    intent.kind === 'press' || intent.kind === 'press_command' || intent.kind === 'submit_form';
  return isCardUse && cardMessageId !== null ? { message, updateMessageId: cardMessageId } : { message };
}

/**
 * A refusal, as the reply to a gesture. A card that others see too stays as it is: the one who may press it still needs
 * its buttons, and nobody else has to read why somebody may not.
 */
export function refuseWith(activity: Activity, message: Message): Reply {
  const { intent, reference } = activity;
  const isPress = ['press', 'press_command', 'open_form'].includes(intent.kind);
  const isShared = reference !== null && reference.type !== 'personal';
  return isPress && isShared ? { answer: { kind: 'failed', message } } : replyWith(activity, message);
}

/** The reply to an action that was done. */
export function replyToResult(activity: Activity, outcome: Extract<Outcome, { kind: 'done' }>): Reply {
  const { message, results } = outcome.result;
  if (activity.intent.kind === 'search' && results !== undefined)
    return { answer: { kind: 'results', results } };
  const reply = replyWith(activity, message);
  // A form closes with a confirmation; the card that it was opened from is brought up to date as well.
  if (
    activity.intent.kind === 'submit_form' &&
    reply.answer !== undefined &&
    activity.cardMessageId !== null
  ) {
    return { ...reply, message, updateMessageId: activity.cardMessageId };
  }
  return reply;
}

/** What a person is told when nothing was done. */
export function refusalMessage(say: Say, error: DeskbridgeError): Message {
  if (error.code === 'surface_disabled' && error.detail === 'group_chat') {
    return { title: say('group_chat_off.title'), text: say('group_chat_off.text'), tone: 'attention' };
  }
  const words = sayError(say, error.code);
  const [only, ...others] = error.fields;
  // An action's own sentence about its one fault says more than the code's.
  if (only !== undefined && only.rule === undefined && others.length === 0) {
    return { title: only.message, text: words.remedy, tone: 'attention' };
  }
  const facts = error.fields.slice(0, 5).map((field) => sayField(say, field));
  return {
    title: words.text,
    text: words.remedy,
    tone: 'attention',
    ...(facts.length > 0 ? { facts } : {}),
  };
}

/** The form again, each refused field with its fault. */
export function formWithFaults(form: Form, say: Say, error: DeskbridgeError): Form {
  const faults = new Map(error.fields.map((field) => [field.path, sayField(say, field).value]));
  const fields = form.fields.map((field) => {
    const fault = faults.get(field.name);
    return fault === undefined ? field : { ...field, error: fault };
  });
  const named = fields.some((field) => field.error !== undefined);
  return named ? { ...form, fields } : { ...form, fields, error: sayError(say, error.code).text };
}

function answerFor(activity: Activity, message: Message): NonNullable<Reply['answer']> {
  switch (activity.intent.kind) {
    case 'unfurl':
      return { kind: 'preview', message };
    case 'submit_form':
    case 'open_form':
      return { kind: 'done', message };
    default:
      return { kind: 'card', message };
  }
}
