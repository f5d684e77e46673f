/** What people see in the simulated Slack: every message with its whole history, and who sees it. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Clock } from '../../../src/kernel/ports.ts';

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
  content: Content;
  history: OracleEvent[];
  deleted: boolean;
}

export type NewMessage = Omit<OracleMessage, 'ts' | 'history' | 'deleted'>;

type Listener = (message: OracleMessage, event: OracleEvent) => void;

/** The record of visible messages. Every accepted post is kept, also one whose answer was lost by a fault. */
export class Oracle {
  readonly #clock: Clock;
  readonly #conversations = new Map<string, Map<string, OracleMessage>>();
  readonly #listeners = new Set<Listener>();
  #lastMicros = 0;
  #posts = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Accepted posts of bots over all conversations, ephemeral ones too. */
  get posts(): number {
    return this.#posts;
  }

  /** A message's id: a time in seconds with six decimals, given once however fast they come. */
  nextTs(): string {
    this.#lastMicros = Math.max(this.#clock.now().getTime() * 1000, this.#lastMicros + 1);
    const text = String(this.#lastMicros);
    return `${text.slice(0, -6)}.${text.slice(-6)}`;
  }

  /** Messages of bots in a conversation that are visible now to anybody, in the order of their posting. */
  visible(conversationId: string): OracleMessage[] {
    return this.all(conversationId).filter((message) => !message.deleted && message.installation !== null);
  }

  /** Everybody's messages of a conversation, deleted ones too. */
  all(conversationId: string): OracleMessage[] {
    return [...(this.#conversations.get(conversationId)?.values() ?? [])];
  }

  /** Ids of the conversations in which anybody has spoken. */
  conversations(): string[] {
    return [...this.#conversations.keys()];
  }

  find(conversationId: string, ts: string): OracleMessage | null {
    return this.#conversations.get(conversationId)?.get(ts) ?? null;
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

  recordPost(message: NewMessage, ts = this.nextTs()): OracleMessage {
    const kept: OracleMessage = { ...message, ts, history: [], deleted: false };
    let messages = this.#conversations.get(message.conversationId);
    if (messages === undefined) {
      messages = new Map();
      this.#conversations.set(message.conversationId, messages);
    }
    messages.set(ts, kept);
    if (message.installation !== null) this.#posts += 1;
    this.#record(kept, 'post');
    return kept;
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
    const event = { kind, at: this.#clock.now(), content: message.content };
    message.history.push(event);
    for (const listener of this.#listeners) listener(message, event);
  }
}
