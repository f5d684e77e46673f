/** Answers to invokes: which HTTP response each kind of invoke gets for each kind of answer. */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { renderAnswer } from '../../../../bots/teams/render-answer.ts';
import type { Activity } from '../../../../src/kernel/activity.ts';
import type { JsonObject, JsonValue } from '../../../../src/kernel/canonical-json.ts';
import type { Answer, Form, Message, Reply } from '../../../../src/kernel/message.ts';
import { testActivity } from '../../../support/activity.ts';

interface CardLibrary {
  SerializationContext: new () => { eventCount: number; getEventAt(index: number): { message: string } };
  AdaptiveCard: new () => {
    hostConfig: { actions: { maxActions: number } };
    parse(json: unknown, context: unknown): void;
    validateProperties(): { validationEvents: { message: string }[] };
  };
}
// The package's ESM entry has imports without extensions, which Node refuses.
const library: CardLibrary = createRequire(import.meta.url)('adaptivecards/dist/adaptivecards.js');

/** What the reference implementation finds wrong with a card. */
function faultsOf(card: JsonValue): string[] {
  const context = new library.SerializationContext();
  const parsed = new library.AdaptiveCard();
  parsed.hostConfig.actions.maxActions = 6;
  parsed.parse(JSON.parse(JSON.stringify(card)), context);
  const faults = parsed.validateProperties().validationEvents.map((event) => event.message);
  for (let i = 0; i < context.eventCount; i++) faults.push(context.getEventAt(i).message);
  return faults;
}

/** Every object of this type, at any depth; fallbacks count, data do not. */
function ofType(json: JsonValue | undefined, type: string): JsonObject[] {
  if (Array.isArray(json)) return json.flatMap((entry) => ofType(entry, type));
  if (json === null || typeof json !== 'object') return [];
  const members = Object.entries(json).flatMap(([key, value]) => (key === 'data' ? [] : ofType(value, type)));
  return json.type === type ? [json, ...members] : members;
}

const message: Message = {
  title: '#1003 <b>Printer</b> & co. on fire',
  text: 'Smoke &lt; fire\nsince 9:40',
  facts: [{ label: 'Client', value: 'Northwind' }],
  buttons: [
    { kind: 'action', label: 'Assign to me', action: 'assign_ticket', input: { ticket: 1003 }, nonce: 'n-1' },
    { kind: 'form', label: 'Log time', action: 'log_time', input: { ticket: 1003 } },
  ],
};
const form: Form = {
  action: 'log_time',
  title: 'Log time on #1003',
  input: { ticket: 1003 },
  submitLabel: 'Log time',
  nonce: 'n-2',
  fields: [{ name: 'duration', label: 'Duration', kind: 'text', required: true }],
};
const refusal: Message = {
  title: 'You do not have the permission for that.',
  text: 'Ask an administrator.',
  tone: 'attention',
};

const answers = {
  card: { kind: 'card', message },
  done: { kind: 'done', message },
  preview: { kind: 'preview', message },
  form: { kind: 'form', form },
  results: { kind: 'results', results: [{ title: message.title, text: 'Northwind', message }] },
  none: { kind: 'none' },
  unsupported: { kind: 'unsupported' },
} satisfies Record<string, Answer>;

const dialogs = ['task/fetch', 'task/submit', 'composeExtension/fetchTask', 'composeExtension/submitAction'];
const composing = ['composeExtension/queryLink', 'composeExtension/selectItem'];
const invokes = [...dialogs, ...composing, 'composeExtension/query', 'adaptiveCard/action'];

function activity(invoke: string | undefined): Activity {
  return testActivity({
    platform: 'teams',
    replyBy: invoke === undefined ? 'message' : 'answer',
    ...(invoke === undefined ? {} : { invoke }),
    intent: { kind: 'ignored', reason: 'test' },
  });
}

function answerTo(invoke: string, answer: Answer) {
  return renderAnswer({ answer }, activity(invoke));
}

