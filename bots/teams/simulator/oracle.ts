/** What people see in the simulated Teams: every message of the bot with its whole history. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';

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
  activity: JsonObject;
  history: OracleEvent[];
  deleted: boolean;
}

type Listener = (message: OracleMessage, event: OracleEvent) => void;

/** The record of visible messages. Every accepted POST is kept, also one whose answer was lost by a fault. */
export class Oracle {
  readonly #conversations = new Map<string, Map<string, OracleMessage>>();
  readonly #listeners = new Set<Listener>();
  #posts = 0;

  /** Accepted posts over all conversations. */
  get posts(): number {
    return this.#posts;
  }

  /** Messages of a conversation that are visible now, in the order of their posting. */
  visible(conversationId: string): OracleMessage[] {
    return this.all(conversationId).filter((message) => !message.deleted);
  }

  /** Messages of a conversation, deleted ones too. */
  all(conversationId: string): OracleMessage[] {
    return [...(this.#conversations.get(conversationId)?.values() ?? [])];
  }

  /** Ids of the conversations in which the bot has spoken. */
  conversations(): string[] {
    return [...this.#conversations.keys()];
  }

  find(conversationId: string, messageId: string): OracleMessage | null {
    return this.#conversations.get(conversationId)?.get(messageId) ?? null;
  }

  /** Calls back at every change; returns what ends that. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The first message, already there or to come, that fits.
   * @throws Error after `timeoutMs`.
   */
  waitFor(fits: (message: OracleMessage) => boolean, timeoutMs = 5000): Promise<OracleMessage> {
    for (const messages of this.#conversations.values()) {
      for (const message of messages.values()) {
        if (fits(message)) return Promise.resolve(message);
      }
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        end();
        reject(new Error(`no such message within ${timeoutMs} ms`));
      }, timeoutMs);
      // Nobody who waits keeps a process running whose simulator was closed.
      timer.unref();
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
    this.#conversations.clear();
    this.#posts = 0;
  }

  recordPost(message: Omit<OracleMessage, 'history' | 'deleted'>): void {
    const kept: OracleMessage = { ...message, history: [], deleted: false };
    let messages = this.#conversations.get(message.conversationId);
    if (messages === undefined) {
      messages = new Map();
      this.#conversations.set(message.conversationId, messages);
    }
    messages.set(message.id, kept);
    this.#posts += 1;
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
    const event = { kind, at: new Date(), activity };
    message.history.push(event);
    for (const listener of this.#listeners) listener(message, event);
  }
}
