/** Speaking to Slack through a Web API on loopback: addresses, tokens, modals, and one request a send. */
import type { View } from '@slack/types';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultsOfView } from '../../../../bots/slack/block-limits.ts';
import { createSlackRuntime } from '../../../../bots/slack/runtime.ts';
import type { Activity, ConversationReference } from '../../../../src/kernel/activity.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import type { Answer } from '../../../../src/kernel/message.ts';
import type {
  BotRuntime,
  OutboundMessage,
  PlatformEnvironment,
  PlatformRegistration,
  SendOutcome,
} from '../../../../src/kernel/platform.ts';
import { testReference } from '../../../support/activity.ts';
import { form } from '../../../support/cards.ts';
import { testDirectory, testRegistration } from '../../../support/registration.ts';
import { type ApiAnswer, type ApiServer, startApiServer } from './api-server.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const misconfigured = { result: 'rejected', code: 'registration_misconfigured', retryable: false };
const message = { title: 'Ticket #1001', text: 'Printer is broken' };

let api: ApiServer;
let runtime: BotRuntime;

beforeEach(async () => {
  api = await startApiServer();
  runtime = create();
});
afterEach(async () => {
  await runtime.close();
  await api.close();
});

function create(settings: PlatformEnvironment['settings'] = {}): BotRuntime {
  return createSlackRuntime({
    apps: testDirectory([]),
    clock: { now: () => new Date() },
    log: silent,
    settings: { apiUrl: api.url, demoApiUrl: null, ...settings },
  });
}

function registration(fields: Partial<PlatformRegistration> = {}): PlatformRegistration {
  const credentials = async () => ({ signing_secret: 's', bot_token: 'xoxb-1' });
  return testRegistration({
    platform: 'slack',
    appId: 'A0DESK00001',
    organization: 'T0ACME',
    credentials,
    ...fields,
  });
}

function reference(fields: Partial<ConversationReference> = {}): ConversationReference {
  return testReference({
    platformConversationId: 'C0DESK',
    type: 'channel',
    organization: 'T0ACME',
    channelId: 'C0DESK',
    ...fields,
  });
}

const personal = { platformConversationId: 'U0ANN', type: 'personal', platformUserId: 'U0ANN' } as const;

function send(fields: Partial<OutboundMessage> = {}): Promise<SendOutcome> {
  return runtime.send({
    registration: registration(),
    reference: reference(),
    message,
    replyToMessageId: null,
    updateMessageId: null,
    token: 'delivery-1',
    ...fields,
  });
}

function activity(fields: Partial<Activity> = {}): Activity {
  return {
    platform: 'slack',
    appId: 'A0DESK00001',
    organization: 'T0ACME',
    eventKeys: ['k'],
    reference: reference(),
    person: { platformUserId: 'U0ANN', name: null },
    messageId: null,
    cardMessageId: null,
    replyBy: 'answer',
    answerHandle: 'trigger-1',
    intent: { kind: 'home' },
    ...fields,
  };
}

function show(
  answer: Answer,
  fields: Partial<Activity> = {},
  of = registration(),
): Promise<SendOutcome> | undefined {
  return runtime.show?.({ registration: of, activity: activity(fields), answer });
}

const status =
  (code: number, body = '', headers: Record<string, string> = {}): ApiAnswer =>
  (response) =>
    response.writeHead(code, headers).end(body);

const responseUrl = () => new URL('/response/1', api.url).href;

describe('a message', () => {
  it('is posted with our token, its blocks and a text, and nothing of it unfolds', async () => {
    expect(await send()).toEqual({ result: 'sent', messageId: '1763630043.000200' });
    const [request, ...more] = api.requests;
    expect(more).toEqual([]);
    expect(request).toMatchObject({
      method: 'chat.postMessage',
      headers: { authorization: 'Bearer xoxb-1', 'content-type': 'application/json; charset=utf-8' },
      body: {
        channel: 'C0DESK',
        text: 'Ticket #1001\nPrinter is broken',
        metadata: { event_type: 'deskbridge_message', event_payload: { token: 'delivery-1' } },
        unfurl_links: false,
        unfurl_media: false,
      },
    });
    expect(request?.body).not.toHaveProperty('thread_ts');
    expect(request?.body.blocks).toHaveLength(2);
  });

  it.each<[string, Partial<ConversationReference>, string | null, string | undefined]>([
    ['of the conversation', { threadId: '17.1' }, '17.2', '17.1'],
    ['under the message in a channel', {}, '17.2', '17.2'],
    ['nowhere in a direct message', personal, '17.2', undefined],
  ])('goes into the thread %s', async (_, fields, replyToMessageId, thread) => {
    await send({ reference: reference(fields), replyToMessageId });
    expect(api.requests[0]?.body.thread_ts).toBe(thread);
  });

  it('replaces one of ours in place', async () => {
    expect(await send({ updateMessageId: '17.9' })).toMatchObject({ result: 'sent' });
    expect(api.requests[0]).toMatchObject({
      method: 'chat.update',
      body: { channel: 'C0DESK', ts: '17.9', parse: 'none' },
    });
  });
});

