/** What people see in the simulated Slack: every message with its whole history, and who sees it. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';
import { MessageRecord } from '../../shared/simulator/message-record.ts';
import type { Scene } from './world.ts';

export type OracleEventKind = 'post' | 'update' | 'delete';

/** What a message says. */
export interface Content {
  text: string;
  blocks: JsonObject[];
  /** `{event_type, event_payload}`; null without. */
  metadata: JsonObject | null;
}

export interface OracleEvent {
  kind: OracleEventKind;
  at: Date;
  /** As it stood afterwards. */
  content: Content;
}

export interface OracleMessage {
  /** Unique over all conversations here; Slack promises it within one. */
  ts: string;
  conversationId: string;
  /** Root of the thread that it stands in; null outside of threads. */
  threadTs: string | null;
  /** User id of the author, the bot's own for its messages. */
  userId: string;
  /** Key of the installation whose bot wrote it; null for people. */
  installation: string | null;
  /** User id of the only one who sees it; null when everybody in the conversation does. */
  onlyFor: string | null;
  /** What the bot named it by, where it did. */
  clientMsgId?: string;
  content: Content;
  history: OracleEvent[];
  deleted: boolean;
}

export type NewMessage = Omit<OracleMessage, 'ts' | 'history' | 'deleted'>;

/** The record of visible messages, people's too. */
export class Oracle extends MessageRecord<OracleMessage, OracleEvent> {
  readonly #clock: Clock;
  #lastMicros = 0;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  /** A message's id: a time in seconds with six decimals, given once however fast they come. */
  nextTs(): string {
    this.#lastMicros = Math.max(this.#clock.now().getTime() * 1000, this.#lastMicros + 1);
    const text = String(this.#lastMicros);
    return `${text.slice(0, -6)}.${text.slice(-6)}`;
  }

  /** Messages of bots in a conversation that are visible now to anybody, in the order of their posting. */
  override visible(conversationId: string): OracleMessage[] {
    return super.visible(conversationId).filter((message) => message.installation !== null);
  }

  recordPost(message: NewMessage, ts = this.nextTs()): OracleMessage {
    const kept: OracleMessage = { ...message, ts, history: [], deleted: false };
    this.keep(message.conversationId, ts, kept, message.installation !== null);
    this.#record(kept, 'post');
    return kept;
  }

  /** Keeps what a person wrote, in Slack's own escaped form, so that the bot can read it back. */
  recordTyped({ conversation, person, threadTs }: Scene, text: string, ts = this.nextTs()): OracleMessage {
    const message: NewMessage = {
      conversationId: conversation.id,
      threadTs,
      userId: person.platformUserId,
      installation: null,
      onlyFor: null,
      content: { text, blocks: [], metadata: null },
    };
    return this.recordPost(message, ts);
  }

  recordUpdate(message: OracleMessage, content: Content): void {
    message.content = content;
    this.#record(message, 'update');
  }

  recordDelete(message: OracleMessage): void {
    message.deleted = true;
    this.#record(message, 'delete');
  }

  #record(message: OracleMessage, kind: OracleEventKind): void {
    this.record(message, { kind, at: this.#clock.now(), content: message.content });
  }
}
