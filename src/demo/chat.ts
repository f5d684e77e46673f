/** The terminal chat with the demo bot: a person in the simulated Teams, over the real protocol to the running server. */
import {
  createPerson,
  groupChat,
  personalChat,
  type SimulatedConversation,
  type SimulatedPerson,
  startTeamsSimulator,
  type TeamsSimulator,
} from '../../bots/teams/simulator/index.ts';
import { AuditWatch, type ReadAuditEvents } from './chat-audit.ts';
import { ChatGestures } from './chat-gestures.ts';
import { type ChatInput, chatHelp, readChatInput } from './chat-input.ts';
import type { ChatLines } from './chat-lines.ts';
import type { ChatView } from './chat-view.ts';
import { demoPeople, demoTeams } from './demo-data.ts';

export interface ChatOptions {
  /** Origin of the running server. */
  serverUrl: string;
  /** Key of a person of the demo. */
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
 */
export async function chat(options: ChatOptions): Promise<0 | 1> {
  const simulator = await startTeamsSimulator({
    botEndpoint: `${options.serverUrl}/api/messages`,
    organization: demoTeams.organization,
    // Without a secret nothing is signed: the demo's door on loopback takes it so.
    apps: [{ appId: demoTeams.appId, clientSecret: null }],
    people: demoPeople.map(({ key, name, aadObjectId }) => createPerson(key, name, aadObjectId)),
  });
  const session = new ChatSession(options, simulator);
  try {
    await session.run();
  } finally {
    session.close();
    await simulator.close();
  }
  return session.failed ? 1 : 0;
}

class ChatSession {
  readonly #options: ChatOptions;
  readonly #simulator: TeamsSimulator;
  readonly #gestures: ChatGestures;
  readonly #audit: AuditWatch;
  #person: SimulatedPerson;
  #conversation: SimulatedConversation;
  #auditFailed = false;

  constructor(options: ChatOptions, simulator: TeamsSimulator) {
    this.#options = options;
    this.#simulator = simulator;
    this.#person = simulator.person(options.as);
    this.#conversation = personalChat(this.#person, demoTeams.appId, demoTeams.organization);
    this.#audit = new AuditWatch(options.readAudit);
    this.#gestures = new ChatGestures(simulator, options.view, {
      timeoutMs: options.replyTimeoutMs ?? 10_000,
      ask: (prompt) => this.#ask(prompt),
      auditRows: () => this.#readAudit(() => this.#audit.fresh(this.#person.aadObjectId)),
      onIdleEvent: () => options.lines.again(),
    });
  }

  get failed(): boolean {
    return this.#gestures.failed;
  }

  async run(): Promise<void> {
    const { lines, view } = this.#options;
    if (lines.interactive) {
      const where = `You are ${this.#person.name} in a personal chat with the demo desk on Teams.`;
      view.note(
        `${where}\nType help, or /help for the commands of this terminal; a number presses a button.`,
      );
    }
    for (;;) {
      if (lines.interactive) view.pause();
      const prompt = this.#prompt();
      const line = await lines.next(prompt);
      if (line === null) return;
      if (!lines.interactive) view.pause();
      this.#echo(prompt, line);
      const input = readChatInput(line);
      if (input.kind === 'quit') return;
      await this.#act(input, line);
    }
  }

  close(): void {
    this.#gestures.close();
    this.#options.lines.close();
  }

  async #act(input: Exclude<ChatInput, { kind: 'quit' }>, line: string): Promise<void> {
    const { view } = this.#options;
    const by = { as: this.#person, conversation: this.#conversation };
    switch (input.kind) {
      case 'nothing':
        return;
      case 'help':
        return view.note(chatHelp);
      case 'unknown':
        return view.note(`There is no /${input.name} here; /help lists what there is.`);
      case 'as':
        return this.#switchTo(input.person);
      case 'group':
        return this.#moveTo(
          groupChat('demo desk'),
          'You are in a group chat: what you type mentions the bot.',
        );
      case 'personal':
        return this.#moveTo(this.#personalChat(), 'You are in your personal chat.');
      case 'press':
        if (this.#gestures.hasButton(input.number)) {
          return await this.#gesture(() => this.#gestures.press(input.number, by));
        }
        if (!input.bare) return view.note(`The last card has no button ${input.number}.`);
        return await this.#gesture(() => this.#gestures.message(line.trim(), by));
      case 'message':
        return await this.#gesture(() => this.#gestures.message(input.text, by));
      case 'search':
        return await this.#gesture(() => this.#gestures.search(input.text, by));
      case 'install':
        return await this.#gesture(() => this.#gestures.install(by));
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

  #switchTo(key: string): void {
    const person = this.#simulator.people.find((each) => each.key === key);
    if (person === undefined) {
      const keys = this.#simulator.people.map((each) => each.key).join(', ');
      this.#options.view.note(`Nobody is called ${key}. There are: ${keys}.`);
      return;
    }
    const wasPersonal = this.#conversation.type === 'personal';
    this.#person = person;
    this.#moveTo(wasPersonal ? this.#personalChat() : this.#conversation, `You are ${person.name}.`);
  }

  #moveTo(conversation: SimulatedConversation, note: string): void {
    this.#conversation = conversation;
    this.#gestures.forgetButtons();
    this.#options.view.note(note);
  }

  #personalChat(): SimulatedConversation {
    return personalChat(this.#person, demoTeams.appId, demoTeams.organization);
  }

  #prompt(): string {
    return this.#conversation.type === 'personal' ? `${this.#person.key}> ` : `${this.#person.key} (group)> `;
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