describe('a response URL', () => {
  it('takes a message for the person alone, or another version of the one it came from', async () => {
    expect(await send({ responseUrl: responseUrl() })).toEqual({ result: 'sent', messageId: null });
    const replaced = await send({ responseUrl: responseUrl(), updateMessageId: '17.9' });
    expect(replaced).toEqual({ result: 'sent', messageId: '17.9' });
    expect(api.requests.map(({ method }) => method)).toEqual(['/response/1', '/response/1']);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(api.requests[0]?.body).toMatchObject({ response_type: 'ephemeral', replace_original: false });
    expect(api.requests[1]?.body).toMatchObject({ replace_original: true });
    expect(api.requests[1]?.body).not.toHaveProperty('response_type');
  });

  it.each([
    'https://evil.example/x',
    'http://hooks.slack.com/x',
    'https://hooks.slack.com/x',
    'http://127.0.0.1:1/',
    'no url',
  ])('of %s is not called', async (url) => {
    await send({ responseUrl: url });
    expect(api.requests.map(({ method }) => method)).toEqual(['chat.postMessage']);
  });

  it('that is used up leaves the message to the next try', async () => {
    api.answers['/response/1'] = status(404, 'used_url');
    const outcome = await send({ responseUrl: responseUrl() });
    expect(outcome).toEqual({ result: 'rejected', code: 'not_found', retryable: true });
    expect(api.requests).toHaveLength(1);
  });
});

describe('one request a send, and an honest outcome', () => {
  const unknown = { result: 'unknown', code: 'outcome_unknown' };

  it.each<[string, ApiAnswer, object]>([
    ['500', status(500), unknown],
    ['a break', (response) => void response.destroy(), unknown],
    ['no JSON', status(200, '<html>'), unknown],
    [
      'a part of the answer',
      (response) =>
        void response.writeHead(200, { 'content-length': 99 }).write('{', () => response.destroy()),
      unknown,
    ],
    ['fatal_error', { ok: false, error: 'fatal_error' }, unknown],
    [
      'a redirect',
      status(302, '', { location: '/elsewhere' }),
      { result: 'rejected', code: 'unknown', retryable: false },
    ],
    [
      '429',
      status(429, '{"ok":false,"error":"ratelimited"}', { 'retry-after': '3' }),
      { result: 'rejected', code: 'throttled', retryable: true, retryAfterMs: 3000 },
    ],
    [
      'channel_not_found',
      { ok: false, error: 'channel_not_found' },
      { result: 'rejected', code: 'not_found', retryable: false, referenceGone: true },
    ],
  ])('after %s', async (_, answer, outcome) => {
    api.answers['chat.postMessage'] = answer;
    expect(await send()).toEqual(outcome);
    expect(api.requests).toHaveLength(1);
  });

  it('when the answer takes longer than five seconds', async () => {
    api.answers['chat.postMessage'] = () => {};
    const started = performance.now();
    expect(await send()).toEqual(unknown);
    expect(performance.now() - started).toBeLessThan(6000);
  }, 10_000);

  it('when nobody listens: certainly not posted', async () => {
    runtime = create({ apiUrl: 'http://127.0.0.1:1/api/' });
    expect(await send()).toEqual({ result: 'rejected', code: 'transient', retryable: true });
  });
});

