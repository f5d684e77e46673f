/** Forms of the bot in a terminal: what is asked, what is taken, how a person leaves. */
import { describe, expect, it } from 'vitest';
import { renderForm } from '../../../bots/teams/render-form.ts';
import { readCard } from '../../../bots/teams/simulator/read-card.ts';
import { completeForm, fillForm, titled } from '../../../src/demo/chat-form.ts';
import type { ChatGesture } from '../../../src/demo/remote-chat.ts';
import type { Form, FormField } from '../../../src/kernel/message.ts';
import type { SeenForm } from '../../../src/kernel/simulated-chat.ts';

/** As a person sees it in a dialog. */
function seen(fields: FormField[], error?: string): SeenForm {
  const form: Form = {
    action: 'log_time',
    title: 'Log time',
    input: {},
    fields,
    submitLabel: 'Save',
    nonce: 'n',
    ...(error === undefined ? {} : { error }),
  };
  const card = readCard(renderForm(form), { title: 'Log time', handle: 'h' });
  if (card.form === null) throw new Error('there is no form');
  return card.form;
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
    expect(await fillForm(seen([note, status, billable, comment]), person)).toEqual({
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
    expect(await fillForm(seen([status]), talk(line))).toEqual({ status: value });
  });

  it('asks again for what is none of the choices, and for what is required', async () => {
    const person = talk('3', 'nonsense', 'new', '', 'text');
    expect(await fillForm(seen([status, note]), person)).toEqual({ status: 'id-new', note: 'text' });
    expect(person.heard.filter((line) => line.includes('none of the choices'))).toHaveLength(2);
    expect(person.heard.filter((line) => line.includes('Something has to stand here'))).toHaveLength(1);
  });

  it('is left by /cancel and by the end of the input', async () => {
    expect(await fillForm(seen([note]), talk('/cancel'))).toBeNull();
    expect(await fillForm(seen([note]), talk())).toBeNull();
  });

  it('keeps labels from driving the terminal', async () => {
    const person = talk('x');
    await fillForm(
      { ...seen([note]), fields: [{ ...firstField(seen([note])), label: 'No\u001b[2Jte' }] },
      person,
    );
    expect(person.heard).toEqual(['  No[2Jte: ']);
  });
});

it('says what is wrong with the form and with a field', async () => {
  const person = talk('x');
  await fillForm(seen([{ ...note, error: 'Too short' }], 'Nothing was saved.'), person);
  expect(person.heard).toEqual(['Nothing was saved.', '  Too short', '  Note: ']);
});

describe('completeForm', () => {
  const answer = (form: SeenForm | null): ChatGesture => ({
    status: 200,
    messageId: null,
    eventKey: 'e',
    form,
    shown: null,
    replaced: null,
  });

  it('asks again until the form does not come back', async () => {
    const person = talk('bad', 'good');
    const sent: Record<string, string>[] = [];
    const answers = [answer(seen([{ ...note, error: 'Too bad', value: 'bad' }])), answer(null)];
    const gesture = await completeForm(seen([note]), person, async (_, values) => {
      sent.push(values);
      return answers.shift() ?? null;
    });
    expect(gesture).toEqual(answer(null));
    expect(sent).toEqual([{ note: 'bad' }, { note: 'good' }]);
    expect(person.heard).toEqual([
      'Log time (/cancel leaves)',
      '  Note: ',
      'Log time (/cancel leaves)',
      '  Too bad',
      '  Note [bad]: ',
    ]);
  });

  it('sends nothing of a form that was left, and stops where it was not taken', async () => {
    const left = talk('/cancel');
    expect(await completeForm(seen([note]), left, () => Promise.reject(new Error('sent')))).toBeNull();
    expect(left.heard.at(-1)).toBe('Nothing was sent.');
    expect(await completeForm(seen([note]), talk('x'), async () => null)).toBeNull();
  });
});

it('gives a form without a title that of its card', () => {
  const card = { lines: [{ text: 'Add note', kind: 'title' as const }], buttons: [], form: null };
  expect(titled({ ...seen([note]), title: '' }, card).title).toBe('Add note');
  expect(titled(seen([note]), card).title).toBe('Log time');
});

function firstField({ fields }: SeenForm) {
  const [field] = fields;
  if (field === undefined) throw new Error('there is no field');
  return field;
}
