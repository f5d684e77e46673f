/** What the terminal shows of cards: a card that says the same as the one before is not drawn twice. */
import type { SeenCard } from '../kernel/simulated-chat.ts';
import type { ChatView } from './chat-view.ts';
import { type DrawnCard, drawCard } from './draw-card.ts';

export class ChatScreen {
  readonly #view: ChatView;
  /** The lines of the card that was shown last. */
  #lastLines = '';

  constructor(view: ChatView) {
    this.#view = view;
  }

  /** @param updated it stands in the place of a card that was shown before. @returns the whole card as it is drawn */
  show(card: SeenCard, updated: boolean): DrawnCard {
    const drawn = drawCard(card);
    const lines = drawCard({ ...card, buttons: [], form: null }).text;
    // The answer to a form and the card behind it often say the same: then only what can be pressed is new.
    const isKnown = updated && lines === this.#lastLines;
    this.#view.card(isKnown ? drawCard(withoutLines(card)) : drawn, updated);
    this.#lastLines = lines;
    return drawn;
  }
}

/** Whether the card says everything that the toast above it says. */
export function isPartOf(toast: SeenCard, card: SeenCard): boolean {
  return toast.lines.every(({ text }) => card.lines.some((line) => line.text === text));
}

function withoutLines(card: SeenCard): SeenCard {
  return { ...card, lines: [], buttons: card.buttons.map(({ after, ...button }) => button) };
}
