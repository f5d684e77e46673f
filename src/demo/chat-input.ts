/** What a line typed into the terminal chat means: a message to the bot, a button, or a command of the terminal. */

export type ChatInput =
  | { kind: 'nothing' }
  | { kind: 'message'; text: string }
  /** `bare`: without a slash, so that it is a message where no such button is shown. */
  | { kind: 'press'; number: number; bare: boolean }
  | { kind: 'as'; person: string }
  | { kind: 'group' | 'personal' | 'home' | 'install' | 'help' | 'quit' }
  /** `desk`: the platform's own command; `ticket`: a ticket from a message that says this. */
  | { kind: 'search' | 'desk' | 'ticket'; text: string }
  | { kind: 'unknown'; name: string };

const plain = ['group', 'personal', 'home', 'install', 'help', 'quit'] as const;
const withText = ['search', 'desk', 'ticket'] as const;

/** Never fails: what is no command of the terminal is a message. */
export function readChatInput(line: string): ChatInput {
  const text = line.trim();
  if (text === '') return { kind: 'nothing' };
  if (/^\d{1,2}$/.test(text)) return { kind: 'press', number: Number(text), bare: true };
  if (!text.startsWith('/')) return { kind: 'message', text };
  const [, name = '', rest = ''] = /^\/(\S*)\s*(.*)$/s.exec(text) ?? [];
  if (/^\d{1,2}$/.test(name)) return { kind: 'press', number: Number(name), bare: false };
  const kind = plain.find((each) => each === name);
  if (kind !== undefined) return { kind };
  if (name === 'as' && rest !== '') return { kind: 'as', person: rest.toLowerCase() };
  const worded = withText.find((each) => each === name);
  if (worded !== undefined) return { kind: worded, text: rest };
  return { kind: 'unknown', name };
}

/** Commands of the terminal itself, for `/help`. */
export const chatHelp = `A line is sent to the bot as it is. Commands of this terminal:
  /1, /2 …        press a button of the last card; the number alone does it, too
  /as ben         go on as somebody else: ann, ben, cara, dan, eve
  /group          go to a group chat, where the bot reads what mentions it
  /personal       go back to the personal chat
  /desk help      use the bot's slash command, on Slack
  /ticket words   make a ticket of a customer's message that says these words
  /search words   search from the compose box, on Teams
  /home           open the bot's own page, on Slack
  /install        install the app in this conversation
  /quit           leave`;
