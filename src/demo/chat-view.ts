/** What the terminal chat prints: as text for people, or as one JSON object a line for programs. */
import { cleanLine, cleanText } from '../kernel/plain-text.ts';
import type { ShownAuditEvent } from './chat-audit.ts';
import type { DrawnCard } from './draw-card.ts';

/** The visible side of the chat. */
export interface ChatView {
  /** A line of the person's, where the terminal does not show it by itself. */
  typed(prompt: string, line: string): void;
  card(drawn: DrawnCard, updated: boolean): void;
  /** Something of the bot's that is no card. */
  text(text: string): void;
  audit(event: ShownAuditEvent): void;
  /** The terminal's own words. */
  note(text: string): void;
  /** A failure, in a sentence. */
  failure(text: string): void;
  /** Between two turns. */
  pause(): void;
}

interface Streams {
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
}

/** Cards as text, each turn set apart by an empty line. */
export function textView({ stdout, stderr }: Streams): ChatView {
  let spoken = false;
  /** What was printed last is a card. */
  let afterCard = false;
  const print = (text: string) => {
    if (text === '') return;
    stdout.write(`${text}\n`);
    spoken = true;
    afterCard = false;
  };
  return {
    typed: (prompt, line) => print(`${prompt}${cleanLine(line)}`),
    card({ text }, updated) {
      // Two cards in a row would read as one.
      if (afterCard && !updated) stdout.write('\n');
      print(updated ? `(card updated)\n${text}`.trimEnd() : text);
      afterCard = true;
    },
    text: (text) => print(cleanText(text)),
    audit: (event) => print(auditLine(event)),
    note: (text) => print(cleanText(text)),
    failure: (text) => void stderr.write(`${cleanText(text)}\n`),
    pause() {
      if (spoken) stdout.write('\n');
      spoken = false;
      afterCard = false;
    },
  };
}

/** One object a line; `event` says which. */
export function jsonView({ stdout, stderr }: Streams): ChatView {
  const print = (value: object) => void stdout.write(`${JSON.stringify(value)}\n`);
  return {
    typed: (prompt, line) => print({ event: 'typed', prompt: prompt.trim(), line }),
    card: ({ text, buttons }, updated) =>
      print({ event: 'card', updated, text, buttons: buttons.map(({ title }) => title) }),
    text: (text) => print({ event: 'text', text }),
    audit: (event) => print({ event: 'audit', ...event }),
    note: (text) => print({ event: 'note', text }),
    failure: (text) => void stderr.write(`${JSON.stringify({ title: text, code: 'unavailable' })}\n`),
    pause: () => undefined,
  };
}

/** `audit #12 assign_ticket success 3fa94c07…`, with the error's code where there is one. */
export function auditLine(event: ShownAuditEvent): string {
  const { seq, action, result, error_code: code, payload_hash: hash } = event;
  const outcome = code === null ? result : `${result} (${code})`;
  return cleanLine(`audit #${seq} ${action} ${outcome} ${hash.slice(0, 8)}…`);
}
