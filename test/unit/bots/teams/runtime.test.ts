/** Sending through the simulated connector: addresses, tokens, and one request a send whatever goes wrong. */

import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTeamsRuntime } from '../../../../bots/teams/runtime.ts';
import type { Fault } from '../../../../bots/teams/simulator/index.ts';
import { channel, startTeamsSimulator, type TeamsSimulator } from '../../../../bots/teams/simulator/index.ts';
import type { ConversationReference } from '../../../../src/kernel/activity.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import { DeskbridgeError } from '../../../../src/kernel/errors.ts';
import type {
  BotRuntime,
  OutboundMessage,
  PlatformRegistration,
  SendOutcome,
} from '../../../../src/kernel/platform.ts';
import { testDirectory, testRegistration } from '../../../support/registration.ts';

const appId = '0c9a1f5e-7d1b-4a52-9d0e-5f0c7a3b2e11';
const organization = '8f1c2d3e-4b5a-4c6d-8e7f-9a0b1c2d3e4f';
const silent = { debug() {}, info() {}, warn() {}, error() {} };

let simulator: TeamsSimulator;
let runtime: BotRuntime;
let offsetMs: number;

beforeEach(async () => {
  offsetMs = 0;
  simulator = await startTeamsSimulator({
    botEndpoint: 'http://127.0.0.1:1/',
    organization,
    apps: [{ appId, clientSecret: 'right' }],
  });
  runtime = create();
});
afterEach(async () => {
  await runtime.close();
  await simulator.close();
});

function create(settings: Record<string, string | string[] | null> = {}): BotRuntime {
  return createTeamsRuntime({
    apps: testDirectory([]),
    clock: { now: () => new Date(Date.now() + offsetMs) },
    log: silent,
    settings: {
      openIdUrl: null,
      loginUrl: simulator.loginUrl,
      serviceHosts: [new URL(simulator.url).host],
      demoAppId: null,
      ...settings,
    },
  });
}

function registration(fields: Partial<PlatformRegistration> = {}): PlatformRegistration {
  return testRegistration({
    platform: 'teams',
    appId,
    organization,
    options: { app_type: 'single_tenant', cloud: 'public' },
    credentials: async () => ({ client_secret: 'right' }),
    ...fields,
  });
}

function reference(fields: Partial<ConversationReference> = {}): ConversationReference {
  const { conversation, person, serviceUrl } = simulator.scene();
  return {
    platformConversationId: conversation.id,
    type: 'personal',
    organization,
    platformUserId: person.aadObjectId,
    serviceUrl,
    botId: `28:${appId}`,
    channelId: null,
    threadId: null,
    locale: null,
    ...fields,
  };
}

function send(fields: Partial<OutboundMessage> = {}): Promise<SendOutcome> {
  return runtime.send({
    registration: registration(),
    reference: reference(),
    message: { title: 'Ticket #1001', text: 'Printer is broken' },
    replyToMessageId: null,
    updateMessageId: null,
    token: 'delivery-1',
    ...fields,
  });
}

function visible() {
  return simulator.oracle.visible(reference().platformConversationId);
}

describe('a message', () => {
  it('is posted, drawn as a card, with the platform id as the outcome', async () => {
    const outcome = await send();
    const [message, ...more] = visible();
    expect(more).toEqual([]);
    expect(outcome).toEqual({ result: 'sent', messageId: message?.id, requestId: expect.any(String) });
    expect(message).toMatchObject({ appId, replyToId: null, activity: { from: { id: `28:${appId}` } } });
    expect(JSON.stringify(message?.activity)).toContain('Printer is broken');
  });

  it('replies to the message that it answers', async () => {
    await send({ replyToMessageId: '1763630043105' });
    expect(visible()[0]).toMatchObject({
      replyToId: '1763630043105',
      activity: { replyToId: '1763630043105' },
    });
  });

  it('replaces one of ours in place', async () => {
    const first = await send();
    const updateMessageId = first.result === 'sent' ? first.messageId : null;
    expect(await send({ updateMessageId, message: { title: 'Done' } })).toMatchObject({
      result: 'sent',
      messageId: updateMessageId,
    });
    expect(visible()).toHaveLength(1);
    expect(visible()[0]?.history.map((event) => event.kind)).toEqual(['post', 'update']);
    expect(JSON.stringify(visible()[0]?.activity)).toContain('Done');
  });

  it('goes into the thread of a channel', async () => {
    const { conversation } = simulator.scene({ conversation: channel('ops', '17') });
    const fields = { platformConversationId: conversation.id, type: 'channel', threadId: '17' } as const;
    await send({ reference: reference(fields) });
    expect(simulator.oracle.visible(conversation.id)[0]?.threadId).toBe('17');
  });
});

