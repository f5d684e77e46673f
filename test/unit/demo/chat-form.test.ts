/** Forms of the bot in a terminal: what is asked, what is taken, how a person leaves. */
import { describe, expect, it } from 'vitest';
import { renderForm } from '../../../bots/teams/render-form.ts';
import { fillForm, hasInputs, withoutInputs } from '../../../src/demo/chat-form.ts';
import type { Form, FormField } from '../../../src/kernel/message.ts';

function card(...fields: FormField[]) {
  const form: Form = {
    action: 'log_time',
    title: 'Log time',
    input: {},
    fields,
    submitLabel: 'Save',
    nonce: 'n',
  };
  return renderForm(form);
}

/** Answers the prompts in turn, and keeps what was said. */
function talk(...lines: string[]) {
  const heard: string[] = [];
  return {
    heard,
    ask: (prompt: string) => {
      heard.push(prompt);
      return Promise.resolve(lines.shift() ?? null);
    },
    say: (text: string) => void heard.push(text),
  };
}

const note: FormField = { name: 'note', label: 'Note', kind: 'text', required: true };
const status: FormField = {
  name: 'status',
  label: 'Status',
  kind: 'choice',
  required: true,
  value: 'id-new',
  choices: [
    { label: 'New', value: 'id-new' },
    { label: 'Waiting', value: 'id-waiting' },
  ],
};

describe('fillForm', () => {
  it('asks for each field in its order', async () => {
    const billable: FormField = {
      name: 'billable',
      label: 'Billable',
      kind: 'toggle',
      required: false,
      value: 'true',
    };
    const comment: FormField = { name: 'comment', label: 'Comment', kind: 'multiline', required: false };
    const person = talk('Called back', '', 'no', '');
    expect(await fillForm(card(note, status, billable, comment), person)).toEqual({
      note: 'Called back',
      status: 'id-new',
      billable: 'false',
      comment: '',
    });
    expect(person.heard).toEqual([
      '  Note: ',
      '  1. New',
      '  2. Waiting',
      '  Status [New]: ',
      '  Billable [yes]: ',
      '  Comment (optional): ',
    ]);
  });

  it.each([
    ['2', 'id-waiting'],
    ['waiting', 'id-waiting'],
    ['wai', 'id-waiting'],
    ['id-waiting', 'id-waiting'],
  ])('takes %s for a choice', async (line, value) => {
    expect(await fillForm(card(status), talk(line))).toEqual({ status: value });
  });

  it('asks again for what is none of the choices, and for what is required', async () => {
    const person = talk('3', 'nonsense', 'new', '', 'text');
    expect(await fillForm(card(status, note), person)).toEqual({ status: 'id-new', note: 'text' });
    expect(person.heard.filter((line) => line.includes('none of the choices'))).toHaveLength(2);
    expect(person.heard.filter((line) => line.includes('Something has to stand here'))).toHaveLength(1);
  });

  it('is left by /cancel and by the end of the input', async () => {
    expect(await fillForm(card(note), talk('/cancel'))).toBeNull();
    expect(await fillForm(card(note), talk())).toBeNull();
  });

  it('keeps labels from driving the terminal', async () => {
    const person = talk('x');
    await fillForm(card({ ...note, label: 'No\u001b[2Jte' }), person);
    expect(person.heard).toEqual(['  No[2Jte: ']);
  });
});

it('knows cards without inputs, and leaves their texts', () => {
  const form = card({ ...note, error: 'Too short' });
  expect(hasInputs(form)).toBe(true);
  const rest = withoutInputs(form);
  expect(hasInputs(rest)).toBe(false);
  expect(JSON.stringify(rest)).toContain('Too short');
  expect(rest.actions).toEqual([]);
});
