/** Sends what people do to the bot, and says what it brought back at once. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Gesture, SeenCard, SeenForm } from '../../../src/kernel/simulated-chat.ts';
import { isObject } from '../../shared/json.ts';
import { viewFaults } from './block-limits.ts';
import { applyResponse } from './chat-methods.ts';
import { eventCallback, nextEventId } from './events.ts';
import type { Responding } from './handles.ts';
import type { Platform } from './method.ts';
import { readContent, readView } from './read-card.ts';
import type { BotAnswer, Sender, SignedRequest } from './sender.ts';
import type { View } from './views.ts';
import { type Shown, Watch, type WatchOptions } from './watch.ts';
import type { Scene } from './world.ts';

export type InAnswer = Pick<Gesture, 'form' | 'shown'>;

export const nothing: InAnswer = { form: null, shown: null };

/** What a client shows when the answer to a command or a submission is none that Slack takes. */
const unusable = 'The app answered in a way that Slack does not take.';

/** A slash command or interaction, made anew for each press. */
export interface Prepared {
  /** The form-encoded body. */
  body: string;
  triggerId: string;
  watch: WatchOptions | null;
  /** What the answer itself shows; null when a call of the bot's is to show something. */
  read(answer: BotAnswer): InAnswer | null;
}

export class Gestures {
  readonly #platform: Platform;
  readonly #sender: Sender;
  readonly #shownWithinMs: number;

  /** @param shownWithinMs how long a modal or page may take after the bot's answer */
  constructor(platform: Platform, sender: Sender, shownWithinMs: number) {
    this.#platform = platform;
    this.#sender = sender;
    this.#shownWithinMs = shownWithinMs;
  }

  /** An event. Repeated, it is the same body with Slack's retry headers; `later`, the same event with a new id. */
  event(scene: Scene, event: JsonObject, messageId: string | null = null): Promise<Gesture> {
    const eventId = nextEventId();
    const at = this.#platform.clock.now();
    const body = JSON.stringify(eventCallback(scene, event, { eventId, at }));
    const send = async (retry: number): Promise<Gesture> => {
      const { status } = await this.#sender.sendEvent(scene.installation, body, retry);
      const repeat: Gesture['repeat'] = (kind = 'same') =>
        kind === 'same' ? send(retry + 1) : this.event(scene, event, messageId);
      return { status, messageId, eventKey: eventId, ...nothing, replaced: null, repeat };
    };
    return send(0);
  }

  /**
   * A slash command or interaction. Slack sends each once: `same` repeats the signed bytes, as somebody who recorded
   * them could; `later` is a second press, with handles of its own.
   */
  interaction(scene: Scene, prepare: () => Prepared): Promise<Gesture> {
    const prepared = prepare();
    const type = 'application/x-www-form-urlencoded';
    return this.#send(scene, prepare, prepared, this.#sender.signed(scene.installation, prepared.body, type));
  }

  async #send(
    scene: Scene,
    prepare: () => Prepared,
    prepared: Prepared,
    request: SignedRequest,
  ): Promise<Gesture> {
    const watch = prepared.watch === null ? null : new Watch(this.#platform, scene, prepared.watch);
    const answer = await this.#sender.post(request);
    const inAnswer = prepared.read(answer);
    const shown = inAnswer === null && watch !== null ? await watch.first(this.#shownWithinMs) : null;
    watch?.end();
    return {
      status: answer.status,
      messageId: null,
      eventKey: prepared.triggerId,
      ...(inAnswer ?? this.#readShown(shown)),
      replaced: null,
      repeat: (kind = 'same') =>
        kind === 'same' ? this.#send(scene, prepare, prepared, request) : this.interaction(scene, prepare),
    };
  }

  /** The answer to a slash command: a message that the person alone sees, unless it says otherwise. */
  readCommandAnswer({ status, body }: BotAnswer, responding: Responding): InAnswer | null {
    if (status !== 200) return nothing;
    if (body === null) return null;
    const response: JsonObject = isObject(body) ? body : { text: String(body) };
    const { message } = applyResponse(this.#platform, responding, response);
    if (message === null) return { form: null, shown: problem };
    return { form: null, shown: readContent(message.content, this.#nameOf) };
  }

  /**
   * The answer to a submitted modal, done to what is open: closed, faulty, replaced, or another above it.
   * https://docs.slack.dev/surfaces/modals#response_actions
   */
  readSubmissionAnswer({ status, body }: BotAnswer, view: View): InAnswer {
    const { views } = this.#platform;
    if (status !== 200) return this.#stays(view, unusable);
    const answer = isObject(body) ? body : {};
    switch (answer.response_action) {
      case undefined:
        views.close(view);
        return nothing;
      case 'clear':
        views.close(view, true);
        return nothing;
      case 'errors':
        return this.#showErrors(answer, view);
      case 'update':
      case 'push':
        return this.#showNext(answer, view);
      default:
        return this.#stays(view, unusable);
    }
  }

  #showErrors({ errors }: JsonObject, view: View): InAnswer {
    const texts = Object.entries(isObject(errors) ? errors : {}).flatMap(([block, text]) =>
      typeof text === 'string' && text !== '' ? [[block, text] as const] : [],
    );
    if (texts.length === 0) return this.#stays(view, unusable);
    this.#platform.views.setErrors(view, Object.fromEntries(texts));
    return this.#open(view);
  }

  #showNext({ response_action, view: source }: JsonObject, view: View): InAnswer {
    if (!isObject(source) || viewFaults(source).length > 0) return this.#stays(view, unusable);
    if (response_action === 'push') {
      const pushed = this.#platform.views.push(view, source, null);
      return pushed === null ? this.#stays(view, unusable) : this.#open(pushed);
    }
    this.#platform.views.update(view, source);
    return this.#open(view);
  }

  /** Open as it was, with a fault that belongs to no field. */
  #stays(view: View, error: string): InAnswer {
    this.#platform.views.setErrors(view, { '': error });
    return this.#open(view);
  }

  #open(view: View): InAnswer {
    return formOf(readView(view, this.#nameOf));
  }

  #readShown(shown: Shown | null): InAnswer {
    if (shown === null) return nothing;
    if ('view' in shown) return this.#open(shown.view);
    return { form: null, shown: readContent(shown.message.content, this.#nameOf) };
  }

  readonly #nameOf = (userId: string): string | null => this.#platform.world.nameOf(userId);
}

const problem: SeenCard = { lines: [{ text: unusable, kind: 'error' }], buttons: [], form: null };

/** A modal that asks nothing is shown, not a form. */
function formOf(card: SeenCard): { form: SeenForm | null; shown: SeenCard } {
  return { form: card.form, shown: card };
}
