/** What people see in the simulated Lark: every message of a bot with its whole history. */

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

type Listener = (message: OracleMessage, event: OracleEvent) => void;

/** The record of visible messages. Every accepted post is kept, also one whose answer was lost by a fault. */
export class Oracle {
  readonly #messages = new Map<string, OracleMessage>();
  readonly #byChat = new Map<string, OracleMessage[]>();
  readonly #listeners = new Set<Listener>();
  #posts = 0;
  #deduped = 0;

  /** Accepted posts over all chats. */
  get posts(): number {
    return this.#posts;
  }

  /** Attempts that a uuid kept from posting again, over all chats. */
  get deduped(): number {
    return this.#deduped;
  }

  /** Messages of a chat that are visible now, in the order of their posting. */
  visible(chatId: string): OracleMessage[] {
    return this.all(chatId).filter((message) => !message.deleted);
  }

  /** Messages of a chat, recalled ones too. */
  all(chatId: string): OracleMessage[] {
    return [...(this.#byChat.get(chatId) ?? [])];
  }

  /** Ids of the chats in which a bot has spoken. */
  chats(): string[] {
    return [...this.#byChat.keys()];
  }

  find(messageId: string): OracleMessage | null {
    return this.#messages.get(messageId) ?? null;
  }

  /** Calls back at every change; returns what ends that. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The first message, already there or to come, that fits.
   * @throws Error after `timeoutMs`
   */
  waitFor(fits: (message: OracleMessage) => boolean, timeoutMs = 5000): Promise<OracleMessage> {
    for (const message of this.#messages.values()) if (fits(message)) return Promise.resolve(message);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        end();
        reject(new Error(`no such message within ${timeoutMs} ms`));
      }, timeoutMs);
      const end = this.subscribe((message) => {
        if (!fits(message)) return;
        clearTimeout(timer);
        end();
        resolve(message);
      });
    });
  }

  /** Forgets everything, so that a long run does not fill the memory. */
  clear(): void {
    this.#messages.clear();
    this.#byChat.clear();
    this.#posts = 0;
    this.#deduped = 0;
  }

  recordPost(message: Omit<OracleMessage, 'history' | 'deleted' | 'deduped'>, at: Date): OracleMessage {
    const kept: OracleMessage = { ...message, history: [], deleted: false, deduped: 0 };
    this.#messages.set(message.id, kept);
    const chat = this.#byChat.get(message.chatId);
    if (chat === undefined) this.#byChat.set(message.chatId, [kept]);
    else chat.push(kept);
    this.#posts += 1;
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
    const event = { kind, at, content: message.content };
    message.history.push(event);
    for (const listener of this.#listeners) listener(message, event);
  }
}
