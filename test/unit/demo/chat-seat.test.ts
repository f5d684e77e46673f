/** The terminal chat on a seat that does what a test says: what no one platform does alone. */
import { describe, expect, it } from 'vitest';
import { chat } from '../../../src/demo/chat.ts';
import { type ChatLines, fixedLines } from '../../../src/demo/chat-lines.ts';
import type { ChatView } from '../../../src/demo/chat-view.ts';
import type { ChatGesture, ChatSeat } from '../../../src/demo/remote-chat.ts';
import type { SeenCard, SeenForm, SeenMessage } from '../../../src/kernel/simulated-chat.ts';

function card(...texts: string[]): SeenCard {
  return { lines: texts.map((text) => ({ text, kind: 'text' })), buttons: [], form: null };
}

function withButtons(seen: SeenCard, ...labels: string[]): SeenCard {
  return { ...seen, buttons: labels.map((label) => ({ label, style: 'default', url: null })) };
}

function message(id: string, seen: SeenCard, versions = 1): SeenMessage {
  const text = seen.lines.map((line) => line.text).join('\n');
  return {
    id,
    conversation: 'c',
    replyTo: null,
    token: null,
    card: seen,
    text,
    versions,
    onlyFor: null,
  };
}

const form: SeenForm = {
  title: '',
  fields: [
    { name: 'note', label: 'Note', kind: 'text', required: true, value: '', choices: [], error: null },
  ],
  submitLabel: 'Save',
  error: null,
  handle: 'h',
};

function gesture(more: Partial<ChatGesture> = {}): ChatGesture {
  return {
    status: 200,
    messageId: null,
    eventKey: 'e',
    form: null,
    shown: null,
    replaced: null,
    ...more,
  };
}

/** What a seat does in a test; at once or later. */
type Doings = {
  [Name in Exclude<keyof ChatSeat, 'platform' | 'people'>]?: (
    ...args: Parameters<NonNullable<ChatSeat[Name]>>
  ) => ReturnType<NonNullable<ChatSeat[Name]>> | Awaited<ReturnType<NonNullable<ChatSeat[Name]>>>;
};

/** A seat with the messages that its gestures put there; `calls` names what was done, with what. */
function seatWith(overrides: (posted: SeenMessage[]) => Doings) {
  const posted: SeenMessage[] = [];
  const calls: unknown[][] = [];
  const unexpected = async () => Promise.reject(new Error('not expected here'));
  const seat: ChatSeat = {
    platform: 'test',
    people: [{ key: 'ann', name: 'Ann Archer', platformUserId: 'u1' }],
    say: unexpected,
    command: unexpected,
    press: unexpected,
    submit: unexpected,
    fromMessage: unexpected,
    install: unexpected,
    openHome: async () => null,
    messages: async () => [...posted],
    nextMessage: () => new Promise(() => undefined),
    close: async () => void calls.push(['close']),
  };
  for (const [name, method] of Object.entries(overrides(posted))) {
    const called = async (...args: unknown[]) => {
      calls.push([name, ...args]);
      return await (method as (...all: unknown[]) => unknown)(...args);
    };
    Object.assign(seat, { [name]: called });
  }
  return { seat, calls };
}

async function talk(seat: ChatSeat, lines: string[] | ChatLines) {
  const shown: string[] = [];
  const view: ChatView = {
    typed: () => undefined,
    card: ({ text }, updated) => shown.push(`${updated ? 'updated' : 'card'}: ${text}`),
    text: (text) => shown.push(`text: ${text}`),
    audit: () => undefined,
    note: (text) => shown.push(`note: ${text}`),
    failure: (text) => shown.push(`failure: ${text}`),
    pause: () => undefined,
  };
  const code = await chat({
    seat,
    platformName: 'Test',
    as: 'ann',
    lines: Array.isArray(lines) ? fixedLines(lines) : lines,
    view,
    echo: false,
    readAudit: async () => [],
    replyTimeoutMs: 300,
  });
  return { code, shown };
}

describe('a form', () => {
  it('that comes as a message for a reply is asked for at once, and again by its button', async () => {
    const { seat, calls } = seatWith((posted) => ({
      say: () => {
        posted.push(message('m1', { ...card('Add note'), form }));
        return gesture();
      },
      submit: () => {
        const replaced = message('m1', card('Noted'), 2);
        posted[0] = replaced;
        return gesture({ replaced });
      },
    }));
    const { shown } = await talk(seat, ['note', '/cancel', '1', 'Called back']);
    expect(shown).toEqual([
      'note: Add note (/cancel leaves)',
      'note: Nothing was sent.',
      'note: Add note (/cancel leaves)',
      'updated: Noted',
    ]);
    expect(calls.filter(([name]) => name === 'submit')).toEqual([
      ['submit', { ...form, title: 'Add note' }, { note: 'Called back' }, { as: 'ann' }],
    ]);
  });

  it('whose client keeps it back was not refused by the bot', async () => {
    const faulty = { ...form, fields: form.fields.map((field) => ({ ...field, error: 'Too long' })) };
    const answers = [gesture({ status: 0, form: faulty }), gesture({ shown: card('Done') })];
    const { seat } = seatWith(() => ({
      command: () => gesture({ form }),
      submit: () => answers.shift() ?? gesture(),
    }));
    const { code, shown } = await talk(seat, ['/desk note', 'a', 'b']);
    expect(code).toBe(0);
    expect(shown).toContain('note:   Too long');
    expect(shown.at(-1)).toBe('card: Done');
  });
});

