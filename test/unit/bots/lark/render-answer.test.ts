/** Answers to card callbacks: which get a card, which a toast, and which nothing. */
import { describe, expect, it } from 'vitest';
import { cardFaults } from '../../../../bots/lark/card-limits.ts';
import { renderAnswer } from '../../../../bots/lark/render-answer.ts';
import type { Activity, ConversationType } from '../../../../src/kernel/activity.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type { Answer, Message } from '../../../../src/kernel/message.ts';
import { testActivity, testReference } from '../../../support/activity.ts';
import { form } from '../../../support/cards.ts';

const message: Message = {
  title: '#1003 Printer on fire',
  text: 'Assigned to you.',
  buttons: [{ kind: 'form', label: 'Log time', action: 'log_time', input: { ticket: 1003 } }],
};

function activity(fields: Partial<Activity> = {}, type: ConversationType = 'personal'): Activity {
  return testActivity({
    platform: 'lark',
    appId: 'cli_1',
    reference: testReference({ platformConversationId: 'oc_1', type, organization: 'o' }),
    cardMessageId: 'om_1',
    replyBy: 'answer',
    deliveredOnce: true,
    invoke: 'card.action.trigger',
    intent: { kind: 'press', action: 'assign_ticket', input: {}, nonce: 'n' },
    ...fields,
  });
}

function answerTo(answer: Answer, asked = activity()): JsonObject {
  const { status, body } = renderAnswer({ answer }, asked);
  expect(status).toBe(200);
  return JSON.parse(JSON.stringify(body));
}

const cardIn = (body: JsonObject) => (body.card as JsonObject).data as JsonObject;

describe('a card callback', () => {
  it.each(['card', 'done'] as const)('gets %s in place of the card', (kind) => {
    const body = answerTo({ kind, message });
    expect(body).toMatchObject({ card: { type: 'raw', data: { schema: '2.0' } } });
    expect(body.toast).toBeUndefined();
    expect(cardFaults(cardIn(body))).toEqual([]);
    expect(JSON.stringify(body)).toContain('Assigned to you.');
  });

  it.each([
    ['personal', 'p2p'],
    ['group', 'group'],
    ['channel', 'group'],
  ] as const)('in a %s conversation gets buttons that say so', (type, chat) => {
    const body = answerTo({ kind: 'card', message }, activity({}, type));
    expect(JSON.stringify(body)).toContain(`"chat":"${chat}"`);
  });

  it.each([
    ['good', { type: 'success', content: '#1003 Printer on fire' }],
    ['attention', { type: 'error', content: '#1003 Printer on fire — Assigned to you.' }],
    ['warning', undefined],
    ['neutral', undefined],
  ] as const)('is told at once of tone %s', (tone, toast) => {
    const body = answerTo({ kind: 'done', message: { ...message, tone } });
    expect(body.toast).toEqual(toast);
    expect(body.card).toBeDefined();
  });

  it('gets a refusal as a toast, and keeps its card', () => {
    const failed: Message = { title: 'Nothing was done.', text: 'Try\nagain.\u0007', tone: 'attention' };
    expect(answerTo({ kind: 'failed', message: failed })).toEqual({
      toast: { type: 'error', content: 'Nothing was done. — Try again.' },
    });
  });

  it('gets toasts of one short line', () => {
    const body = answerTo({ kind: 'failed', message: { title: '題'.repeat(5000), text: 'x'.repeat(5000) } });
    expect(String((body.toast as JsonObject).content)).toHaveLength(200);
  });

  it('gets a form with its faults in the form’s place', () => {
    const submitted = activity({
      intent: { kind: 'submit_form', action: 'log_time', input: {}, nonce: 'n', surface: 'quick_action' },
    });
    const body = answerTo({ kind: 'form', form }, submitted);
    const card = cardIn(body);
    expect(cardFaults(card)).toEqual([]);
    expect(card).toMatchObject({ header: { title: { content: 'Log time on #1003' } } });
    expect(JSON.stringify(card)).toContain('Write it like 1h 30m.');
    expect(body.toast).toBeUndefined();
  });

  const silent: Answer[] = [{ kind: 'none' }, { kind: 'unsupported' }, { kind: 'results', results: [] }];

  it.each(silent)('is left as it is by $kind', (answer) => {
    expect(answerTo(answer)).toEqual({});
  });

  it('without an answer is left as it is', () => {
    expect(renderAnswer({ message }, activity())).toEqual({ status: 200, body: {} });
  });
});

describe('an event', () => {
  it('is acknowledged with an empty object, whatever there is to say', () => {
    const event = activity({ replyBy: 'message' });
    expect(renderAnswer({ message }, event)).toEqual({ status: 200, body: {} });
    expect(renderAnswer({ answer: { kind: 'card', message } }, event)).toEqual({ status: 200, body: {} });
  });
});