function unknown(detail: string): SendOutcome {
  return { result: 'unknown', code: 'outcome_unknown', detail };
}

describe('one request a send, and an honest outcome', () => {
  it.each<[string, Fault, SendOutcome, number]>([
    ['500 before accepting', { kind: 'error_before' }, unknown('InternalServerError'), 0],
    ['500 after accepting', { kind: 'error_after' }, unknown('InternalServerError'), 1],
    ['a break before accepting', { kind: 'drop_before' }, unknown('ECONNRESET'), 0],
    ['a break after accepting', { kind: 'drop_after' }, unknown('ECONNRESET'), 1],
    [
      '429',
      { kind: 'refuse', status: 429, retryAfterSeconds: 2 },
      { result: 'rejected', code: 'throttled', retryable: true, retryAfterMs: 2000 },
      0,
    ],
    [
      '412',
      { kind: 'refuse', status: 412, code: 'PreconditionFailed' },
      { result: 'rejected', code: 'transient', retryable: true },
      0,
    ],
    [
      'a block by the person',
      { kind: 'refuse', status: 403, code: 'ConversationBlockedByUser' },
      {
        result: 'rejected',
        code: 'blocked_by_user',
        retryable: false,
        detail: 'ConversationBlockedByUser',
      },
      0,
    ],
  ])('after %s', async (_, fault, outcome, posts) => {
    simulator.faults.set('send', fault);
    expect(await send()).toMatchObject(outcome);
    expect(simulator.counts.send).toBe(1);
    expect(simulator.oracle.posts).toBe(posts);
  });

  it('when the answer takes longer than five seconds', async () => {
    simulator.faults.set('send', { kind: 'slow', ms: 8000 });
    const started = performance.now();
    expect(await send()).toEqual(unknown('ETIMEDOUT'));
    expect(performance.now() - started).toBeLessThan(6000);
    expect(simulator.oracle.posts).toBe(1);
  }, 10_000);

  it('when nobody listens: certainly not posted', async () => {
    runtime = create({ serviceHosts: ['127.0.0.1:1'] });
    const outcome = await send({ reference: reference({ serviceUrl: 'http://127.0.0.1:1/amer/' }) });
    expect(outcome).toEqual({
      result: 'rejected',
      code: 'transient',
      retryable: true,
      detail: 'ECONNREFUSED',
    });
  });

  it('when the connection breaks inside the answer', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{"id":');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const serviceUrl = `http://127.0.0.1:${port}/amer/`;
    const demo = registration({ demo: true });
    const outcome = await send({ registration: demo, reference: reference({ serviceUrl }) });
    expect(outcome).toEqual(unknown('ECONNRESET'));
    server.close();
  });

  it('when the far side speaks no TLS: certainly not posted', async () => {
    const serviceUrl = simulator.serviceUrl.replace('http:', 'https:');
    const outcome = await send({ reference: reference({ serviceUrl }) });
    expect(outcome).toMatchObject({ result: 'rejected', code: 'transient', retryable: true });
    expect(simulator.oracle.posts).toBe(0);
  });

  it('when the conversation is gone', async () => {
    const outcome = await send({ reference: reference({ platformConversationId: 'a:1gone' }) });
    expect(outcome).toEqual({
      result: 'rejected',
      code: 'not_found',
      retryable: false,
      referenceGone: true,
      detail: 'ConversationNotFound',
      requestId: expect.any(String),
    });
  });

  it('and redirects are not followed', async () => {
    simulator.faults.set('send', { kind: 'refuse', status: 307 });
    expect(await send()).toMatchObject({ result: 'rejected', retryable: false });
    expect(simulator.counts.send).toBe(1);
  });
});

