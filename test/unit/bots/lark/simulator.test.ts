/** The simulated Lark itself: what it sends to a bot, what its Open API accepts, and what its oracle remembers. */
import { createDecipheriv, createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  chatCreatedEventV1,
  type LarkSimulator,
  messageEvent,
  messageEventV1,
  retryScheduleMs,
  type SimulatedApp,
  seal,
  startLarkSimulator,
} from '../../../../bots/lark/simulator/index.ts';
import { toActivity } from '../../../../bots/lark/to-activity.ts';
import type { JsonObject, JsonValue } from '../../../../src/kernel/canonical-json.ts';

const custom: SimulatedApp = {
  appId: 'cli_a1',
  appSecret: 'right',
  encryptKey: 'encrypt key one',
  verificationToken: 'verification one',
  type: 'custom',
};
const isv: SimulatedApp = { ...custom, appId: 'cli_b2', encryptKey: 'key two', type: 'isv' };
const otherIsv: SimulatedApp = { ...isv, appId: 'cli_c3' };
const group = { place: { kind: 'group' as const, name: 'support' } };

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  event: JsonObject;
}

let simulator: LarkSimulator;
let bot: Server;
let received: Received[];
let botStatus: number;
let now: number;

beforeEach(async () => {
  received = [];
  botStatus = 200;
  now = Date.parse('2026-03-01T12:00:00Z');
  bot = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const path = request.url ?? '';
      const key = path.endsWith('r1') ? custom.encryptKey : isv.encryptKey;
      received.push({ path, headers: request.headers, body, event: decrypted(body, key) });
      response.writeHead(botStatus, { 'content-type': 'application/json' });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve));
  simulator = await startLarkSimulator({
    apps: [custom, isv, otherIsv],
    organizations: ['org1', 'org2'],
    clock: { now: () => new Date(now) },
  });
  const registrations = new Map([
    ['cli_a1@org1', 'r1'],
    ['cli_b2@org1', 'r2'],
    ['cli_b2@org2', 'r3'],
  ]);
  simulator.connect(`http://127.0.0.1:${(bot.address() as AddressInfo).port}`, registrations);
});
afterEach(async () => {
  await simulator.close();
  bot.closeAllConnections();
  await new Promise((resolve) => bot.close(resolve));
});

/** What a bot reads out of a body; an own decryption, so that two implementations meet. */
function decrypted(body: string, encryptKey: string): JsonObject {
  const parsed = JSON.parse(body) as JsonObject;
  if (typeof parsed.encrypt !== 'string') return parsed;
  const bytes = Buffer.from(parsed.encrypt, 'base64');
  const key = createHash('sha256').update(encryptKey).digest();
  const decipher = createDecipheriv('aes-256-cbc', key, bytes.subarray(0, 16));
  return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]).toString());
}

function isSigned({ headers, body }: Received, encryptKey: string): boolean {
  const stamp = `${headers['x-lark-request-timestamp']}${headers['x-lark-request-nonce']}`;
  const expected = createHash('sha256').update(`${stamp}${encryptKey}${body}`).digest('hex');
  return headers['x-lark-signature'] === expected;
}

function last(): Received {
  const request = received.at(-1);
  if (request === undefined) throw new Error('nothing received');
  return request;
}

interface ApiBody {
  code: number;
  data?: {
    message_id?: string;
    chat_id?: string;
    items?: { body: { content: string }; sender: JsonObject; deleted: boolean; user_id?: string }[];
    user_list?: JsonObject[];
    user?: JsonObject;
  };
  [name: string]: unknown;
}

