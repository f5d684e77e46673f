/** Sending over a loopback Open API: addresses, tokens, and an honest outcome whatever goes wrong. */
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLarkRuntime } from '../../../../bots/lark/runtime.ts';
import type { ConversationReference } from '../../../../src/kernel/activity.ts';
import type { JsonObject } from '../../../../src/kernel/canonical-json.ts';
import { DeskbridgeError } from '../../../../src/kernel/errors.ts';
import type {
  BotRuntime,
  OutboundMessage,
  PlatformRegistration,
  SendOutcome,
} from '../../../../src/kernel/platform.ts';
import { testReference } from '../../../support/activity.ts';
import { testDirectory, testRegistration } from '../../../support/registration.ts';
import { type OpenApiServer, startOpenApi, type Told } from './open-api-server.ts';

const token = 'a0d69e20-1dd1-458b-8525-dfeca4015204';
const misconfigured = { result: 'rejected', code: 'registration_misconfigured', retryable: false };
const unknown = { result: 'unknown', code: 'outcome_unknown' };

let server: OpenApiServer;
let runtime: BotRuntime;
let offsetMs: number;
let logged: unknown[];

beforeEach(async () => {
  offsetMs = 0;
  logged = [];
  server = await startOpenApi();
  runtime = create({ apiUrl: server.url });
});
afterEach(async () => {
  await runtime.close();
  await server.close();
});

function create(settings: Record<string, string | null>): BotRuntime {
  const note = (...entry: unknown[]) => logged.push(entry);
  return createLarkRuntime({
    apps: testDirectory([]),
    clock: { now: () => new Date(Date.now() + offsetMs) },
    log: { debug: note, info: note, warn: note, error: note },
    settings,
  });
}

function registration(fields: Partial<PlatformRegistration> = {}): PlatformRegistration {
  return testRegistration({
    platform: 'lark',
    appId: 'cli_desk',
    organization: '736588c9260f175e',
    options: { app_type: 'custom', domain: 'lark' },
    credentials: async () => ({ app_secret: 'right', encrypt_key: 'k', verification_token: 'v' }),
    ...fields,
  });
}

function reference(fields: Partial<ConversationReference> = {}): ConversationReference {
  return testReference({
    platformConversationId: 'oc_desk',
    type: 'group',
    organization: '736588c9260f175e',
    ...fields,
  });
}

const acme = registration();

/** The outcome without what is said for people alone. */
async function send(fields: Partial<OutboundMessage> = {}): Promise<object> {
  const { detail: _, ...outcome }: SendOutcome & { detail?: string } = await runtime.send({
    registration: acme,
    reference: reference(),
    message: { title: 'Ticket #1001', text: 'Printer is broken' },
    replyToMessageId: null,
    updateMessageId: null,
    token,
    ...fields,
  });
  return outcome;
}

/** Requests besides those for tokens. */
const sends = () => server.asked.filter(({ line }) => !line.includes('/auth/'));
const tokenRequests = () => server.asked.filter(({ line }) => line.includes('/auth/'));
const coded = (code: number, status = 400): Told => ({ status, body: { code, msg: 'no' } });

