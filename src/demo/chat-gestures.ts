/** What a person of the terminal chat does in the simulated platform, and what they then see. */
import type { SeenCard, SeenForm, SeenMessage, Where } from '../kernel/simulated-chat.ts';
import { type Arrival, Arrivals, type KnownVersions, withinTime } from './chat-arrivals.ts';
import type { ShownAuditEvent } from './chat-audit.ts';
import { completeForm, titled } from './chat-form.ts';
import { refusalOf } from './chat-refusal.ts';
import { ChatScreen, isPartOf } from './chat-screen.ts';
import type { ChatView } from './chat-view.ts';
import { type DrawnButton, type DrawnCard, drawCard } from './draw-card.ts';
import type { ChatGesture, ChatSeat } from './remote-chat.ts';

interface Surroundings {
  /** The platform's name as people write it. */
  platformName: string;
  /** Longest wait for a reply, in milliseconds. */
  timeoutMs: number;
  /** Whether what arrives between two gestures is shown at once. */
  watch: boolean;
  /** Asks the person for a line; null at the end. */
  ask(prompt: string): Promise<string | null>;
  /** What the gesture left in the audit; null: unknown. */
  auditRows(): Promise<ShownAuditEvent[] | null>;
  /** Something was printed while nobody was waiting for it. */
  onIdleEvent(): void;
}

/**
 * A message of the bot is due; it may come; one comes if something was done (the card from which a form was opened is
 * brought up to date, what was done on the bot's page is said in the chat); or all was in the answer already.
 */
type Expected = 'reply' | 'perhaps' | 'update' | 'nothing';

/** What may come follows at once. */
const perhapsMs = 2_000;

/** Whose message `/ticket` starts from: a contact of the demo's customers. */
const author = 'Olivia Ortega';

export class ChatGestures {
  readonly #seat: ChatSeat;
  readonly #view: ChatView;
  readonly #screen: ChatScreen;
  readonly #around: Surroundings;
  readonly #known: KnownVersions = new Map();
  #here: Arrivals | null = null;
  /** Resolves when no gesture is under way. */
  #idle: Promise<void> = Promise.resolve();
  /** What the numbers stand for: the buttons of the card that was shown last. */
  #buttons: (() => Promise<Expected>)[] = [];
  /** Whether something was left without an answer. */
  failed = false;

  constructor(seat: ChatSeat, view: ChatView, around: Surroundings) {
    this.#seat = seat;
    this.#view = view;
    this.#screen = new ChatScreen(view);
    this.#around = around;
  }

  /** Nothing that arrives is shown any more. */
  close(): void {
    this.#here = null;
  }

  hasButton(number: number): boolean {
    return this.#buttons[number - 1] !== undefined;
  }

  /** Goes to a conversation, where the numbers stand for nothing yet. */
  async enter(where: Where): Promise<void> {
    this.#buttons = [];
    this.#here = null;
    try {
      this.#here = await Arrivals.open(this.#seat, where, this.#known);
      if (this.#around.watch) void this.#watch(this.#here);
    } catch (error) {
      this.#fail(reasonOf(error));
    }
  }

  message(text: string): Promise<void> {
    return this.#turn((here) => this.#act(() => this.#seat.say(text, here.where)));
  }

  /** The platform's own command, e.g. Slack's `/desk …`. */
  command(text: string): Promise<void> {
    return this.#turn((here) => this.#act(() => this.#seat.command(text, here.where)));
  }

  /** A ticket from somebody's message, by the platform's gesture for it. */
  ticketFrom(text: string): Promise<void> {
    return this.#turn((here) =>
      this.#act(() => this.#seat.fromMessage('create_ticket', { text, author }, here.where)),
    );
  }

