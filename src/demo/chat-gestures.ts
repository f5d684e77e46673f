/** What a person of the terminal chat does in the simulated Teams, and what they then see. */
import { nextMessageId } from '../../bots/teams/simulator/activities.ts';
import { withCard } from '../../bots/teams/simulator/cards.ts';
import {
  type BotAnswer,
  type By,
  cardOf,
  type OracleEvent,
  type OracleMessage,
  type TeamsSimulator,
} from '../../bots/teams/simulator/index.ts';
import { pressActivity, replacementCard } from '../../bots/teams/simulator/press.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { type Dialog, readButtonWords, readDialog, readSearch, refusalOf } from './chat-answers.ts';
import type { ShownAuditEvent } from './chat-audit.ts';
import { cancelWord, fillForm, hasInputs, withoutInputs } from './chat-form.ts';
import type { ChatView } from './chat-view.ts';
import { type DrawnCard, drawCard } from './draw-card.ts';

interface Surroundings {
  /** Longest wait for a reply, in milliseconds. */
  timeoutMs: number;
  /** Asks the person for a line; null at the end. */
  ask(prompt: string): Promise<string | null>;
  /** What the gesture left in the audit; null: unknown. */
  auditRows(): Promise<ShownAuditEvent[] | null>;
  /** Something was printed while nobody was waiting for it. */
  onIdleEvent(): void;
}

/**
 * A message of the bot is due; it may come; one comes if something was done (the card from which a form was opened is
 * brought up to date); or all was in the answer already.
 */
type Expected = 'reply' | 'perhaps' | 'update' | 'nothing';

/** What may come follows at once. */
const perhapsMs = 2_000;

export class ChatGestures {
  readonly #simulator: TeamsSimulator;
  readonly #view: ChatView;
  readonly #around: Surroundings;
  readonly #unsubscribe: () => void;
  #pending: { message: OracleMessage; event: OracleEvent }[] = [];
  /** Set while somebody waits for an event. */
  #wake: (() => void) | null = null;
  #busy = false;
  /** What the numbers stand for: the buttons of the card that was shown last. */
  #buttons: (() => Promise<Expected>)[] = [];
  #lastText = '';
  #by: By = {};
  /** Whether something was left without an answer. */
  failed = false;

  constructor(simulator: TeamsSimulator, view: ChatView, around: Surroundings) {
    this.#simulator = simulator;
    this.#view = view;
    this.#around = around;
    this.#unsubscribe = simulator.oracle.subscribe((message, event) => {
      this.#pending.push({ message, event });
      this.#wake?.();
      if (this.#busy) return;
      this.#showEvents();
      around.onIdleEvent();
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  hasButton(number: number): boolean {
    return this.#buttons[number - 1] !== undefined;
  }

  /** In another conversation the numbers stand for nothing yet. */
  forgetButtons(): void {
    this.#buttons = [];
  }

  message(text: string, by: By): Promise<void> {
    return this.#turn(by, async () =>
      this.#took(await this.#send(() => this.#simulator.message(text, by))) ? 'reply' : 'nothing',
    );
  }

  /** Teams greets once: a second install is silent. */
  install(by: By): Promise<void> {
    return this.#turn(by, async () =>
      this.#took(await this.#send(() => this.#simulator.install(by))) ? 'perhaps' : 'nothing',
    );
  }

