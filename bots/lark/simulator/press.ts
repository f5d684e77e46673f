/** What pressing a button of a card does: the callback, and the toast and card of its answer. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import type { Gesture, SeenCard, SeenForm, SeenMessage } from '../../../src/kernel/simulated-chat.ts';
import { isObject, parseObject } from '../../shared/json.ts';
import { behaviorOf } from './card-elements.ts';
import { faultOfCard, maxCardBytes } from './check-card.ts';
import { type BotAnswer, type Delivery, eventKeyOf, patienceMs } from './delivery.ts';
import { drawContent, drawTexts } from './draw-card.ts';
import type { SealedEvent } from './envelope.ts';
import { pressEvent, type Scene } from './events.ts';
import type { Oracle, OracleMessage } from './oracle.ts';
import type { UpdateTokens } from './update-tokens.ts';

export interface Press {
  scene: Scene;
  installation: string;
  message: OracleMessage;
  button: JsonObject;
  /** What was filled into the form that the button submits. */
  formValue?: JsonObject;
}

/** Codes that a client shows when a callback went wrong; they are not sent to the bot. */
const clientCodes = { late: 200341, status: 200671, form: 200672, card: 200673 } as const;

export class Presses {
  readonly #delivery: Delivery;
  readonly #oracle: Oracle;
  readonly #updateTokens: UpdateTokens;
  readonly #clock: Clock;

  constructor(delivery: Delivery, oracle: Oracle, updateTokens: UpdateTokens, clock: Clock) {
    this.#delivery = delivery;
    this.#oracle = oracle;
    this.#updateTokens = updateTokens;
    this.#clock = clock;
  }

  /** Presses and applies the answer. `repeat('same')` sends the identical bytes, `repeat('later')` presses again. */
  press(press: Press): Promise<Gesture> {
    const { scene, installation, message, button, formValue } = press;
    const updateToken = this.#updateTokens.issue(scene.appId, message.id);
    const callback = behaviorOf(button, 'callback');
    const event = pressEvent(scene, {
      messageId: message.id,
      updateToken,
      value: isObject(callback?.value) || typeof callback?.value === 'string' ? callback.value : undefined,
      ...(typeof button.name === 'string' ? { name: button.name } : {}),
      ...(formValue === undefined ? {} : { formValue }),
    });
    return this.#send(press, eventKeyOf(event), this.#delivery.seal(event, installation), updateToken);
  }

  /** Forgets the tokens of callbacks. */
  clear(): void {
    this.#updateTokens.clear();
  }

  async #send(press: Press, eventKey: string, sealed: SealedEvent, updateToken: string): Promise<Gesture> {
    const answer = await this.#delivery.send(sealed, press.installation);
    if (answer.status === 200) this.#updateTokens.answered(updateToken);
    const { shown, replaced } = this.#apply(press.message, answer);
    return {
      status: answer.status,
      messageId: null,
      eventKey,
      form: replaced?.card.form ?? null,
      shown,
      replaced,
      repeat: (kind = 'same') =>
        kind === 'same' ? this.#send(press, eventKey, sealed, updateToken) : this.press(press),
    };
  }

  #apply(
    message: OracleMessage,
    answer: BotAnswer,
  ): { shown: SeenCard | null; replaced: SeenMessage | null } {
    const failed = (code: number) => ({ shown: drawTexts([`code: ${code}`], 'error'), replaced: null });
    // Whatever comes after three seconds changes nothing on the person's side.
    if (answer.status === 0 || answer.ms > patienceMs) return failed(clientCodes.late);
    if (answer.status !== 200) return failed(clientCodes.status);
    const body = answer.body ?? {};
    if (!isObject(body)) return failed(clientCodes.form);
    const toast = body.toast === undefined ? null : drawToast(body.toast);
    if (body.toast !== undefined && toast === null) return failed(clientCodes.form);
    if (body.card === undefined) return { shown: toast, replaced: null };
    if (!isObject(body.card) || body.card.type !== 'raw' || !isObject(body.card.data))
      return failed(clientCodes.form);
    const content = JSON.stringify(body.card.data);
    if (faultOfCard(body.card.data) !== null || Buffer.byteLength(content) > maxCardBytes)
      return failed(clientCodes.card);
    if (message.deleted) return { shown: toast, replaced: null };
    this.#oracle.recordChange(message, 'answer', content, this.#clock.now());
    return { shown: toast, replaced: seenMessage(message) };
  }
}

/** What the client makes of a form that it does not send: the form again, with its faults. */
export function keptForm(
  form: SeenForm,
  values: Readonly<Record<string, string>>,
  faults: Readonly<Record<string, string>>,
  again: () => Promise<Gesture>,
): Gesture {
  const fields = form.fields.map((field) => ({
    ...field,
    value: values[field.name] ?? field.value,
    error: faults[field.name] ?? null,
  }));
  const kept = { ...form, fields };
  return { status: 0, messageId: null, eventKey: '', form: kept, shown: null, replaced: null, repeat: again };
}

const toastTypes: readonly unknown[] = ['info', 'success', 'error', 'warning'];

function drawToast(toast: JsonObject[string]): SeenCard | null {
  if (!isObject(toast) || (toast.type !== undefined && !toastTypes.includes(toast.type))) return null;
  const translations = isObject(toast.i18n) ? toast.i18n : {};
  const text = translations.en_us ?? toast.content;
  if (typeof text !== 'string' || text === '') return null;
  return drawTexts([text], toast.type === 'error' || toast.type === 'warning' ? 'error' : 'text');
}

/** Contents that the message has had, the first first. */
export function versionsOf(message: OracleMessage): string[] {
  return message.history.filter(({ kind }) => kind !== 'delete').map(({ content }) => content);
}

/** The card of a message as it was in that version, counted from 1. @throws Error when there is none, or not any more */
export function cardAsSeen(
  oracle: Oracle,
  messageId: string,
  version: number,
): { posted: OracleMessage; card: JsonObject } {
  const posted = oracle.findById(messageId);
  const content = posted === null ? undefined : versionsOf(posted)[version - 1];
  const card = content === undefined ? null : parseObject(content);
  if (posted === null || posted.deleted || posted.msgType !== 'interactive' || card === null)
    throw new Error('the message has no card');
  return { posted, card };
}

/** The message as people see it now. */
export function seenMessage(message: OracleMessage): SeenMessage {
  const versions = versionsOf(message).length;
  const card = drawContent(message.msgType, message.content, { messageId: message.id, version: versions });
  return {
    id: message.id,
    conversation: message.chatId,
    replyTo: message.parentId,
    token: message.token,
    card,
    text: card.lines.map(({ text }) => text).join('\n'),
    versions,
    onlyFor: null,
  };
}