describe('the token', () => {
  it('is needed, and readable', async () => {
    const none = registration({ credentials: async () => ({ signing_secret: 's' }) });
    expect(await send({ registration: none })).toEqual(misconfigured);
    const { DeskbridgeError } = await import('../../../../src/kernel/errors.ts');
    const broken = async (): Promise<JsonObject> => {
      throw new DeskbridgeError('registration_misconfigured');
    };
    expect(await send({ registration: { ...none, credentials: broken } })).toEqual(misconfigured);
    const offline = async (): Promise<JsonObject> => {
      throw new Error('no database');
    };
    expect(await send({ registration: { ...none, credentials: offline } })).toEqual({
      result: 'rejected',
      code: 'transient',
      retryable: true,
    });
    expect(api.requests).toEqual([]);
  });

  it('that is refused for good is not tried again', async () => {
    api.answers['*'] = { ok: false, error: 'invalid_auth' };
    const outcome = { result: 'rejected', code: 'unauthorized', retryable: false };
    expect(await send()).toEqual(outcome);
    expect(api.requests.map(({ method }) => method)).toEqual(['chat.postMessage']);
  });
});

describe('a registration of the demo', () => {
  const demo = () => registration({ demo: true, credentials: async () => ({}) });

  it('speaks to this machine, without a token where it has none', async () => {
    runtime = create({ apiUrl: null, demoApiUrl: api.url });
    expect(await send({ registration: demo() })).toMatchObject({ result: 'sent' });
    expect(api.requests[0]?.headers.authorization).toBeUndefined();
    expect(await send({ registration: demo(), responseUrl: responseUrl() })).toMatchObject({
      result: 'sent',
    });
    expect(api.requests[1]?.method).toBe('/response/1');
  });

  it.each([{ apiUrl: null }, { apiUrl: null, demoApiUrl: 'https://slack.com/api/' }])(
    'speaks to nobody else: %o',
    async (settings) => {
      runtime = create(settings);
      const of = { registration: demo(), responseUrl: 'https://hooks.slack.com/x' };
      expect(await send(of)).toEqual(misconfigured);
      expect(await show({ kind: 'form', form }, {}, demo())).toEqual(misconfigured);
    },
  );
});

describe('shown by a call', () => {
  it('is a form, which remembers where it was opened', async () => {
    expect(await show({ kind: 'form', form })).toMatchObject({ result: 'sent' });
    const [request] = api.requests;
    expect(request).toMatchObject({
      method: 'views.open',
      body: { trigger_id: 'trigger-1', view: { type: 'modal', callback_id: 'deskbridge' } },
    });
    const view = request?.body.view as unknown as View & { private_metadata: string };
    expect(faultsOfView(view)).toEqual([]);
    expect(JSON.parse(view.private_metadata)).toMatchObject({ channel: 'C0DESK', type: 'channel' });
  });

  it('is the page of the person', async () => {
    expect(await show({ kind: 'home', sections: [message] })).toMatchObject({ result: 'sent' });
    expect(api.requests[0]).toMatchObject({
      method: 'views.publish',
      body: { user_id: 'U0ANN', view: { type: 'home' } },
    });
  });

  it('is a refusal, to the person alone', async () => {
    await show({ kind: 'failed', message }, { responseUrl: responseUrl() });
    expect(api.requests[0]).toMatchObject({ method: '/response/1', body: { response_type: 'ephemeral' } });
    await show({ kind: 'done', message });
    expect(api.requests[1]).toMatchObject({ method: 'chat.postMessage', body: { channel: 'U0ANN' } });
    expect(api.requests[1]?.body).not.toHaveProperty('metadata');
    api.answers['/response/1'] = status(404, 'expired_url');
    await show({ kind: 'card', message }, { responseUrl: responseUrl() });
    expect(api.requests.map(({ method }) => method).slice(2)).toEqual(['/response/1', 'chat.postMessage']);
    // It may have been shown: saying it twice would be worse.
    api.answers['/response/1'] = status(500);
    await show({ kind: 'card', message }, { responseUrl: responseUrl() });
    expect(api.requests).toHaveLength(5);
  });

  it('is nothing where there is nothing, or no way', async () => {
    expect(await show({ kind: 'none' })).toEqual({ result: 'sent', messageId: null });
    const { answerHandle: _, ...without } = activity();
    expect(
      await runtime.show?.({
        registration: registration(),
        activity: without,
        answer: { kind: 'form', form },
      }),
    ).toEqual({ result: 'rejected', code: 'not_found', retryable: false });
    expect(await show({ kind: 'home', sections: [] }, { person: null })).toMatchObject({
      result: 'rejected',
    });
    expect(api.requests).toEqual([]);
  });
});