  search(text: string, by: By): Promise<void> {
    return this.#turn(by, async () => {
      const answer = await this.#send(() => this.#simulator.search(text, by));
      if (!this.#took(answer)) return 'nothing';
      const found = readSearch(answer.body);
      const hits = found.kind === 'hits' ? found.hits : [];
      if (found.kind === 'text') this.#view.text(found.text);
      else if (hits.length === 0) this.#view.note('Nothing was found.');
      hits.forEach((hit, index) => void this.#view.text(`[${index + 1}] ${hit.title}\n    ${hit.text}`));
      this.#buttons = hits.map(
        ({ card }) =>
          async () =>
            this.#sendCard(card),
      );
      return 'nothing';
    });
  }

  press(number: number, by: By): Promise<void> {
    const press = this.#buttons[number - 1];
    return this.#turn(by, async () => (press === undefined ? 'nothing' : await press()));
  }

  /** A chosen hit goes into the conversation as a message of the person's, whose buttons reach the bot. */
  #sendCard(card: JsonObject): Expected {
    const { conversation } = this.#simulator.scene(this.#by);
    this.#simulator.oracle.recordPost({
      id: nextMessageId(),
      conversationId: conversation.id,
      threadId: null,
      replyToId: null,
      appId: null,
      activity: withCard({ type: 'message' }, card),
    });
    return 'nothing';
  }

  /** One gesture from its sending to what it left in the audit. */
  async #turn(by: By, act: () => Promise<Expected>): Promise<void> {
    this.#by = by;
    this.#busy = true;
    try {
      const expected = await act();
      if (expected === 'reply' && !(await this.#event(this.#around.timeoutMs))) {
        this.#fail(`The bot did not reply within ${this.#around.timeoutMs / 1000} seconds.`);
      }
      if (expected === 'perhaps') await this.#event(perhapsMs);
      const rows = await this.#around.auditRows();
      const done = rows === null || rows.some(({ result }) => result === 'success');
      if (expected === 'update' && done) await this.#event(perhapsMs);
      this.#showEvents();
      for (const row of rows ?? []) this.#view.audit(row);
    } finally {
      this.#busy = false;
    }
  }

  /** Waits for the next event of the bot. @returns false when none came in time */
  async #event(timeoutMs: number): Promise<boolean> {
    if (this.#pending.length > 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), timeoutMs);
    this.#wake = () => resolve(true);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#wake = null;
    }
  }

  /** The answer of the endpoint, waited for as long as for a reply. */
  async #send(send: () => Promise<BotAnswer>): Promise<BotAnswer> {
    const { promise, resolve } = Promise.withResolvers<BotAnswer>();
    const late: BotAnswer = { status: 0, body: null, failure: 'ETIMEDOUT' };
    const timer = setTimeout(() => resolve(late), this.#around.timeoutMs);
    try {
      return await Promise.race([send(), promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the bot took what was sent; says why not. */
  #took(answer: BotAnswer): boolean {
    const refusal = refusalOf(answer);
    if (refusal !== null) this.#fail(refusal);
    return refusal === null;
  }

  #fail(text: string): void {
    this.failed = true;
    this.#view.failure(text);
  }

  #showEvents(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const { message, event } of pending) this.#showEvent(message, event);
  }

  #showEvent(message: OracleMessage, event: OracleEvent): void {
    const card = cardOf(event.activity);
    if (event.kind === 'delete' || card === null) {
      const { text, summary } = event.activity;
      this.#view.text(event.kind === 'delete' ? '(message deleted)' : String(text ?? summary ?? ''));
      return;
    }
    const drawn = drawCard(card);
    this.#draw(drawn, event.kind !== 'post');
    this.#buttons = drawn.buttons.map(
      ({ action }) =>
        () =>
          this.#pressButton(message, card, action),
    );
  }

  #draw(drawn: DrawnCard, updated: boolean): void {
    // The answer to a form and the card behind it often say the same.
    if (updated && drawn.text === this.#lastText) this.#view.note('(card updated)');
    else this.#view.card(drawn, updated);
    this.#lastText = drawn.text;
  }

  async #pressButton(message: OracleMessage, card: JsonObject, action: JsonObject): Promise<Expected> {
    if (action.type === 'Action.OpenUrl') {
      this.#view.note(`Open ${String(action.url)}`);
      return 'nothing';
    }
    const filled = hasInputs(card) ? await this.#fill(card) : {};
    if (filled === null) return 'nothing';
    const activity = pressActivity(this.#simulator.scene(this.#by), card, action, filled, message.id);
    const answer = await this.#send(() => this.#simulator.sendActivity(activity));
    if (!this.#took(answer)) return 'nothing';
    if (activity.type === 'message') return 'reply';
    const dialog = readDialog(answer.body);
    if (dialog !== null) return await this.#showDialog(dialog, message);
    this.#showAnswer(message, answer);
    return 'nothing';
  }

  #showAnswer(message: OracleMessage, { body }: BotAnswer): void {
    const replacement = replacementCard(body);
    const words = readButtonWords(body);
    if (replacement !== null) {
      const activity = withCard(message.activity, replacement);
      this.#simulator.oracle.recordChange(message.conversationId, message.id, 'answer', activity);
    } else if (words !== null) this.#view.text(words);
  }

  /** Fills and sends a form until it is taken, left, or answered by something without inputs. */
  async #showDialog(first: Dialog, message: OracleMessage): Promise<Expected> {
    let dialog: Dialog | null = first;
    while (dialog !== null && dialog.kind === 'card' && hasInputs(dialog.card)) {
      const { title, card } = dialog;
      this.#view.note(`${title} (${cancelWord} leaves)`);
      const filled = await this.#fill(card);
      if (filled === null) return 'nothing';
      const by = { ...this.#by, cardMessageId: message.id };
      const answer = await this.#send(() => this.#simulator.submitDialog(card, filled, by));
      if (!this.#took(answer)) return 'nothing';
      dialog = readDialog(answer.body);
    }
    if (dialog?.kind === 'text') this.#view.text(dialog.text);
    if (dialog?.kind === 'card') this.#draw(drawCard(dialog.card), false);
    this.forgetButtons();
    return 'update';
  }

  /** @returns null when the person left the form */
  async #fill(card: JsonObject): Promise<Record<string, string> | null> {
    const { text } = drawCard(withoutInputs(card));
    if (text !== '') this.#view.text(text);
    const filled = await fillForm(card, {
      ask: (prompt) => this.#around.ask(prompt),
      say: (words) => this.#view.note(words),
    });
    if (filled === null) this.#view.note('Nothing was sent.');
    return filled;
  }
}