const card = { type: 'AdaptiveCard', version: '1.5' };
const adaptive = 'application/vnd.microsoft.card.adaptive';
const emptyList = { composeExtension: { type: 'result', attachmentLayout: 'list', attachments: [] } };

describe('any invoke', () => {
  const cases = invokes.flatMap((invoke) =>
    Object.entries(answers).map(([kind, answer]) => ({ invoke, kind, answer })),
  );

  it.each(cases)('$invoke: cards in the answer to $kind are valid', ({ invoke, answer }) => {
    for (const found of ofType(answerTo(invoke, answer).body, 'AdaptiveCard'))
      expect(faultsOf(found)).toEqual([]);
  });

  it.each(invokes)('%s: no answer is as good as nothing to show', (invoke) => {
    const empty: Reply = {};
    expect(renderAnswer(empty, activity(invoke))).toEqual(answerTo(invoke, answers.none));
  });

  it.each(invokes.filter((invoke) => invoke !== 'adaptiveCard/action'))(
    '%s: what is not understood gets 501',
    (invoke) => {
      expect(answerTo(invoke, answers.unsupported)).toEqual({ status: 501 });
    },
  );

  it.each([
    'composeExtension/anonymousQueryLink',
    'composeExtension/setting',
    'signin/verifyState',
    'fileConsent/invoke',
    'task/other',
    '',
  ])('%s has no answer, whatever there is to show', (invoke) => {
    for (const answer of Object.values(answers)) expect(answerTo(invoke, answer)).toEqual({ status: 501 });
  });

  it('messages are acknowledged with nothing', () => {
    for (const answer of Object.values(answers)) {
      expect(renderAnswer({ answer, message }, activity(undefined))).toEqual({ status: 200 });
    }
  });
});

describe('adaptiveCard/action', () => {
  const invoke = 'adaptiveCard/action';

  it.each(['card', 'done', 'preview'] as const)('%s replaces the card', (kind) => {
    const { status, body } = answerTo(invoke, answers[kind]);
    expect(status).toBe(200);
    expect(body).toMatchObject({ statusCode: 200, type: adaptive, value: card });
    expect(JSON.stringify(body)).toContain('Smoke');
    expect(ofType(body, 'Action.Execute')).toHaveLength(1);
  });

  it('a form takes the place of the card, and works there', () => {
    const { status, body } = answerTo(invoke, answers.form);
    expect(status).toBe(200);
    expect(body).toMatchObject({ statusCode: 200, type: adaptive, value: card });
    expect(ofType(body, 'Input.Text')).toMatchObject([{ id: 'duration' }]);
    expect(ofType(body, 'Action.Execute')).toHaveLength(1);
  });

  it.each(['none', 'results'] as const)('%s is acknowledged with words, which may not be empty', (kind) => {
    expect(answerTo(invoke, answers[kind])).toEqual({
      status: 200,
      body: { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: 'OK' },
    });
  });

  it('what is not understood is an error in the body', () => {
    expect(answerTo(invoke, answers.unsupported)).toEqual({
      status: 200,
      body: {
        statusCode: 400,
        type: 'application/vnd.microsoft.error',
        value: { code: 'BadRequest', message: expect.stringMatching(/./) },
      },
    });
  });
});

