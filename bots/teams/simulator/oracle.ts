/** What people see in the simulated Teams: every message of the bot with its whole history. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import { MessageRecord } from '../../shared/simulator/message-record.ts';

export type OracleEventKind = 'post' | 'update' | 'answer' | 'delete';

/** One change of a message. `answer`: the card was replaced by the response to a button. */
export interface OracleEvent {
  kind: OracleEventKind;
  at: Date;
  /** The whole activity as it stood afterwards. */
  activity: JsonObject;
}

export interface OracleMessage {
  id: string;
  /** Without thread. */
  conversationId: string;
  threadId: string | null;
  replyToId: string | null;
  /** The app whose token came with it; null without a token. */
  appId: string | null;
  /** A person sent it: a hit that was chosen in the compose box. */
  byPerson?: true;
  activity: JsonObject;
  history: OracleEvent[];
  deleted: boolean;
}

/** The record of visible messages. */
export class Oracle extends MessageRecord<OracleMessage, OracleEvent> {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  /** Messages of the bot that are visible now, over all conversations, in the order of posting. */
  posted(): OracleMessage[] {
    return [...this.everything()]
      .filter(({ byPerson, deleted }) => byPerson !== true && !deleted)
      .sort((one, other) => Number(one.id) - Number(other.id));
  }

  recordPost(message: Omit<OracleMessage, 'history' | 'deleted'>): void {
    const kept: OracleMessage = { ...message, history: [], deleted: false };
    this.keep(message.conversationId, message.id, kept);
    this.#record(kept, 'post', message.activity);
  }

  /** @returns false when there is no such visible message. */
  recordChange(
    conversationId: string,
    messageId: string,
    kind: 'update' | 'answer',
    activity: JsonObject,
  ): boolean {
    const message = this.find(conversationId, messageId);
    if (message === null || message.deleted) return false;
    message.activity = { ...activity, id: messageId };
    this.#record(message, kind, message.activity);
    return true;
  }

  /** @returns false when there is no such visible message. */
  recordDelete(conversationId: string, messageId: string): boolean {
    const message = this.find(conversationId, messageId);
    if (message === null || message.deleted) return false;
    message.deleted = true;
    this.#record(message, 'delete', message.activity);
    return true;
  }

  #record(message: OracleMessage, kind: OracleEventKind, activity: JsonObject): void {
    this.record(message, { kind, at: this.#clock.now(), activity });
  }
}