async function call(method: string, path: string, body?: JsonValue, token?: string | null) {
  const bearer = token === undefined ? await ownToken() : token;
  const response = await fetch(`${simulator.url}/open-apis${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as ApiBody };
}

async function auth(path: string, body: JsonObject): Promise<ApiBody> {
  return (await call('POST', `/auth/v3/${path}`, body, null)).body;
}

async function ownToken(): Promise<string> {
  const body = await auth('tenant_access_token/internal', { app_id: 'cli_a1', app_secret: 'right' });
  return String(body.tenant_access_token);
}

function send(text: string, fields: JsonObject = {}, to = 'ou_none', idType = 'chat_id') {
  const content = JSON.stringify({ text });
  const body = { receive_id: to, msg_type: 'text', content, ...fields };
  return call('POST', `/im/v1/messages?receive_id_type=${idType}`, body);
}

const annsChat = () => simulator.scene().chat.id;

describe('what it sends', () => {
  it('is encrypted, and signed over the raw bytes', async () => {
    const gesture = await simulator.say('help');
    const [request] = received;
    expect(request?.path).toBe('/lark/events/r1');
    expect(request?.body).toMatch(/^\{"encrypt":"[\w+/=]+"\}$/);
    expect(request && isSigned(request, custom.encryptKey)).toBe(true);
    expect(request?.headers['x-lark-request-timestamp']).toBe(String(now / 1000));
    expect(request?.event).toMatchObject({
      schema: '2.0',
      header: {
        event_id: gesture.eventKey,
        event_type: 'im.message.receive_v1',
        app_id: 'cli_a1',
        tenant_key: 'org1',
      },
      event: {
        sender: { sender_type: 'user', sender_id: { open_id: simulator.people[0]?.platformUserId } },
        message: { message_id: gesture.messageId, chat_type: 'p2p', content: '{"text":"help"}' },
      },
    });
    expect(JSON.stringify(request?.event)).not.toContain('mentions');
  });

  it('mentions the bot in groups, and names what it replies to', async () => {
    const { body } = await send('root', {}, simulator.scene(group).chat.id);
    const [thread] = await simulator.messages(group);
    await simulator.say('help', { ...group, as: 'ben', ...(thread === undefined ? {} : { thread }) });
    expect(last().event.event).toMatchObject({
      message: {
        chat_type: 'group',
        content: '{"text":"@_user_1 help"}',
        parent_id: body.data?.message_id,
        root_id: body.data?.message_id,
        mentions: [{ key: '@_user_1', name: 'Deskbridge', id: { open_id: simulator.scene().botOpenId } }],
      },
    });
  });

  it('gives each app its own open_id of a person, and one union_id', async () => {
    await simulator.say('help');
    await simulator.say('help', { installation: 'cli_b2@org2' });
    const ids = received.map(({ event }) => JSON.stringify(event).match(/"(union|open)_id":"[^"]+"/g));
    expect(received[1]?.path).toBe('/lark/events/r3');
    expect(ids[0]?.[0]).toBe(ids[1]?.[0]);
    expect(ids[0]?.[1]).not.toBe(ids[1]?.[1]);
    expect(simulator.peopleOf('cli_b2@org2')[0]?.platformUserId).toBe(ids[1]?.[1]?.split('"')[3]);
  });

  it('covers chats that begin and end, the menu, what was read, and noise', async () => {
    await simulator.install();
    await simulator.install(group);
    await simulator.uninstall(group);
    await simulator.menu('我的工单');
    await simulator.read([], {});
    for (const kind of ['bot', 'echo', 'edit', 'deletion', 'join'] as const)
      await simulator.noise(kind, group);
    await simulator.removeApp();
    const types = received.map(({ event }) => {
      const { header, event: inner } = event as { header?: JsonObject; event: JsonObject };
      return header?.event_type ?? inner.type;
    });
    expect(types).toEqual([
      'im.chat.access_event.bot_p2p_chat_entered_v1',
      'im.chat.member.bot.added_v1',
      'im.chat.member.bot.deleted_v1',
      'application.bot.menu_v6',
      'im.message.message_read_v1',
      'im.message.receive_v1',
      'im.message.receive_v1',
      'im.chat.updated_v1',
      'im.message.recalled_v1',
      'im.chat.member.user.added_v1',
      'app_uninstalled',
    ]);
    expect(received[3]?.event.event).toMatchObject({ event_key: 'my_tickets' });
    expect(received[5]?.event.event).toMatchObject({ sender: { sender_type: 'app' } });
    await expect(simulator.uninstall()).rejects.toThrow('not on this platform');
    await expect(simulator.say('help', group)).rejects.toThrow('not in that group');
  });

  it('is what the adapter understands', async () => {
    const intents: unknown[] = [];
    const note = () => {
      const translation = toActivity(last().event, 'cli_a1');
      intents.push(translation.ok ? translation.activity.intent : translation.reason);
      return translation.ok ? translation.activity : null;
    };
    await simulator.say('help', group);
    expect(note()).toMatchObject({ organization: 'org1', reference: { type: 'group' } });
    await simulator.install();
    note();
    await simulator.uninstall(group);
    note();
    await simulator.install(group);
    await simulator.menu('help');
    note();
    const { messageId } = await simulator.fromMessage('create_ticket', { text: 'x', author: 'ben' }, group);
    expect(note()).toMatchObject({ messageId, quotedMessageId: expect.stringMatching(/^om_/) });
    for (const kind of ['bot', 'echo', 'edit', 'deletion', 'join'] as const) {
      await simulator.noise(kind, group);
      note();
    }
    expect(intents).toMatchObject([
      { kind: 'command', text: 'help' },
      { kind: 'installed' },
      { kind: 'uninstalled' },
      { kind: 'press', action: 'help' },
      { kind: 'command', text: 'new ticket' },
      ...Array(5).fill({ kind: 'ignored' }),
    ]);
  });

  it('covers the older events', async () => {
    await simulator.sendEvent(messageEventV1(simulator.scene(), 'hi'));
    expect(last().event).toMatchObject({
      type: 'event_callback',
      event: { type: 'message', chat_type: 'private', text: 'hi' },
    });
    await simulator.sendEvent(chatCreatedEventV1(simulator.scene()));
    expect(last().event).toMatchObject({ event: { type: 'p2p_chat_create', chat_id: annsChat() } });
  });

  it('is wrong on purpose when told to', async () => {
    const event = messageEvent(simulator.scene(), 'help');
    await simulator.sendEvent(event, {}, { signWith: 'another key' });
    expect(isSigned(last(), custom.encryptKey)).toBe(false);
    await simulator.sendEvent(event, {}, { signature: null });
    expect(last().headers).not.toHaveProperty('x-lark-signature');
    await simulator.sendEvent(event, {}, { timestamp: 1 });
    expect(last().headers['x-lark-request-timestamp']).toBe('1');
    await simulator.sendBody('{"a":1}', { 'x-own': 'yes' });
    expect(last()).toMatchObject({ body: '{"a":1}', headers: { 'x-own': 'yes' } });
    const sealed = seal(event, custom, 17, { plain: true, nonce: 'n' });
    expect(JSON.parse(sealed.body)).toEqual(event);
  });

  it('shakes hands without a signature', async () => {
    await simulator.challenge('abc', {}, 'wrong token');
    expect(last().event).toEqual({ challenge: 'abc', token: 'wrong token', type: 'url_verification' });
    expect(last().headers).not.toHaveProperty('x-lark-signature');
  });

  it('repeats an event in a fresh envelope, or under a new id', async () => {
    const gesture = await simulator.say('help');
    now += 15_000;
    const same = await gesture.repeat('same');
    const later = await gesture.repeat('later');
    expect(same).toMatchObject({ eventKey: gesture.eventKey, messageId: gesture.messageId });
    expect(later.eventKey).not.toBe(gesture.eventKey);
    expect(later.messageId).toBe(gesture.messageId);
    expect(received[1]?.event).toEqual(received[0]?.event);
    expect(received[2]?.event.event).toEqual(received[0]?.event.event);
    const stamps = received.map(({ headers }) => headers['x-lark-request-timestamp']);
    expect(stamps[1]).not.toBe(stamps[0]);
    expect(new Set(received.map(({ body }) => body)).size).toBe(3);
  });

  it('repeats by the published schedule until it is taken', async () => {
    botStatus = 500;
    const waits: number[] = [];
    const wait = async (ms: number) => {
      waits.push(ms);
      if (waits.length === 3) botStatus = 200;
    };
    const event = messageEvent(simulator.scene(), 'help');
    expect(await simulator.sendWithRetries(event, {}, wait)).toMatchObject({ status: 200 });
    expect(waits).toEqual(retryScheduleMs.slice(0, 3));
    expect(received).toHaveLength(4);
  });

  it('tells when the bot does not answer', async () => {
    simulator.connect('http://127.0.0.1:1', new Map([['cli_a1@org1', 'r1']]));
    expect(await simulator.say('help')).toMatchObject({ status: 0 });
  });
});

describe('tokens', () => {
  it('are those of the right secret, and of two hours', async () => {
    const wrong = { app_id: 'cli_a1', app_secret: 'wrong' };
    expect(await auth('tenant_access_token/internal', wrong)).toMatchObject({ code: 10014 });
    expect(await auth('tenant_access_token/internal', { app_id: 'cli_x' })).toMatchObject({ code: 10003 });
    const token = await ownToken();
    expect(await ownToken()).toBe(token);
    expect((await call('GET', '/bot/v3/info', undefined, token)).body).toMatchObject({ code: 0 });
    now += 5400 * 1000;
    expect(await ownToken()).not.toBe(token);
    expect((await call('GET', '/bot/v3/info', undefined, token)).body.code).toBe(0);
    now += 1800 * 1000;
    const late = await call('GET', '/bot/v3/info', undefined, token);
    expect(late).toMatchObject({ status: 400, body: { code: 99991663 } });
    expect((await call('GET', '/bot/v3/info', undefined, null)).body.code).toBe(99991661);
    const fresh = await ownToken();
    simulator.identity.revokeTokens();
    expect((await call('GET', '/bot/v3/info', undefined, fresh)).body.code).toBe(99991663);
  });

  it('of an ISV app come by its ticket, one for each organization', async () => {
    const secret = { app_id: 'cli_b2', app_secret: 'right' };
    expect(await auth('tenant_access_token/internal', secret)).toMatchObject({ code: 10003 });
    expect(await auth('app_access_token', { ...secret, app_ticket: 'old' })).toMatchObject({ code: 10012 });
    expect(await auth('app_ticket/resend', secret)).toMatchObject({ code: 0 });
    await expect.poll(() => received.length).toBe(1);
    const pushed = last().event.event as { type: string; app_ticket: string };
    expect(pushed.type).toBe('app_ticket');
    const { app_ticket } = pushed;
    const foreign = { app_id: 'cli_c3', app_secret: 'right', app_ticket };
    expect(await auth('app_access_token', foreign)).toMatchObject({ code: 10012 });
    const app = await auth('app_access_token', { ...secret, app_ticket });
    const app_access_token = String(app.app_access_token);
    const tokens: string[] = [];
    for (const tenant_key of ['org1', 'org2']) {
      const { tenant_access_token } = await auth('tenant_access_token', { app_access_token, tenant_key });
      tokens.push(String(tenant_access_token));
    }
    const tenants = await Promise.all(
      tokens.map((token) => call('GET', '/tenant/v2/tenant/query', undefined, token)),
    );
    expect(tenants.map(({ body }) => JSON.stringify(body))).toEqual([
      expect.stringContaining('"tenant_key":"org1"'),
      expect.stringContaining('"tenant_key":"org2"'),
    ]);
    const elsewhere = await auth('tenant_access_token', { app_access_token, tenant_key: 'org3' });
    expect(elsewhere.code).toBe(10003);
    expect((await call('GET', '/bot/v3/info', undefined, app_access_token)).body.code).toBe(99991663);
  });

  it('belong to one organization for a custom app', async () => {
    const apps = [{ ...custom, organizations: ['org1', 'org2'] }] as const;
    await expect(startLarkSimulator({ apps, organizations: ['org1', 'org2'] })).rejects.toThrow('custom app');
  });
});

describe('messages', () => {
  it('find their receiver by each kind of id', async () => {
    const [ann] = simulator.people;
    const ids = [
      ['open_id', ann?.platformUserId],
      ['union_id', ann?.unionId],
      ['email', ann?.email],
      ['chat_id', annsChat()],
    ] as const;
    for (const [type, id] of ids) {
      const { body } = await send('hello', {}, id, type);
      expect(body).toMatchObject({ code: 0, data: { chat_id: annsChat() } });
    }
    expect((await simulator.messages()).map(({ text }) => text)).toEqual(Array(4).fill('hello'));
    expect((await send('x', {}, 'ou_nobody', 'open_id')).body.code).toBe(230001);
    expect((await send('x', {}, annsChat(), 'nonsense')).body.code).toBe(230001);
    const bens = simulator.scene({ as: 'ben', installation: 'cli_b2@org1' }).chat.id;
    expect((await send('x', {}, bens)).body.code).toBe(230002);
    const elsewhere = simulator.scene({ installation: 'cli_b2@org2' }).chat.id;
    expect((await send('x', {}, elsewhere)).body.code).toBe(230001);
  });

  it('are posted once for a uuid, within the hour', async () => {
    const first = await send('one', { uuid: 'u1' }, annsChat());
    const again = await send('two', { uuid: 'u1' }, annsChat());
    expect(again.body.data).toEqual(first.body.data);
    const [message] = simulator.oracle.visible(annsChat());
    expect(message).toMatchObject({ token: 'u1', deduped: 1, content: '{"text":"one"}' });
    expect(simulator.oracle).toMatchObject({ posts: 1, deduped: 1 });
    const reply = { msg_type: 'text', content: '{"text":"three"}', uuid: 'u1' };
    await call('POST', `/im/v1/messages/${message?.id}/reply`, reply);
    expect(simulator.oracle).toMatchObject({ posts: 1, deduped: 2 });
    now += 3_600_000;
    await send('four', { uuid: 'u1' }, annsChat());
    expect(simulator.oracle.posts).toBe(2);
    expect((await send('x', { uuid: 'u'.repeat(51) }, annsChat())).body.code).toBe(230001);
  });

  it('reply to what people wrote', async () => {
    const { messageId } = await simulator.say('help', group);
    const reply = { msg_type: 'text', content: '{"text":"yes?"}' };
    const { body } = await call('POST', `/im/v1/messages/${messageId}/reply`, reply);
    expect(body.code).toBe(0);
    expect(await simulator.messages(group)).toMatchObject([
      { text: 'yes?', replyTo: messageId, versions: 1 },
    ]);
    expect((await call('POST', '/im/v1/messages/om_none/reply', reply)).body.code).toBe(230001);
    await simulator.uninstall(group);
    expect((await call('POST', `/im/v1/messages/${messageId}/reply`, reply)).body.code).toBe(230002);
    expect((await call('GET', `/im/v1/messages/${messageId}`)).body.code).toBe(230002);
    await simulator.install(group);
    expect((await call('POST', `/im/v1/messages/${messageId}/reply`, reply)).body.code).toBe(0);
  });

  it('are read back, recalled, and gone', async () => {
    const { body } = await send('hello', {}, annsChat());
    const path = `/im/v1/messages/${body.data?.message_id}`;
    const [message] = await simulator.messages();
    await simulator.read(message === undefined ? [] : [message]);
    expect(last().event.event).toMatchObject({ message_id_list: [message?.id] });
    const readers = await call('GET', `${path}/read_users?user_id_type=open_id`);
    expect(readers.body.data?.items).toMatchObject([{ user_id: simulator.people[0]?.platformUserId }]);
    expect((await call('GET', path)).body.data?.items).toMatchObject([
      { sender: { id: 'cli_a1', sender_type: 'app' }, body: { content: '{"text":"hello"}' } },
    ]);
    expect((await call('DELETE', path)).body.code).toBe(0);
    expect((await call('DELETE', path)).body.code).toBe(230011);
    expect(await simulator.messages()).toEqual([]);
    expect(simulator.oracle.all(annsChat())[0]?.history.map(({ kind }) => kind)).toEqual(['post', 'delete']);
    expect((await call('GET', path)).body.data?.items?.[0]?.deleted).toBe(true);
    const { messageId } = await simulator.say('mine');
    expect((await call('DELETE', `/im/v1/messages/${messageId}`)).body.code).toBe(230026);
  });

  it('stand behind a reply that asks for a ticket', async () => {
    const gesture = await simulator.fromMessage('create_ticket', { text: 'no paper', author: 'Zoe' }, group);
    const { message } = last().event.event as { message: JsonObject };
    expect(message).toMatchObject({
      message_id: gesture.messageId,
      content: '{"text":"@_user_1 new ticket"}',
    });
    const original = (query: string) => call('GET', `/im/v1/messages/${message.parent_id}${query}`);
    const { body } = await original('?with_sender_name=true');
    const item = body.data?.items?.[0];
    expect(item).toMatchObject({ body: { content: '{"text":"no paper"}' }, sender: { sender_name: 'Zoe' } });
    expect((await original('')).body.data?.items?.[0]?.sender).not.toHaveProperty('sender_name');
    const user = await call('GET', `/contact/v3/users/${item?.sender.id}?user_id_type=open_id`);
    expect(user.body.data?.user).toMatchObject({ name: 'Zoe' });
    const update = simulator.fromMessage('update_ticket', { text: 'x', author: 'y' });
    await expect(update).rejects.toThrow('not on this platform');
  });

  it('wake whoever waits for the next one', async () => {
    const waiting = simulator.nextMessage({}, []);
    await send('hello', {}, annsChat());
    const first = await waiting;
    expect(first.text).toBe('hello');
    await expect(simulator.nextMessage({}, [first], 20)).rejects.toThrow('no such message');
    simulator.clear();
    expect(await simulator.messages()).toEqual([]);
  });
});

describe('the directory', () => {
  it('knows chats and people', async () => {
    const chat = simulator.scene(group).chat.id;
    expect((await call('GET', `/im/v1/chats/${chat}`)).body.data).toMatchObject({
      name: 'support',
      chat_mode: 'group',
    });
    expect((await call('GET', '/im/v1/chats/oc_none')).body.code).toBe(232006);
    const emails = ['cara@simulator.test', 'nobody@simulator.test'];
    const found = await call('POST', '/contact/v3/users/batch_get_id?user_id_type=open_id', { emails });
    const cara = simulator.people[2]?.platformUserId;
    expect(found.body.data?.user_list).toEqual([{ email: emails[0], user_id: cara }, { email: emails[1] }]);
    expect((await call('GET', '/contact/v3/users/ou_none?user_id_type=open_id')).body.code).toBe(41012);
    expect((await call('GET', '/no/such')).status).toBe(404);
  });
});

describe('faults', () => {
  it('take their turns and end', async () => {
    simulator.faults.set('send', { kind: 'throttle', resetSeconds: 3 }, 1);
    simulator.faults.set('send', { kind: 'throttle', status: 429 }, 1);
    simulator.faults.set('send', { kind: 'refuse', code: 230020, status: 200 }, 1);
    simulator.faults.set('send', { kind: 'error_before' }, 1);
    simulator.faults.set('send', { kind: 'error_after' }, 1);
    const answers = [];
    for (let n = 0; n < 6; n += 1) answers.push(await send(`${n}`, {}, annsChat()));
    expect(answers.map(({ status }) => status)).toEqual([400, 429, 200, 500, 500, 200]);
    expect(answers.slice(0, 3).map(({ body }) => body.code)).toEqual([99991400, 99991400, 230020]);
    expect(answers[0]?.headers.get('x-ogw-ratelimit-reset')).toBe('3');
    expect(answers[1]?.headers.has('x-ogw-ratelimit-reset')).toBe(false);
    expect((await simulator.messages()).map(({ text }) => text)).toEqual(['4', '5']);
    expect(simulator.counts).toMatchObject({ send: 6, other: 0 });
  });

  it('break the connection when told to', async () => {
    const token = await ownToken();
    const post = (text: string) => {
      const body = { receive_id: annsChat(), msg_type: 'text', content: JSON.stringify({ text }), uuid: 'u' };
      return call('POST', '/im/v1/messages?receive_id_type=chat_id', body, token);
    };
    simulator.faults.set('send', { kind: 'drop_before' }, 1);
    await expect(post('one')).rejects.toThrow();
    expect(simulator.oracle.posts).toBe(0);
    simulator.faults.set('send', { kind: 'drop_after' }, 1);
    await expect(post('two')).rejects.toThrow();
    expect(simulator.oracle.posts).toBe(1);
    expect((await post('two')).body.code).toBe(0);
    expect(simulator.oracle).toMatchObject({ posts: 1, deduped: 1 });
  });
});
