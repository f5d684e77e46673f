/** The terminal chat with the demo bot: a person in a simulated platform, over the real protocol to the running server. */
import type { SimulatedPerson, Where } from '../kernel/simulated-chat.ts';
import { AuditWatch, type ReadAuditEvents } from './chat-audit.ts';
import { ChatGestures } from './chat-gestures.ts';
import { type ChatInput, chatHelp, readChatInput } from './chat-input.ts';
import type { ChatLines } from './chat-lines.ts';
import type { ChatView } from './chat-view.ts';
import type { ChatSeat } from './remote-chat.ts';

export interface ChatOptions {
  /** Where the person sits; closed at the end. */
  seat: ChatSeat;
  /** The platform's name as people write it. */
  platformName: string;
  /** Key of a person there. */
  as: string;
  lines: ChatLines;
  view: ChatView;
  readAudit: ReadAuditEvents;
  /** Whether the view is told the lines, as a script's reader does not see them. */
  echo: boolean;
  /** Longest wait for a reply; 10 s without it. */
  replyTimeoutMs?: number;
}

/**
 * Talks until the lines end or the person leaves.
 * @returns 1 when the bot left something unanswered, else 0
 * @throws Error when the seat has nobody of that key
 */
export async function chat(options: ChatOptions): Promise<0 | 1> {
  try {
    const session = new ChatSession(options);
    await session.run();
    return session.failed ? 1 : 0;
  } finally {
    options.lines.close();
    await options.seat.close();
  }
}

class ChatSession {
  readonly #options: ChatOptions;
  readonly #gestures: ChatGestures;
  readonly #audit: AuditWatch;
  #person: SimulatedPerson;
  #inGroup = false;
  #auditFailed = false;

  constructor(options: ChatOptions) {
    const person = options.seat.people.find(({ key }) => key === options.as);
    if (person === undefined) throw new Error(`nobody is called "${options.as}"`);
    this.#options = options;
    this.#person = person;
    this.#audit = new AuditWatch(options.readAudit);
    this.#gestures = new ChatGestures(options.seat, options.view, {
      platformName: options.platformName,
      timeoutMs: options.replyTimeoutMs ?? 10_000,
      watch: options.lines.interactive,
      ask: (prompt) => this.#ask(prompt),
      auditRows: () => this.#readAudit(() => this.#audit.fresh(this.#person.platformUserId)),
      onIdleEvent: () => options.lines.again(),
    });
  }

  get failed(): boolean {
    return this.#gestures.failed;
  }

  async run(): Promise<void> {
    const { lines, view, platformName } = this.#options;
    if (lines.interactive) {
      const where = `You are ${this.#person.name} in a personal chat with the demo desk on ${platformName}.`;
      view.note(
        `${where}\nType help, or /help for the commands of this terminal; a number presses a button.`,
      );
    }
    await this.#gestures.enter(this.#where());
    for (;;) {
      if (lines.interactive) view.pause();
      const prompt = this.#prompt();
      const line = await lines.next(prompt);
      if (line === null) break;
      if (!lines.interactive) view.pause();
      this.#echo(prompt, line);
      const input = readChatInput(line);
      if (input.kind === 'quit') break;
      await this.#act(input, line);
    }
    this.#gestures.close();
  }

  async #act(input: Exclude<ChatInput, { kind: 'quit' }>, line: string): Promise<void> {
    const { view } = this.#options;
    switch (input.kind) {
      case 'nothing':
        return;
      case 'help':
        return view.note(chatHelp);
      case 'unknown':
        return view.note(`There is no /${input.name} here; /help lists what there is.`);
      case 'as':
        return await this.#switchTo(input.person);
      case 'group':
        return await this.#moveTo(true, 'You are in a group chat: what you type mentions the bot.');
      case 'personal':
        return await this.#moveTo(false, 'You are in your personal chat.');
      case 'press':
        if (this.#gestures.hasButton(input.number)) {
          return await this.#gesture(() => this.#gestures.press(input.number));
        }
        if (!input.bare) return view.note(`The last card has no button ${input.number}.`);
        return await this.#gesture(() => this.#gestures.message(line.trim()));
      case 'message':
        return await this.#gesture(() => this.#gestures.message(input.text));
      case 'desk':
        return await this.#gesture(() => this.#gestures.command(input.text));
      case 'ticket':
        if (input.text === '') return view.note('Say what the message says: /ticket The scanner is broken');
        return await this.#gesture(() => this.#gestures.ticketFrom(input.text));
      case 'search':
        return await this.#gesture(() => this.#gestures.search(input.text));
      case 'home':
        return await this.#gesture(() => this.#gestures.openHome());
      case 'install':
        return await this.#gesture(() => this.#gestures.install());
    }
  }

  async #gesture(act: () => Promise<void>): Promise<void> {
    await this.#readAudit(() => this.#audit.begin());
    await act();
  }

  /** The chat goes on without the audit; why there is none is said once. */
  async #readAudit<T>(read: () => Promise<T>): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#auditFailed) this.#options.view.note(`(audit rows are not shown: ${reason})`);
      this.#auditFailed = true;
      return null;
    }
  }

  async #switchTo(key: string): Promise<void> {
    const { people } = this.#options.seat;
    const person = people.find((each) => each.key === key);
    if (person === undefined) {
      const keys = people.map((each) => each.key).join(', ');
      return this.#options.view.note(`Nobody is called ${key}. There are: ${keys}.`);
    }
    this.#person = person;
    await this.#moveTo(this.#inGroup, `You are ${person.name}.`);
  }

  async #moveTo(group: boolean, note: string): Promise<void> {
    this.#inGroup = group;
    this.#options.view.note(note);
    await this.#gestures.enter(this.#where());
  }

  #where(): Where {
    const as = this.#person.key;
    return this.#inGroup ? { as, place: { kind: 'group', name: 'demo desk' } } : { as };
  }

  #prompt(): string {
    return this.#inGroup ? `${this.#person.key} (group)> ` : `${this.#person.key}> `;
  }

  async #ask(prompt: string): Promise<string | null> {
    const line = await this.#options.lines.next(prompt);
    if (line !== null) this.#echo(prompt, line);
    return line;
  }

  #echo(prompt: string, line: string): void {
    if (this.#options.echo) this.#options.view.typed(prompt, line);
  }
}
