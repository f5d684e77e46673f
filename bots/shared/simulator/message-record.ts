/** The record of the messages that people see in a simulated platform, each with its whole history. */
import { Changes } from './changes.ts';

export interface RecordedMessage<Event> {
  history: Event[];
  deleted: boolean;
}

/** Every accepted post is kept, also one whose answer was lost by a fault, and one that was deleted afterwards. */
export abstract class MessageRecord<Message extends RecordedMessage<Event>, Event> extends Changes<
  [Message, Event]
> {
  readonly #conversations = new Map<string, Map<string, Message>>();
  #posts = 0;

  /** Accepted posts of bots over all conversations. */
  get posts(): number {
    return this.#posts;
  }

  /** Messages of a conversation that are visible now, in the order of their posting. */
  visible(conversationId: string): Message[] {
    return this.all(conversationId).filter((message) => !message.deleted);
  }

  /** Messages of a conversation, deleted ones too. */
  all(conversationId: string): Message[] {
    return [...(this.#conversations.get(conversationId)?.values() ?? [])];
  }

  /** Ids of the conversations in which anybody has spoken. */
  conversations(): string[] {
    return [...this.#conversations.keys()];
  }

  find(conversationId: string, messageId: string): Message | null {
    return this.#conversations.get(conversationId)?.get(messageId) ?? null;
  }

  /**
   * The first message, already there or to come, that fits.
   * @throws Error after `timeoutMs`
   */
  waitFor(fits: (message: Message) => boolean, timeoutMs = 5000): Promise<Message> {
    for (const message of this.everything()) if (fits(message)) return Promise.resolve(message);
    return this.first((message) => (fits(message) ? message : null), timeoutMs, 'no such message');
  }

  /** Forgets everything, so that a long run does not fill the memory. */
  clear(): void {
    this.#conversations.clear();
    this.#posts = 0;
  }

  /** In the order in which `waitFor` looks at them. */
  protected *everything(): Iterable<Message> {
    for (const messages of this.#conversations.values()) yield* messages.values();
  }

  /** @param isPost whether it counts among the posts of bots */
  protected keep(conversationId: string, messageId: string, message: Message, isPost = true): void {
    let messages = this.#conversations.get(conversationId);
    if (messages === undefined) {
      messages = new Map();
      this.#conversations.set(conversationId, messages);
    }
    messages.set(messageId, message);
    if (isPost) this.#posts += 1;
  }

  /** A change of a message, its posting too. */
  protected record(message: Message, event: Event): void {
    message.history.push(event);
    this.tell(message, event);
  }
}