describe('a message', () => {
  it('is posted as a card with the token as uuid, by the app’s own token', async () => {
    const fresh = registration({ registrationId: 'r-post' });
    expect(await send({ registration: fresh })).toEqual({ result: 'sent', messageId: 'om_1' });
    const [asked, posted] = server.asked;
    expect(asked).toMatchObject({
      line: 'POST /open-apis/auth/v3/tenant_access_token/internal',
      body: { app_id: 'cli_desk', app_secret: 'right' },
    });
    expect(posted).toMatchObject({
      line: 'POST /open-apis/im/v1/messages?receive_id_type=chat_id',
      body: { receive_id: 'oc_desk', msg_type: 'interactive', uuid: token },
      headers: { authorization: 'Bearer t-1', 'content-type': 'application/json; charset=utf-8' },
    });
    expect(JSON.parse(String(posted?.body.content))).toMatchObject({ schema: '2.0' });
  });

  it.each([
    ['ou_ann', 'open_id'],
    ['on_ann', 'union_id'],
    ['ann@acme.test', 'email'],
  ])('goes to %s by %s', async (address, type) => {
    await send({ reference: reference({ platformConversationId: address, type: 'personal' }) });
    expect(sends()[0]).toMatchObject({
      line: `POST /open-apis/im/v1/messages?receive_id_type=${type}`,
      body: { receive_id: address },
    });
  });

  it('goes nowhere without an address of a known form', async () => {
    const outcome = await send({ reference: reference({ platformConversationId: 'C0DESK' }) });
    expect(outcome).toEqual({ result: 'rejected', code: 'not_found', retryable: false });
    expect(server.asked).toEqual([]);
  });

  it.each([
    [null, undefined],
    ['omt_1', true],
  ])('replies, in the topic %s: %s', async (threadId, inThread) => {
    const replying = { reference: reference({ threadId }), replyToMessageId: 'om_asked' };
    expect(await send(replying)).toEqual({ result: 'sent', messageId: 'om_1' });
    const [reply, ...more] = sends();
    expect(more).toEqual([]);
    expect(reply).toMatchObject({
      line: 'POST /open-apis/im/v1/messages/om_asked/reply',
      body: { uuid: token },
    });
    expect(reply?.body.reply_in_thread).toBe(inThread);
  });

  it('replaces one of ours in place', async () => {
    server.tell('PATCH', { body: { code: 0, msg: 'ok', data: {} } });
    expect(await send({ updateMessageId: 'om_ours', replyToMessageId: 'om_asked' })).toEqual({
      result: 'sent',
      messageId: 'om_ours',
    });
    expect(sends()[0]?.line).toBe('PATCH /open-apis/im/v1/messages/om_ours');
    expect(Object.keys(sends()[0]?.body ?? {})).toEqual(['content']);
  });

  it.each(['../../../contact/v3/users', 'om_1?x=1', 'om_1/reply', ''])(
    'never updates what is no message: %s',
    async (updateMessageId) => {
      expect(await send({ updateMessageId })).toMatchObject({ result: 'rejected', code: 'not_found' });
      expect(server.asked).toEqual([]);
    },
  );

  it('whose answer repeats 30 kB of content is sent all the same', async () => {
    const content = '"'.repeat(120_000);
    server.tell('/messages', { body: { code: 0, data: { message_id: 'om_big', body: { content } } } });
    expect(await send()).toEqual({ result: 'sent', messageId: 'om_big' });
  });

  it.each([230011, 230110, 230050])(
    'is posted by itself when what it replies to is gone (%i)',
    async (code) => {
      server.tell('/reply', coded(code));
      expect(await send({ replyToMessageId: 'om_asked' })).toEqual({ result: 'sent', messageId: 'om_1' });
      expect(sends().map(({ line, body }) => [line, body.uuid])).toEqual([
        ['POST /open-apis/im/v1/messages/om_asked/reply', token],
        ['POST /open-apis/im/v1/messages?receive_id_type=chat_id', token],
      ]);
    },
  );

  it('is not posted again when the reply may have been accepted', async () => {
    server.tell('/reply', coded(230011, 500));
    expect(await send({ replyToMessageId: 'om_asked' })).toEqual(unknown);
    expect(sends()).toHaveLength(1);
  });
});

