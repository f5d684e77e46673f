/** What people sent, what they were answered and what they saw: the side of the truth that no kill touches. */
import type { OracleMessage } from '../../bots/teams/simulator/index.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { WorldPerson, WorldTenant } from '../support/kill-world.ts';

/** `press_…` and `form_…` are invokes with a nonce, the others typed messages. */
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
export type CommandKind = MutationKind | 'query';

/** One activity as it was sent, once or again and again. */
export interface Delivery {
  activityId: string;
  /** As the server has it on the receipt. */
  eventKey: string;
  /** What each try was answered; 0: nothing. */
  statuses: number[];
  inFlight: number;
}

/** One thing that a person wanted done, however often it was sent. */
export interface Command {
  tenant: WorldTenant;
  by: WorldPerson;
  kind: CommandKind;
  /** In the text of what is written; for assignments the ticket's id, which is assigned once. */
  marker: string;
  deliveries: Delivery[];
  /** Posts of the bot that reply to it. */
  replies: OracleMessage[];
  /** For forms: the message whose card the form was opened from. */
  cardMessageId: string | null;
}

/** A card that shows a ticket, in the hands of the person who made the ticket. */
export interface HeldCard {
  message: OracleMessage;
  card: JsonObject;
  ticketId: string;
  ticketNumber: number;
}

export class Ledger {
  readonly commands: Command[] = [];
  /** Answers that the sender's side did not expect: neither 200 nor "try again". */
  readonly refusals: { command: Command; status: number }[] = [];
  repeatedPresses = 0;
  /** Activities that were answered with 200, again and again included. */
  acknowledgements = 0;
  readonly #byReply = new Map<string, Command>();
  readonly #byEventKey = new Map<string, { command: Command; delivery: Delivery }>();
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

  /** Every marker in these texts, in order. */
  markerIn(text: string): string | null {
    return new RegExp(`${this.#prefix}\\d{7}`).exec(text)?.[0] ?? null;
  }

  begin(command: Omit<Command, 'deliveries' | 'replies'>): Command {
    const begun: Command = { ...command, deliveries: [], replies: [] };
    this.commands.push(begun);
    return begun;
  }

  /** Notes an activity of the command before it is sent. */
  addDelivery(command: Command, activity: JsonObject): Delivery {
    const { id, type, conversation } = activity;
    const conversationId = String((conversation as JsonObject).id);
    const delivery: Delivery = {
      activityId: String(id),
      eventKey: `${conversationId}|${String(type)}|${String(id)}`,
      statuses: [],
      inFlight: 0,
    };
    command.deliveries.push(delivery);
    this.#byReply.set(`${command.by.conversation.id}|${delivery.activityId}`, command);
    this.#byEventKey.set(delivery.eventKey, { command, delivery });
    return delivery;
  }

  /** The command that a post of the bot replies to. */
  repliedTo(message: OracleMessage): Command | null {
    return this.#byReply.get(`${message.conversationId}|${message.replyToId ?? ''}`) ?? null;
  }

  ofEvent(eventKey: string): { command: Command; delivery: Delivery } | null {
    return this.#byEventKey.get(eventKey) ?? null;
  }

  /** Activities on their way at this moment. */
  inFlight(): { command: Command; delivery: Delivery }[] {
    return [...this.#byEventKey.values()].filter(({ delivery }) => delivery.inFlight > 0);
  }
}

export function isAcknowledged(command: Command): boolean {
  return command.deliveries.some(({ statuses }) => statuses.includes(200));
}

export function isMutation(command: Command): boolean {
  return command.kind !== 'query';
}

/** Whether it was typed: sent again with the same id, and answered by a message. */
export function isTyped(command: Command): boolean {
  return ['new_ticket', 'note', 'log_time', 'assign', 'query'].includes(command.kind);
}
