/** Answers: which HTTP response each gesture gets for each kind of answer, and which goes by a call instead. */
import type { View } from '@slack/types';
import { describe, expect, it } from 'vitest';
import { faultsOfMessage, faultsOfView } from '../../../../bots/slack/block-limits.ts';
import type { Rendering } from '../../../../bots/slack/render.ts';
import { answersByCall, renderAnswer } from '../../../../bots/slack/render-answer.ts';
import type { Activity } from '../../../../src/kernel/activity.ts';
import type { Answer, Form, Message } from '../../../../src/kernel/message.ts';
import { testActivity, testReference } from '../../../support/activity.ts';
import { form, messages } from '../../../support/cards.ts';

const message: Message = messages.ticket ?? { title: '' };
const clean: Form = { ...form, error: '', fields: form.fields.map(({ error: _, ...field }) => field) };
const answers = {
  card: { kind: 'card', message },
  done: { kind: 'done', message },
  failed: { kind: 'failed', message },
  form: { kind: 'form', form: clean },
  home: { kind: 'home', sections: [message] },
  none: { kind: 'none' },
  unsupported: { kind: 'unsupported' },
} satisfies Record<string, Answer>;
const shown = ['card', 'done', 'failed'] as const;
const empty = { status: 200 };

const reference = testReference({
  platformConversationId: 'U0ANN',
  type: 'personal',
  organization: 'T0ACME',
  platformUserId: 'U0ANN',
});

function activity(invoke: string, fields: Partial<Activity> = {}): Activity {
  return testActivity({
    platform: 'slack',
    appId: 'A0DESK00001',
    organization: 'T0ACME',
    reference,
    replyBy: 'answer',
    invoke,
    intent: { kind: 'home' },
    ...fields,
  });
}

const answerTo = (invoke: string, answer: Answer, fields: Partial<Activity> = {}) =>
  renderAnswer({ answer }, activity(invoke, fields));

describe('events, buttons and shortcuts', () => {
  const gestures = ['event', 'block_actions', 'shortcut', 'message_action'];

  it.each(gestures)('%s: an empty 200, and what there is to show goes by a call', (invoke) => {
    for (const answer of Object.values(answers)) expect(answerTo(invoke, answer)).toEqual(empty);
    expect(renderAnswer({ message }, activity(invoke, { replyBy: 'message' }))).toEqual(empty);
    for (const kind of [...shown, 'form', 'home'] as const) {
      expect(answersByCall(answers[kind], activity(invoke)), kind).toBe(true);
    }
    expect(answersByCall(answers.none, activity(invoke))).toBe(false);
    expect(answersByCall(answers.unsupported, activity(invoke))).toBe(false);
  });
});

describe('a slash command', () => {
  it.each(shown)('%s is said to the person alone', (kind) => {
    const answer = answerTo('slash_command', answers[kind]);
    expect(answer).toMatchObject({ status: 200, body: { response_type: 'ephemeral' } });
    expect(faultsOfMessage(answer.body as unknown as Rendering)).toEqual([]);
    expect(answersByCall(answers[kind], activity('slash_command'))).toBe(false);
  });

  it('opens a form by a call', () => {
    expect(answerTo('slash_command', answers.form)).toEqual(empty);
    expect(answersByCall(answers.form, activity('slash_command'))).toBe(true);
    expect(renderAnswer({}, activity('slash_command'))).toEqual(empty);
  });
});

describe('a submitted modal', () => {
  const errors = (fields: Form['fields'], more: Partial<Form> = {}): Answer => ({
    kind: 'form',
    form: { ...clean, fields, ...more },
  });
  const faulty = form.fields.filter((field) => field.error);

  it('shows faults at their fields', () => {
    expect(answerTo('view_submission', errors(form.fields))).toEqual({
      status: 200,
      body: { response_action: 'errors', errors: { duration: 'Write it like 1h 30m.' } },
    });
    expect(answersByCall(errors(form.fields), activity('view_submission'))).toBe(false);
  });

  it.each<[string, Answer]>([
    ['a refusal of the form', errors(faulty, { error: 'Nothing was saved.' })],
    [
      'a fault in a field that has no place',
      errors([...faulty, { ...faulty[0], name: '' } as Form['fields'][number]]),
    ],
    ['another form', answers.form],
  ])('is drawn anew for %s', (_, answer) => {
    const { body } = answerTo('view_submission', answer);
    expect(body).toMatchObject({ response_action: 'update', view: { type: 'modal', submit: {} } });
    expect(faultsOfView(body?.view as unknown as View)).toEqual([]);
  });

  it('keeps where it was opened when it is drawn anew', () => {
    const replyReference = { ...reference, platformConversationId: 'C0DESK', type: 'channel' as const };
    const { body } = answerTo('view_submission', answers.form, { replyReference });
    const view = body?.view as unknown as { private_metadata: string };
    expect(JSON.parse(view.private_metadata)).toMatchObject({ channel: 'C0DESK', type: 'channel' });
  });

  it.each(shown)('ends on a page that shows %s', (kind) => {
    const { body } = answerTo('view_submission', answers[kind]);
    expect(body).toMatchObject({ response_action: 'update', view: { type: 'modal' } });
    expect(body?.view).not.toHaveProperty('submit');
    expect(JSON.stringify(body)).toContain('Smoke since 9:40');
    expect(answersByCall(answers[kind], activity('view_submission'))).toBe(false);
  });

  it('closes when there is nothing to show', () => {
    expect(answerTo('view_submission', answers.none)).toEqual(empty);
    expect(renderAnswer({}, activity('view_submission'))).toEqual(empty);
  });
});