describe('one request a send, and an honest outcome', () => {
  it.each<[string, Told, SendOutcome]>([
    ['500', { status: 500 }, { result: 'unknown', code: 'outcome_unknown' }],
    ['a break', { broken: true }, { result: 'unknown', code: 'outcome_unknown' }],
    ['a page of something in between', { body: '<html>' }, { result: 'unknown', code: 'outcome_unknown' }],
    [
      'a throttle',
      { ...coded(99991400), headers: { 'x-ogw-ratelimit-reset': '2' } },
      { result: 'rejected', code: 'throttled', retryable: true, retryAfterMs: 2000 },
    ],
    [
      'its removal from the group',
      coded(230002),
      { result: 'rejected', code: 'not_in_conversation', retryable: false, referenceGone: true },
    ],
    ['a redirect', { status: 307 }, { result: 'rejected', code: 'unknown', retryable: false }],
  ])('after %s', async (_, told, outcome) => {
    server.tell('/messages', told);
    expect(await send()).toEqual(outcome);
    expect(sends()).toHaveLength(1);
    expect(JSON.stringify(logged)).not.toContain('Printer');
  });

  it('when the answer takes longer than five seconds', async () => {
    server.tell('/messages', { after: 8000 });
    const started = performance.now();
    expect(await send()).toEqual(unknown);
    expect(performance.now() - started).toBeLessThan(6000);
  }, 10_000);

  it('when nobody listens: certainly not posted', async () => {
    await send();
    runtime = create({ apiUrl: 'http://127.0.0.1:1' });
    expect(await send()).toEqual({ result: 'rejected', code: 'transient', retryable: true });
  });

  it('when the connection breaks inside the answer', async () => {
    await send();
    const broken = createServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"code":'));
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    runtime = create({ apiUrl: `http://127.0.0.1:${(broken.address() as AddressInfo).port}` });
    expect(await send()).toEqual(unknown);
    broken.close();
  });
});