  /** The bot greets once: a second install is silent. */
  install(): Promise<void> {
    return this.#turn(async (here) => {
      const expected = await this.#act(() => this.#seat.install(here.where));
      return expected === 'reply' ? 'perhaps' : expected;
    });
  }

  openHome(): Promise<void> {
    return this.#turn(async (here) => {
      const page = await this.#seat.openHome(here.where);
      if (page === null) {
        this.#view.note(`The bot has no page of its own on ${this.#around.platformName}.`);
      } else this.#showHome(here, page);
      return 'nothing';
    });
  }

  search(text: string): Promise<void> {
    return this.#turn(async (here) => {
      if (this.#seat.search === undefined) {
        this.#view.note(`There is no search in the compose box on ${this.#around.platformName}: type find …`);
        return 'nothing';
      }
      const { status, hits, shown } = await this.#seat.search(text, here.where);
      const refusal = refusalOf({ status }, this.#around.platformName);
      if (refusal !== null) this.#fail(refusal);
      else if (shown !== null) this.#view.text(drawCard(shown).text);
      else if (hits.length === 0) this.#view.note('Nothing was found.');
      hits.forEach((hit, index) => void this.#view.text(`[${index + 1}] ${hit.title}\n    ${hit.text}`));
      this.#buttons = hits.map((hit) => async () => {
        await this.#seat.choose?.(hit, here.where);
        return 'nothing';
      });
      return 'nothing';
    });
  }

  press(number: number): Promise<void> {
    const press = this.#buttons[number - 1];
    return this.#turn(async () => (press === undefined ? 'nothing' : await press()));
  }

  /** One gesture from its sending to what it left in the audit. */
  async #turn(act: (here: Arrivals) => Promise<Expected>): Promise<void> {
    const here = this.#here;
    if (here === null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = promise;
    try {
      // What came since the last turn comes first, as it did.
      this.#show(here, await here.take());
      const expected = await act(here);
      await this.#awaitExpected(here, expected);
    } catch (error) {
      this.#fail(reasonOf(error));
    } finally {
      resolve();
    }
  }

  async #awaitExpected(here: Arrivals, first: Expected): Promise<void> {
    const { expected, arrived } = await this.#awaitReply(here, first);
    const rows = await this.#around.auditRows();
    const done = rows === null || rows.some(({ result }) => result === 'success');
    if (expected === 'update' && arrived.length === 0 && done) arrived.push(...(await here.wait(perhapsMs)));
    this.#show(here, arrived);
    for (const row of rows ?? []) this.#view.audit(row);
  }

  /** What came for a reply; where it is a form, the reply to that. */
  async #awaitReply(here: Arrivals, first: Expected): Promise<{ expected: Expected; arrived: Arrival[] }> {
    const { timeoutMs } = this.#around;
    let expected = first;
    for (;;) {
      const wait = expected === 'reply' ? timeoutMs : expected === 'perhaps' ? perhapsMs : 0;
      const arrived = await here.wait(wait);
      if (expected === 'reply' && arrived.length === 0) {
        this.#fail(`The bot did not reply within ${timeoutMs / 1000} seconds.`);
      }
      const { message } = arrived.at(-1) ?? {};
      if (expected !== 'reply' || message === undefined || message.card.form === null) {
        return { expected, arrived };
      }
      this.#show(here, arrived.slice(0, -1));
      this.#setButtons(here, message, drawCard(message.card));
      expected = await this.#fill(here, titled(message.card.form, message.card), message);
    }
  }

  /** Shows what arrives while no gesture is under way, for as long as the person stays. */
  async #watch(here: Arrivals): Promise<void> {
    while (this.#here === here) {
      try {
        await here.next();
        await this.#idle;
        if (this.#here !== here) return;
        const arrived = await here.take();
        this.#show(here, arrived);
        if (arrived.length > 0) this.#around.onIdleEvent();
      } catch {
        // The next gesture says what is wrong with the seat.
        return;
      }
    }
  }

  /** Does something to the bot, and shows what it brings at once. `from`: the message whose button it is. */
  async #act(send: () => Promise<ChatGesture>, from: SeenMessage | null = null): Promise<Expected> {
    const gesture = await this.#send(send);
    return gesture === null ? 'nothing' : await this.#showAnswer(gesture, from);
  }

  async #showAnswer(gesture: ChatGesture, from: SeenMessage | null): Promise<Expected> {
    const here = this.#here;
    if (here === null) return 'nothing';
    const { form, shown, replaced } = gesture;
    if (replaced !== null) here.saw(replaced);
    if (form !== null) {
      // A toast beside the form; where the form itself was shown, it says what is wrong.
      if (shown !== null && shown.form === null) this.#view.text(drawCard(shown).text);
      if (replaced !== null) this.#setButtons(here, replaced, drawCard(replaced.card));
      return await this.#fill(here, form, from);
    }
    if (replaced !== null) this.#showMessage(here, { message: replaced, updated: true });
    if (shown === null) return replaced === null ? 'reply' : 'nothing';
    // A toast above the new card often says what the card says.
    if (replaced !== null && isPartOf(shown, replaced.card)) return 'nothing';
    await this.#showShown(here, shown);
    return replaced === null && from !== null && from.onlyFor === null ? 'update' : 'nothing';
  }

  /** An answer that is a message as well, as one that only this person sees, is shown as the message. */
  async #showShown(here: Arrivals, shown: SeenCard): Promise<void> {
    const { text } = drawCard(shown);
    const arrived = await here.take();
    if (!arrived.some(({ message }) => drawCard(message.card).text === text)) {
      // Outside a message only links can be used from here.
      const usable = { ...shown, buttons: shown.buttons.filter(({ url }) => url !== null) };
      const { buttons } = this.#screen.show(usable, false);
      this.#buttons = buttons.map(
        ({ url }) =>
          () =>
            this.#openPage(url ?? ''),
      );
    }
    this.#show(here, arrived);
  }

  /** Fills and sends a form until it is taken or left. */
  async #fill(here: Arrivals, first: SeenForm, from: SeenMessage | null): Promise<Expected> {
    const talk = { ask: this.#around.ask, say: (words: string) => this.#view.note(words) };
    const gesture = await completeForm(first, talk, async (form, values) => {
      const sent = await this.#send(() => this.#seat.submit(form, values, here.where));
      if (sent?.replaced) here.saw(sent.replaced);
      return sent;
    });
    if (gesture === null) return 'nothing';
    this.#buttons = [];
    return await this.#showAnswer(gesture, from);
  }

  /** What the gesture brought; null when the bot did not take it. */
  async #send(send: () => Promise<ChatGesture>): Promise<ChatGesture | null> {
    const gesture = await withinTime(send(), this.#around.timeoutMs);
    const refusal = refusalOf(gesture, this.#around.platformName);
    if (refusal !== null) this.#fail(refusal);
    return refusal === null ? (gesture ?? null) : null;
  }

  #fail(text: string): void {
    this.failed = true;
    this.#view.failure(text);
  }

  #show(here: Arrivals, arrived: readonly Arrival[]): void {
    for (const arrival of arrived) this.#showMessage(here, arrival);
  }

  #showMessage(here: Arrivals, { message, updated }: Arrival): void {
    this.#setButtons(here, message, this.#screen.show(message.card, updated));
  }

  #setButtons(here: Arrivals, message: SeenMessage, { buttons }: DrawnCard): void {
    this.#buttons = buttons.map((button) => async () => {
      const { url, form, label, which } = button;
      if (url !== null) return await this.#openPage(url);
      if (form !== null) return await this.#fill(here, titled(form, message.card), message);
      return await this.#act(() => this.#seat.press(message, label, here.where, which), message);
    });
  }

  #showHome(here: Arrivals, page: SeenCard): void {
    this.#buttons = this.#screen
      .show(page, false)
      .buttons.map((button) => () => this.#pressHome(here, button));
  }

  async #pressHome(here: Arrivals, { url, label, which }: DrawnButton): Promise<Expected> {
    const { pressHome } = this.#seat;
    if (url !== null) return await this.#openPage(url);
    if (pressHome === undefined) return 'nothing';
    const gesture = await this.#send(() => pressHome.call(this.#seat, label, here.where, which));
    if (gesture === null) return 'nothing';
    if (gesture.form !== null || gesture.shown === null) return await this.#showAnswer(gesture, null);
    this.#showHome(here, gesture.shown);
    return 'update';
  }

  async #openPage(url: string): Promise<Expected> {
    this.#view.note(`Open ${url}`);
    return 'nothing';
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
