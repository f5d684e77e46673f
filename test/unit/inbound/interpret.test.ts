/** What an activity asks for, by its intent alone. */
import { describe, expect, it } from 'vitest';
import { createCommandParser } from '../../../src/actions/parse-command.ts';
import { actions } from '../../../src/actions/registry.ts';
import { interpret } from '../../../src/inbound/interpret.ts';
import type { Intent } from '../../../src/kernel/activity.ts';
import { languages, translator } from '../../../src/words/index.ts';
import { testActivity } from '../../support/activity.ts';

const interpreter = {
  parser: createCommandParser(actions, languages),
  actions: new Map(actions.map((action) => [action.id as string, action])),
  publicUrl: 'https://desk.example.test',
};

function read(intent: Intent) {
  const activity = testActivity({
    platform: 'teams',
    replyBy: 'message',
    intent,
  });
  return interpret(activity, interpreter, 'en');
}

const typed = (text: string) => read({ kind: 'command', text, source: null });

describe('typed text', () => {
  it('runs a command on the bot surface, without a guard', () => {
    expect(typed('assign 1002 to me')).toMatchObject({
      kind: 'run',
      definition: { id: 'assign_ticket' },
      input: { ticket: '1002', assignee: 'me' },
      surface: 'bot',
      guard: null,
      locale: 'en',
    });
  });

  it('shows the help when nothing is said', () => {
    expect(typed('  ')).toMatchObject({ kind: 'run', definition: { id: 'help' } });
  });

  it('asks back in words with an example, a button, or a hint', () => {
    const say = translator('en');
    const questions = ['log', 'my tikets', 'x'.repeat(20_000), 'blah blah'].map((text) => {
      const reading = typed(text);
      if (reading.kind !== 'ask') throw new Error(`${text} was understood`);
      return reading.question(say, () => 'nonce');
    });
    expect(questions).toMatchObject([
      { text: expect.stringContaining('log 30m on 1002') },
      { buttons: [{ kind: 'command', text: 'my tickets', nonce: 'nonce' }] },
      { title: expect.stringMatching(/too long/) },
      { text: expect.stringContaining('help') },
    ]);
  });
});

describe('half a command', () => {
  it('is asked about with an example in the language of the answer, whatever was typed', () => {
    const reading = typed('分配');
    if (reading.kind !== 'ask') throw new Error('was understood');
    const inChinese = reading.question(translator('zh-CN'), () => 'nonce');
    const inEnglish = reading.question(translator('en'), () => 'nonce');
    expect(inChinese).toMatchObject({ title: '哪张工单？', text: '例如：分配 1002 给我' });
    expect(inEnglish).toMatchObject({ title: 'Which ticket?', text: 'For example: assign 1002 to me' });
    expect(reading.locale).toBe('zh-Hans');
  });
});

describe('a new ticket in reply to a message', () => {
  const source = { text: 'The printer smokes\nFloor 3', authorName: 'Ann', url: null };
  const replied = (text: string, to = source) => read({ kind: 'command', text, source: to });

  it.each([
    ['new ticket', {}, 'en'],
    ['新建工单', {}, 'zh-Hans'],
    ['new ticket Smoke', { title: 'Smoke' }, 'en'],
    ['new ticket Smoke for Contoso', { title: 'Smoke', client: 'Contoso' }, 'en'],
    ['新建工单 冒烟', { title: '冒烟' }, 'zh-Hans'],
  ])('is made from it: %j', (text, input, locale) => {
    const reading = replied(text);
    expect(reading).toMatchObject({
      kind: 'run',
      definition: { id: 'create_ticket_from_message' },
      surface: 'bot',
      guard: null,
      locale,
    });
    expect(reading.kind === 'run' && reading.input).toEqual(input);
    expect(reading.kind === 'run' && reading.definition.input.safeParse(input).success).toBe(true);
  });

  it('keeps the other reading of what was typed', () => {
    expect(replied('new ticket Key for room 3')).toMatchObject({
      input: { title: 'Key', client: 'room 3' },
      alternative: { title: 'Key for room 3' },
    });
  });

  it('needs a title where the message has no text', () => {
    const picture = { text: ' ', authorName: 'Ann', url: null };
    expect(replied('new ticket', picture)).toMatchObject({ kind: 'ask' });
    expect(replied('new ticket Smoke', picture)).toMatchObject({
      definition: { id: 'create_ticket_from_message' },
    });
  });

  it('leaves other commands, and those that reply to nothing, as they are', () => {
    expect(replied('note 1002: Seen')).toMatchObject({ definition: { id: 'add_note' } });
    expect(replied('assign')).toMatchObject({ kind: 'ask' });
    expect(typed('new ticket Smoke')).toMatchObject({ definition: { id: 'create_ticket' } });
    expect(typed('new ticket')).toMatchObject({ kind: 'ask' });
    expect(read({ kind: 'press_command', text: 'new ticket Smoke', nonce: 'n' })).toMatchObject({
      definition: { id: 'create_ticket' },
      guard: { nonce: 'n' },
    });
  });
});

describe('buttons and forms', () => {
  it('are guarded by their nonce', () => {
    const press = { kind: 'press', action: 'assign_ticket', input: { ticket: '1' }, nonce: 'n' } as const;
    expect(read(press)).toMatchObject({ kind: 'run', surface: 'card', guard: { nonce: 'n' } });
    expect(read({ ...press, nonce: null })).toMatchObject({ kind: 'run', guard: { nonce: null } });
    const command = { kind: 'press_command', text: 'my tickets', nonce: 'n' } as const;
    expect(read(command)).toMatchObject({ kind: 'run', surface: 'bot', guard: { nonce: 'n' } });
  });

  it('of actions that do not exist are unsupported', () => {
    expect(read({ kind: 'press', action: 'nope', input: {}, nonce: 'n' })).toEqual({ kind: 'unsupported' });
    expect(
      read({ kind: 'open_form', action: 'my_tickets', input: {}, surface: 'quick_action', source: null }),
    ).toEqual({
      kind: 'unsupported',
    });
    expect(read({ kind: 'press', action: '__proto__', input: {}, nonce: 'n' })).toEqual({
      kind: 'unsupported',
    });
  });
});

it('evidence is what the platform told', () => {
  const tokens = [{ token: 't', messageId: 'm' }];
  const told: Intent = { kind: 'evidence', of: 'posted', tokens, messageIds: [], readUpTo: null };
  expect(read(told)).toEqual(told);
});

describe('links', () => {
  it.each([
    ['https://desk.example.test/t/acme/tickets/1002', '#1002'],
    ['https://desk.example.test/t/acme/tickets/1002?x=1', '#1002'],
    ['https://desk.example.test/t/acme/tickets/1002x', null],
    ['https://desk.example.test.evil.test/t/acme/tickets/1002', null],
    ['https://evil.test/https://desk.example.test/t/acme/tickets/1002', null],
    ['https://desk.example.test/t/acme/tickets/99999999999', null],
  ])('%s means %s', (url, ticket) => {
    const reading = read({ kind: 'unfurl', url });
    if (ticket === null) expect(reading).toEqual({ kind: 'ignored' });
    else expect(reading).toMatchObject({ definition: { id: 'open_record' }, input: { ticket } });
  });
});
