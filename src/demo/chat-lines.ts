/** The person's side of the terminal chat: lines that are typed or come from a script, one after the other. */
import { createInterface } from 'node:readline';

export interface ChatLines {
  /** Whether somebody sits in front of it. */
  interactive: boolean;
  /** The next line; null at the end. */
  next(prompt: string): Promise<string | null>;
  /** Shows the prompt again, after something was printed while it waited for a line. */
  again(): void;
  close(): void;
}

type Input = NodeJS.ReadableStream & { isTTY?: boolean };

/** Lines of a terminal or of a pipe. Ctrl-C and Ctrl-D end them. */
export function readLines(input: Input, output: NodeJS.WritableStream & { isTTY?: boolean }): ChatLines {
  const interactive = input.isTTY === true && output.isTTY === true;
  const reader = createInterface({ input, output: interactive ? output : undefined, terminal: interactive });
  const waiting: string[] = [];
  let taker: ((line: string | null) => void) | null = null;
  let closed = false;
  const give = (line: string | null) => {
    const take = taker;
    taker = null;
    take?.(line);
  };
  reader.on('line', (line) => {
    if (taker === null) waiting.push(line);
    else give(line);
  });
  reader.on('SIGINT', () => reader.close());
  reader.on('close', () => {
    closed = true;
    // What comes next begins on a line of its own, not behind the prompt.
    if (interactive && taker !== null) output.write('\n');
    give(null);
  });
  return {
    interactive,
    next(prompt) {
      const line = waiting.shift();
      if (line !== undefined || closed) return Promise.resolve(line ?? null);
      if (interactive) {
        reader.setPrompt(prompt);
        reader.prompt();
      }
      return new Promise((resolve) => {
        taker = resolve;
      });
    },
    again() {
      if (interactive && taker !== null) reader.prompt(true);
    },
    close: () => reader.close(),
  };
}

/** Lines that are known beforehand. */
export function fixedLines(lines: readonly string[]): ChatLines {
  const left = [...lines];
  return {
    interactive: false,
    next: () => Promise.resolve(left.shift() ?? null),
    again: () => undefined,
    close: () => undefined,
  };
}