describe('what an answer shows', () => {
  it('is shown once where it is a message as well, whose buttons can be pressed', async () => {
    const seen = withButtons(card('Only for you'), 'Take');
    const { seat, calls } = seatWith((posted) => ({
      command: () => {
        posted.push({ ...message('m1', seen), onlyFor: 'ann' });
        return gesture({ shown: seen });
      },
      press: () => gesture({ replaced: message('m1', card('Taken'), 2) }),
    }));
    const { shown } = await talk(seat, ['/desk help', '1']);
    expect(shown).toEqual(['card: Only for you\n\n[1] Take', 'updated: Taken']);
    expect(calls.find(([name]) => name === 'press')?.slice(2)).toEqual(['Take', { as: 'ann' }, 0]);
  });

  it('offers nothing to press where it is no message', async () => {
    const seen = withButtons(card('Saved'), 'Take');
    const { seat } = seatWith(() => ({ command: () => gesture({ shown: seen }) }));
    expect((await talk(seat, ['/desk note', '/1'])).shown).toEqual([
      'card: Saved',
      'note: The last card has no button 1.',
    ]);
  });

  it('is left out where a toast says what the new card says', async () => {
    const { seat } = seatWith((posted) => ({
      say: () => {
        posted.push(message('m1', withButtons(card('Ticket'), 'Take', 'Take')));
        return gesture();
      },
      press: (_, __, ___, which) =>
        gesture({
          shown: card(which === 1 ? 'Yours' : 'Saved just now'),
          replaced: message('m1', withButtons(card('Yours'), 'Take', 'Take'), 2),
        }),
    }));
    expect((await talk(seat, ['x', '2', '1'])).shown).toEqual([
      'card: Ticket\n\n[1] Take  [2] Take',
      'updated: Yours\n\n[1] Take  [2] Take',
      'updated: [1] Take  [2] Take',
      'card: Saved just now',
    ]);
  });
});

describe("the bot's own page", () => {
  it('is drawn, and drawn anew by a press of its buttons', async () => {
    const { seat, calls } = seatWith(() => ({
      openHome: () => withButtons(card('One approval'), 'Approve'),
      pressHome: () => gesture({ shown: card('No approvals') }),
    }));
    const { shown } = await talk(seat, ['/home', '1']);
    expect(shown).toEqual(['card: One approval\n\n[1] Approve', 'card: No approvals']);
    expect(calls.find(([name]) => name === 'pressHome')).toEqual(['pressHome', 'Approve', { as: 'ann' }, 0]);
  });

  it('is said to be missing where there is none, and so is the search', async () => {
    const { seat } = seatWith(() => ({}));
    expect((await talk(seat, ['/home', '/search x'])).shown).toEqual([
      'note: The bot has no page of its own on Test.',
      'note: There is no search in the compose box on Test: type find …',
    ]);
  });
});

it("makes a ticket of somebody's message", async () => {
  const { seat, calls } = seatWith((posted) => ({
    fromMessage: () => {
      posted.push(message('m1', card('Ticket #1 is open')));
      return gesture();
    },
  }));
  const { shown } = await talk(seat, ['/ticket', '/ticket It is broken']);
  expect(shown).toEqual([expect.stringContaining('/ticket '), 'card: Ticket #1 is open']);
  expect(calls[0]?.slice(1, 3)).toEqual([
    'create_ticket',
    { text: 'It is broken', author: expect.any(String) },
  ]);
});

it('shows first what came since the last line, and takes it for no reply', async () => {
  const { seat } = seatWith((posted) => ({
    say: (text) => {
      setTimeout(() => posted.push(message(`to ${text}`, card(`To ${text}`))), 20);
      return gesture();
    },
    search: () => {
      posted.push(message('late', card('Late')));
      return { status: 200, hits: [], shown: null };
    },
  }));
  const lines = fixedLines(['one', 'two']);
  const { shown } = await talk(seat, {
    ...lines,
    next: async (prompt) => {
      const line = await lines.next(prompt);
      // While the person types the second line.
      if (line === 'two') await seat.search?.('');
      return line;
    },
  });
  expect(shown).toEqual(['card: To one', 'card: Late', 'card: To two']);
});

it('says what the simulator says, goes on, and leaves the seat at the end', async () => {
  const { seat, calls } = seatWith((posted) => ({
    say: (text) => {
      if (text === 'bad') throw new Error('the bot is not in that group');
      posted.push(message('m1', card('Here')));
      return gesture();
    },
  }));
  const { code, shown } = await talk(seat, ['bad', 'good']);
  expect(code).toBe(1);
  expect(shown).toEqual(['failure: the bot is not in that group', 'card: Here']);
  expect(calls.at(-1)).toEqual(['close']);
});
