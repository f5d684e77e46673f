/** What people wanted done and what they were answered: the side of the truth that no kill touches. */
import type { Gesture } from '../../src/kernel/simulated-chat.ts';
import { translator } from '../../src/words/index.ts';
import type { WorldPerson, WorldTenant } from '../support/kill-world.ts';

/** `press_…` and `form_…` are gestures on cards and carry a nonce, the others are typed. */
export const mutationKinds = [
  'new_ticket',
  'note',
  'log_time',
  'assign',
  'press_assign',
  'form_note',
  'form_log',
] as const;
export type MutationKind = (typeof mutationKinds)[number];
/** `open_form` where a form comes as a message. */
export type CommandKind = MutationKind | 'query' | 'open_form';

/** One event of the platform, sent once or again and again. */
export interface Delivery {
  /** As the server has it on the receipt. */
  eventKey: string;
  /** The person's message, where it is one. */
  messageId: string | null;
  /** What each try was answered; 0: nothing. */
  statuses: number[];
  /** A try was answered with what the person asked for, not with the word that nothing was done. */
  acknowledged: boolean;
}

/** One thing that a person wanted done, however often it was sent. */
export interface Command {
  tenant: WorldTenant;
  by: WorldPerson;
  kind: CommandKind;
  /** In the text of what is written; for assignments `#` and the number of a ticket that is assigned once. */
  marker: string;
  /** A message is sent again with the same id until it is taken; a request of which there is no answer may be lost. */
  sentAs: 'message' | 'request';
  /** Where the reply is to be seen: in the answer to the gesture, or in the conversation. */
  answeredBy: 'message' | 'answer';
  deliveries: Delivery[];
  /** The message whose card was used. */
  cardMessageId: string | null;
}

/** A 200 that says that nothing was done, and the mark of a client that shows that the answer came too late. */
const unavailable = translator(null)('error.unavailable.text');
const tooLate = /^code: \d+$/;

export class Ledger {
  readonly commands: Command[] = [];
  /** Answers that the sender's side did not expect: neither 200 nor "try again". */
  readonly refusals: { command: Command; status: number }[] = [];
  /** Mutations that were acknowledged where the answer is the reply, with nothing in it. */
  readonly emptyAnswers: Command[] = [];
  /** Requests that were answered with the word that nothing was done. */
  notDone = 0;
  repeatedPresses = 0;
  /** Events that were answered with 200, again and again included. */
  acknowledgements = 0;
  readonly #byMarker = new Map<string, Command>();
  readonly #byEventKey = new Map<string, { command: Command; delivery: Delivery }>();
  readonly #sending = new Set<Promise<Delivery>>();
  #count = 0;
  readonly #prefix: string;

  /** @param prefix begins every marker */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** A text that nothing else contains, and that no other marker begins with. */
  nextMarker(): string {
    this.#count += 1;
    return `${this.#prefix}${String(this.#count).padStart(7, '0')}`;
  }

  /** Every marker in the text, each once. */
  markersIn(text: string): string[] {
    return [...new Set(text.match(new RegExp(`${this.#prefix}\\d{7}`, 'g')))];
  }

  begin(command: Omit<Command, 'deliveries'>): Command {
    const begun: Command = { ...command, deliveries: [] };
    this.commands.push(begun);
    this.#byMarker.set(command.marker, begun);
    return begun;
  }

  /** Keeps a try of the command as under way until it is answered, then its outcome. */
  async track(command: Command, gesture: Promise<Gesture>): Promise<Gesture> {
    const sending = gesture.then((done) => this.#note(command, done));
    this.#sending.add(sending);
    await sending.finally(() => this.#sending.delete(sending));
    return await gesture;
  }

  /** Tries on their way at this moment. */
  sending(): Promise<Delivery>[] {
    return [...this.#sending];
  }

  ofMarker(marker: string): Command | null {
    return this.#byMarker.get(marker) ?? null;
  }

  ofEvent(eventKey: string): { command: Command; delivery: Delivery } | null {
    return this.#byEventKey.get(eventKey) ?? null;
  }

  #note(command: Command, gesture: Gesture): Delivery {
    const { status, eventKey, messageId } = gesture;
    let delivery = this.#byEventKey.get(eventKey)?.delivery;
    if (delivery === undefined) {
      delivery = { eventKey, messageId, statuses: [], acknowledged: false };
      command.deliveries.push(delivery);
      this.#byEventKey.set(eventKey, { command, delivery });
    }
    delivery.statuses.push(status);
    if (status !== 0 && status !== 200 && status < 500) this.refusals.push({ command, status });
    if (status !== 200) return delivery;
    this.acknowledgements += 1;
    if (saysNothingDone(gesture)) {
      this.notDone += 1;
      return delivery;
    }
    const isEmpty = gesture.shown === null && gesture.form === null && gesture.replaced === null;
    if (isEmpty && command.answeredBy === 'answer' && isMutation(command)) this.emptyAnswers.push(command);
    delivery.acknowledged = true;
    return delivery;
  }
}

export function isNothingDone(text: string): boolean {
  return text.includes(unavailable);
}

function saysNothingDone({ shown }: Gesture): boolean {
  return shown?.lines.some(({ text }) => isNothingDone(text) || tooLate.test(text)) ?? false;
}

export function isAcknowledged(command: Command): boolean {
  return command.deliveries.some(({ acknowledged }) => acknowledged);
}

export function isMutation(command: Command): boolean {
  return command.kind !== 'query' && command.kind !== 'open_form';
}