describe('the token', () => {
  it('is asked for once, however many send at once, and again before it expires', async () => {
    await Promise.all(Array.from({ length: 20 }, () => send()));
    expect(simulator.counts).toMatchObject({ token: 1, send: 20 });
    offsetMs = 54 * 60_000;
    await send();
    expect(simulator.counts.token).toBe(1);
    offsetMs = 56 * 60_000;
    await send();
    expect(simulator.counts.token).toBe(2);
  });

  it('belongs to one registration', async () => {
    await send();
    const wrong = registration({
      registrationId: 'registration-2',
      credentials: async () => ({ client_secret: 'wrong' }),
    });
    const outcome = await send({ registration: wrong });
    expect(outcome).toEqual({ result: 'rejected', code: 'unauthorized', retryable: false });
    expect(simulator.counts.send).toBe(1);
  });

  it.each<[string, Fault, SendOutcome]>([
    ['500', { kind: 'error_before' }, { result: 'rejected', code: 'server_error', retryable: true }],
    ['a break', { kind: 'drop_after' }, { result: 'rejected', code: 'transient', retryable: true }],
    [
      '429',
      { kind: 'refuse', status: 429, retryAfterSeconds: 1 },
      { result: 'rejected', code: 'throttled', retryable: true, retryAfterMs: 1000 },
    ],
  ])('that cannot be had (%s) leaves nothing posted', async (_, fault, outcome) => {
    simulator.faults.set('token', fault, 1);
    expect(await send()).toEqual(outcome);
    expect(simulator.counts.send).toBe(0);
    expect(await send()).toMatchObject({ result: 'sent' });
  });

  it('that was withdrawn is replaced at the next try', async () => {
    await send();
    simulator.identity.revokeTokens();
    expect(await send()).toEqual({ result: 'rejected', code: 'unauthorized', retryable: true });
    expect(await send()).toMatchObject({ result: 'sent' });
  });

  it.each<[JsonObject, string, string]>([
    [{ app_type: 'single_tenant', cloud: 'public' }, organization, 'https://api.botframework.com/.default'],
    [
      { app_type: 'multi_tenant', cloud: 'public' },
      'botframework.com',
      'https://api.botframework.com/.default',
    ],
    [{ app_type: 'single_tenant', cloud: 'dod' }, organization, 'https://api.botframework.us/.default'],
    [
      { app_type: 'multi_tenant', cloud: 'gcch' },
      'MicrosoftServices.onmicrosoft.us',
      'https://api.botframework.us/.default',
    ],
  ])('of %o comes from %s', async (options, authority, scope) => {
    expect(await send({ registration: registration({ options }) })).toMatchObject({ result: 'sent' });
    expect(simulator.identity.lastTokenRequest).toEqual({ authority, scope });
  });

  it('is not asked for when the credentials cannot be opened', async () => {
    const credentials = async () => {
      throw new DeskbridgeError('registration_misconfigured');
    };
    const misconfigured = { result: 'rejected', code: 'registration_misconfigured', retryable: false };
    expect(await send({ registration: registration({ credentials }) })).toEqual(misconfigured);
    const other = async () => ({ client_id: 'x' });
    expect(await send({ registration: registration({ credentials: other }) })).toEqual(misconfigured);
    expect(simulator.counts).toMatchObject({ token: 0, send: 0 });
  });
});

describe('where it goes', () => {
  const misconfigured = { result: 'rejected', code: 'registration_misconfigured', retryable: false };

  it.each([
    'https://evil.trafficmanager.net/amer/',
    'https://smba.trafficmanager.net.evil.example/',
    'http://smba.trafficmanager.net/amer/',
    'http://127.0.0.1:2/amer/',
    'http://user:pass@127.0.0.1/',
    'file:///etc/passwd',
    'no url',
  ])('is not %s: no token is asked for, nothing is sent', async (serviceUrl) => {
    expect(await send({ reference: reference({ serviceUrl }) })).toEqual(misconfigured);
    expect(simulator.counts).toMatchObject({ token: 0, send: 0 });
  });

  it('is a known place: a reference without one is refused', async () => {
    expect(await send({ reference: reference({ serviceUrl: null }) })).toEqual(misconfigured);
  });
});

describe('a registration of the demo', () => {
  async function restartWithoutTokens(): Promise<void> {
    await simulator.close();
    simulator = await startTeamsSimulator({
      botEndpoint: 'http://127.0.0.1:1/',
      organization,
      apps: [{ appId, clientSecret: null }],
    });
    runtime = create({ serviceHosts: [] });
  }

  it('speaks to loopback without a token, listed or not', async () => {
    await restartWithoutTokens();
    expect(await send({ registration: registration({ demo: true }) })).toMatchObject({ result: 'sent' });
    expect(visible()[0]?.appId).toBeNull();
    expect(simulator.counts.token).toBe(0);
  });

  it('does not know the outcome when its very first connection breaks', async () => {
    await restartWithoutTokens();
    simulator.faults.set('send', { kind: 'drop_after' });
    const outcome = await send({ registration: registration({ demo: true }) });
    expect(outcome).toEqual(unknown('ECONNRESET'));
  });

  it('speaks to nobody else', async () => {
    const outcome = await send({
      registration: registration({ demo: true }),
      reference: reference({ serviceUrl: 'https://smba.trafficmanager.net/amer/' }),
    });
    expect(outcome).toEqual({ result: 'rejected', code: 'registration_misconfigured', retryable: false });
  });
});