describe.each(dialogs)('%s', (invoke) => {
  it('opens a form as a dialog', () => {
    const { status, body } = answerTo(invoke, answers.form);
    expect(status).toBe(200);
    expect(body).toEqual({
      task: {
        type: 'continue',
        value: {
          title: 'Log time on #1003',
          height: 'medium',
          width: 'medium',
          card: { contentType: adaptive, content: expect.objectContaining(card) },
        },
      },
    });
    expect(ofType(body, 'Action.Submit')).toHaveLength(1);
  });

  it.each(['card', 'done', 'preview'] as const)(
    'shows %s in the dialog, with buttons that work there',
    (kind) => {
      const { status, body } = answerTo(invoke, answers[kind]);
      expect(status).toBe(200);
      expect(body).toMatchObject({ task: { type: 'continue', value: { title: message.title } } });
      expect(ofType(body, 'Action.Submit')).toHaveLength(2);
      expect(ofType(body, 'Action.Execute')).toEqual([]);
      expect(JSON.stringify(body)).not.toContain('task/fetch');
    },
  );

  it.each(['none', 'results'] as const)('closes the dialog for %s with an empty answer', (kind) => {
    expect(answerTo(invoke, answers[kind])).toEqual({ status: 200 });
  });

  it('cuts a long title, and cleans it', () => {
    const title = `${'💻'.repeat(31)}a\n\u0007${'💻'.repeat(9)}`;
    const { body } = answerTo(invoke, { kind: 'form', form: { ...form, title } });
    expect(body).toMatchObject({ task: { value: { title: `${'💻'.repeat(31)}a…` } } });
  });
});

describe('composeExtension/query', () => {
  const invoke = 'composeExtension/query';

  it('lists hits, each with its card and a preview', () => {
    expect(answerTo(invoke, answers.results)).toEqual({
      status: 200,
      body: {
        composeExtension: {
          type: 'result',
          attachmentLayout: 'list',
          attachments: [
            {
              contentType: adaptive,
              content: expect.objectContaining(card),
              preview: {
                contentType: 'application/vnd.microsoft.card.thumbnail',
                content: { title: '#1003 &lt;b>Printer&lt;/b> & co. on fire', text: 'Northwind' },
              },
            },
          ],
        },
      },
    });
  });

  it('cuts previews to what a list has room for, never inside an escape', () => {
    const long = { title: '<'.repeat(300), text: `a\n\u001b[1m${'x'.repeat(300)}`, message };
    const { body } = answerTo(invoke, { kind: 'results', results: [long, { ...long, title: ' ' }] });
    const texts = `a [1m${'x'.repeat(194)}…`;
    expect(body).toMatchObject({
      composeExtension: {
        attachments: [
          { preview: { content: { title: `${'&lt;'.repeat(199)}…`, text: texts } } },
          { preview: { content: { title: '…' } } },
        ],
      },
    });
  });

  it('without hits is an empty list', () => {
    expect(answerTo(invoke, { kind: 'results', results: [] })).toEqual({ status: 200, body: emptyList });
    expect(answerTo(invoke, answers.none)).toEqual({ status: 200, body: emptyList });
    expect(answerTo(invoke, answers.form)).toEqual({ status: 200, body: emptyList });
  });

  it.each(['card', 'done', 'preview'] as const)('tells %s in plain words, which nobody can send', (kind) => {
    expect(answerTo(invoke, { kind, message: refusal })).toEqual({
      status: 200,
      body: {
        composeExtension: {
          type: 'message',
          text: 'You do not have the permission for that.\nAsk an administrator.',
        },
      },
    });
  });
});

describe.each(composing)('%s', (invoke) => {
  it.each(['card', 'done', 'preview'] as const)('puts %s into the compose box, with a preview', (kind) => {
    expect(answerTo(invoke, answers[kind])).toMatchObject({
      status: 200,
      body: {
        composeExtension: {
          type: 'result',
          attachmentLayout: 'list',
          attachments: [
            {
              contentType: adaptive,
              content: card,
              preview: {
                contentType: 'application/vnd.microsoft.card.thumbnail',
                content: {
                  title: '#1003 &lt;b>Printer&lt;/b> & co. on fire',
                  text: 'Smoke &amp;lt; fire since 9:40',
                },
              },
            },
          ],
        },
      },
    });
  });

  it('puts no refusal there', () => {
    expect(answerTo(invoke, { kind: 'preview', message: refusal })).toEqual({ status: 200, body: emptyList });
  });

  it.each(['none', 'form', 'results'] as const)('puts nothing there for %s', (kind) => {
    expect(answerTo(invoke, answers[kind])).toEqual({ status: 200, body: emptyList });
  });
});
