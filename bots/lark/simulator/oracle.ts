/** What people see in the simulated Lark: every message of a bot with its whole history. */
import { MessageRecord } from '../../shared/simulator/message-record.ts';

/**
 * How a message came to its content. `update`: by PATCH; `answer`: by the response to a card callback; `delayed`: with
 * the callback's token.
 */
export type OracleEventKind = 'post' | 'update' | 'answer' | 'delayed' | 'delete';

/** One change of a message. */
export interface OracleEvent {
  kind: OracleEventKind;
  at: Date;
  /** The content as it stood afterwards: JSON, as the platform takes it. */
  content: string;
}

export interface OracleMessage {
  /** `om_…`. */
  id: string;
  chatId: string;
  organization: string;
  /** The app whose token came with it. */
  appId: string;
  msgType: string;
  parentId: string | null;
  rootId: string | null;
  /** The `uuid` of the request. */
  token: string | null;
  content: string;
  history: OracleEvent[];
  deleted: boolean;
  /** Requests that were answered with this message instead of posting again, for their uuid. */
  deduped: number;
}

/** The record of visible messages; its conversations are chats. */
export class Oracle extends MessageRecord<OracleMessage, OracleEvent> {
  readonly #messages = new Map<string, OracleMessage>();
  #deduped = 0;

  /** Attempts that a uuid kept from posting again, over all chats. */
  get deduped(): number {
    return this.#deduped;
  }

  /** Message ids are unique over all chats. */
  findById(messageId: string): OracleMessage | null {
    return this.#messages.get(messageId) ?? null;
  }

  /** Messages that are visible now, over all chats, in the order of their posting. */
  standing(): OracleMessage[] {
    return [...this.#messages.values()].filter((message) => !message.deleted);
  }

  override clear(): void {
    super.clear();
    this.#messages.clear();
    this.#deduped = 0;
  }

  protected override everything(): Iterable<OracleMessage> {
    return this.#messages.values();
  }

  recordPost(message: Omit<OracleMessage, 'history' | 'deleted' | 'deduped'>, at: Date): OracleMessage {
    const kept: OracleMessage = { ...message, history: [], deleted: false, deduped: 0 };
    this.#messages.set(message.id, kept);
    this.keep(message.chatId, message.id, kept);
    this.#record(kept, 'post', at);
    return kept;
  }

  recordDeduped(message: OracleMessage): void {
    message.deduped += 1;
    this.#deduped += 1;
  }

  recordChange(
    message: OracleMessage,
    kind: 'update' | 'answer' | 'delayed',
    content: string,
    at: Date,
  ): void {
    message.content = content;
    this.#record(message, kind, at);
  }

  recordDelete(message: OracleMessage, at: Date): void {
    message.deleted = true;
    this.#record(message, 'delete', at);
  }

  #record(message: OracleMessage, kind: OracleEventKind, at: Date): void {
    this.record(message, { kind, at, content: message.content });
  }
}