describe('the token of a custom app', () => {
  it('is asked for once, however many send at once, and again before it expires', async () => {
    const fresh = registration();
    await Promise.all(Array.from({ length: 20 }, () => send({ registration: fresh })));
    expect([tokenRequests().length, sends().length]).toEqual([1, 20]);
    offsetMs = 116 * 60_000;
    await send({ registration: fresh });
    expect(tokenRequests()).toHaveLength(1);
    offsetMs = 118 * 60_000;
    await send({ registration: fresh });
    expect(tokenRequests()).toHaveLength(2);
    expect(sends().at(-1)?.headers.authorization).toBe('Bearer t-2');
  });

  it('is kept with the credentials, for other processes and the next start', async () => {
    const fresh = registration();
    await send({ registration: fresh });
    expect(await fresh.credentials()).toMatchObject({
      app_secret: 'right',
      tenant_access_token: 't-1',
      tenant_access_token_expires_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    runtime = create({ apiUrl: server.url });
    await send({ registration: fresh });
    expect(tokenRequests()).toHaveLength(1);
    expect(sends().at(-1)?.headers.authorization).toBe('Bearer t-1');
  });

  it('is not renewed by two processes at once', async () => {
    const fresh = registration();
    const { credentials } = fresh;
    // What this process read is out of date by the time it has the lock.
    const stale = { ...fresh, credentials: async () => ({ app_secret: 'right' }) };
    await fresh.updateCredentials(async (current) => ({
      credentials: {
        ...current,
        tenant_access_token: 't-others',
        tenant_access_token_expires_at: new Date(Date.now() + 7_000_000).toISOString(),
      },
      renewAt: null,
    }));
    expect(await send({ registration: stale })).toMatchObject({ result: 'sent' });
    expect(tokenRequests()).toEqual([]);
    expect(sends()[0]?.headers.authorization).toBe('Bearer t-others');
    expect(await credentials()).toMatchObject({ tenant_access_token: 't-others' });
  });

  it('belongs to one registration', async () => {
    await send({ registration: registration({ registrationId: 'a' }) });
    await send({ registration: registration({ registrationId: 'b' }) });
    expect(sends().map(({ headers }) => headers.authorization)).toEqual(['Bearer t-1', 'Bearer t-2']);
  });

  it('that was withdrawn is replaced within the same send, once', async () => {
    const fresh = registration();
    await send({ registration: fresh });
    server.tell('/messages', coded(99991663), { body: { code: 0, data: { message_id: 'om_2' } } });
    expect(await send({ registration: fresh })).toEqual({ result: 'sent', messageId: 'om_2' });
    expect(sends().map(({ headers }) => headers.authorization)).toEqual([
      'Bearer t-1',
      'Bearer t-1',
      'Bearer t-2',
    ]);
    server.tell('/messages', coded(99991663));
    const outcome = await send({ registration: fresh });
    expect(outcome).toEqual({ result: 'rejected', code: 'unauthorized', retryable: false });
    expect(sends()).toHaveLength(5);
  });

  it('that is refused as fresh as it is ends the send', async () => {
    server.tell('/messages', coded(99991663));
    const outcome = await send({ registration: registration() });
    expect(outcome).toEqual({ result: 'rejected', code: 'unauthorized', retryable: false });
    expect([tokenRequests().length, sends().length]).toEqual([1, 1]);
  });

  it.each<[string, Told, SendOutcome]>([
    ['500', { status: 500 }, { result: 'rejected', code: 'server_error', retryable: true }],
    ['a break', { broken: true }, { result: 'rejected', code: 'transient', retryable: true }],
    ['a wrong secret', coded(10015, 200), { result: 'rejected', code: 'unauthorized', retryable: false }],
    [
      'a token that is no header',
      { body: { code: 0, tenant_access_token: 'a\r\nb', expire: 7200 } },
      { result: 'rejected', code: 'server_error', retryable: true },
    ],
  ])('that cannot be had (%s) leaves nothing posted', async (_, told, outcome) => {
    const fresh = registration();
    server.tell('/auth/', told);
    expect(await send({ registration: fresh })).toEqual(outcome);
    expect(sends()).toEqual([]);
    expect(JSON.stringify(logged)).not.toContain('right');
  });

  it('is not asked for when the credentials cannot be opened, or lack the secret', async () => {
    const closed = async (): Promise<JsonObject> => {
      throw new DeskbridgeError('registration_misconfigured');
    };
    expect(await send({ registration: registration({ credentials: closed }) })).toEqual(misconfigured);
    const other = async () => ({ client_secret: 'x' });
    expect(await send({ registration: registration({ credentials: other }) })).toEqual(misconfigured);
    expect(server.asked).toEqual([]);
  });

  it('is asked for later when the store is out of reach', async () => {
    const failing = async (): Promise<JsonObject> => {
      throw new Error('connection refused');
    };
    const outcome = await send({ registration: registration({ updateCredentials: failing }) });
    expect(outcome).toEqual({ result: 'rejected', code: 'transient', retryable: true });
  });
});

describe('the token of an app of the store', () => {
  const isv = (more: JsonObject = {}) =>
    registration({
      options: { app_type: 'isv', domain: 'feishu' },
      credentials: async () => ({ app_secret: 'right', app_ticket: 'ticket', ...more }),
    });
  const auth = () => tokenRequests().map(({ line }) => line.replace('POST /open-apis/auth/v3/', ''));

  it('comes by ticket and app token, both of which are kept', async () => {
    const fresh = isv();
    expect(await send({ registration: fresh })).toMatchObject({ result: 'sent' });
    expect(tokenRequests().map(({ body }) => body)).toEqual([
      { app_id: 'cli_desk', app_secret: 'right', app_ticket: 'ticket' },
      { app_access_token: 'a-1', tenant_key: '736588c9260f175e' },
    ]);
    expect(await fresh.credentials()).toMatchObject({ app_access_token: 'a-1', tenant_access_token: 't-2' });
  });

  it('takes a new ticket only when the app’s own token is refused', async () => {
    const app_access_token_expires_at = new Date(Date.now() + 7_000_000).toISOString();
    server.tell('/tenant_access_token', coded(99991664), {
      body: { code: 0, tenant_access_token: 't-9', expire: 7200 },
    });
    const fresh = isv({ app_access_token: 'a-old', app_access_token_expires_at });
    expect(await send({ registration: fresh })).toMatchObject({ result: 'sent' });
    expect(auth()).toEqual(['tenant_access_token', 'app_access_token', 'tenant_access_token']);
    expect(await fresh.credentials()).toMatchObject({ app_access_token: 'a-1', tenant_access_token: 't-9' });
  });

  it.each<[string, JsonObject, Told[]]>([
    ['missing', { app_ticket: undefined }, []],
    ['too old', {}, [coded(10012, 200)]],
  ])('has the platform push a ticket that is %s, and can be had later', async (_, credentials, told) => {
    if (told.length > 0) server.tell('/app_access_token', ...told);
    server.tell('/app_ticket/resend', { body: { code: 0, msg: 'success' } });
    const outcome = await send({ registration: isv(credentials) });
    expect(outcome).toEqual({ result: 'rejected', code: 'transient', retryable: true });
    expect(auth().at(-1)).toBe('app_ticket/resend');
    expect(sends()).toEqual([]);
  });

  it('keeps the app’s token when the organization’s cannot be had', async () => {
    server.tell('/tenant_access_token', { status: 500 });
    const fresh = isv();
    const outcome = await send({ registration: fresh });
    expect(outcome).toEqual({ result: 'rejected', code: 'server_error', retryable: true });
    expect(await fresh.credentials()).toMatchObject({ app_access_token: 'a-1' });
  });
});

describe('a registration of the demo', () => {
  it('speaks to its loopback address, by a token like others', async () => {
    runtime = create({ apiUrl: null, demoApiUrl: server.url });
    expect(await send({ registration: registration({ demo: true }) })).toMatchObject({ result: 'sent' });
  });

  it.each([
    { apiUrl: null, demoApiUrl: null },
    { apiUrl: 'https://open.larksuite.com', demoApiUrl: null },
    { apiUrl: null, demoApiUrl: 'http://127.0.0.1.evil.example' },
  ])('speaks to nobody else: %o', async (settings) => {
    runtime = create(settings);
    const demo = registration({ demo: true });
    expect(await send({ registration: demo })).toEqual(misconfigured);
    expect(await runtime.readMessage?.(demo, reference(), 'om_1')).toBeNull();
  });
});

describe('a message that somebody replied to', () => {
  const read = (id = 'om_q') => runtime.readMessage?.(acme, reference(), id);
  const item = (fields: JsonObject): Told => ({
    body: { code: 0, data: { items: [{ msg_type: 'text', chat_id: 'oc_desk', ...fields }] } },
  });
  const content = (json: JsonObject) => ({ body: { content: JSON.stringify(json) } });

  it.each<[string, JsonObject, string]>([
    [
      'text',
      {
        ...content({ text: '@_user_1 the printer' }),
        mentions: [{ key: '@_user_1', id: 'ou_b', name: 'Bea' }],
      },
      'Bea the printer',
    ],
    [
      'post',
      content({
        title: 'Alarm',
        content: [[{ tag: 'text', text: 'Smoke' }], [{ tag: 'text', text: 'since 9' }]],
      }),
      'Alarm\nSmoke\nsince 9',
    ],
    [
      'interactive',
      content({
        title: 'Card',
        elements: [
          [
            { tag: 'text', text: 'Line' },
            { tag: 'button', text: 'Press' },
          ],
        ],
      }),
      'Card\nLine',
    ],
  ])('is read as %s', async (msg_type, fields, text) => {
    server.tell('GET', item({ msg_type, ...fields }));
    expect(await read()).toEqual({ text, authorName: null, url: null });
    expect(sends()[0]?.line).toBe('GET /open-apis/im/v1/messages/om_q?with_sender_name=true');
  });

  it('names its author where the platform does', async () => {
    server.tell('GET', item({ ...content({ text: 'x' }), sender: { id: 'ou_b', sender_name: 'Bea' } }));
    expect(await read()).toMatchObject({ authorName: 'Bea' });
  });

  it.each<[string, Told]>([
    ['an image', item({ msg_type: 'image', ...content({ image_key: 'i' }) })],
    ['recalled', item({ deleted: true, ...content({ text: 'x' }) })],
    ['of another chat', item({ chat_id: 'oc_other', ...content({ text: 'x' }) })],
    ['refused', coded(230002)],
    ['no answer of the Open API', { body: '<html>' }],
    ['a broken connection', { broken: true }],
    ['late', { ...item(content({ text: 'x' })), after: 1500 }],
  ])('is null when it is %s', async (_, told) => {
    await send();
    server.tell('GET', told);
    const started = performance.now();
    expect(await read()).toBeNull();
    expect(performance.now() - started).toBeLessThan(1300);
  });

  it('is not asked for by an id that is none', async () => {
    expect(await read('../x')).toBeNull();
    expect(server.asked).toEqual([]);
  });
});
