/** The simulated Slack itself: what it sends to a bot, what its Web API accepts, and what people see of it. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  areBlocksTooLong,
  blockFaults,
  commandForm,
  eventCallback,
  findButtons,
  type SimulatorOptions,
  type SlackSimulator,
  samplePeople,
  sceneOf,
  sign,
  startSlackSimulator,
  typedEvent,
  viewFaults,
  World,
} from '../../../../bots/slack/simulator/index.ts';
import { showMrkdwn, typedText } from '../../../../bots/slack/simulator/mrkdwn.ts';
import { toActivity } from '../../../../bots/slack/to-activity.ts';
import type { JsonObject, JsonValue } from '../../../../src/kernel/canonical-json.ts';
import type { Where } from '../../../../src/kernel/simulated-chat.ts';

const secret = 'signing secret of the test';
const other = { installation: 'second' };
const ops: NonNullable<Where['place']> = { kind: 'channel', name: 'ops' };

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  /** The event's envelope, the command's form or the interaction's payload. */
  body: JsonObject;
}
interface Reaction {
  status?: number;
  headers?: Record<string, string>;
  body?: JsonValue;
}
/** The members of the Web API's answers that the tests read. */
interface ApiBody {
  ok: boolean;
  error?: string;
  ts?: string;
  message_ts?: string;
  channel?: string | { id: string };
  messages?: JsonObject[];
  members?: string[];
  access_token?: string;
  refresh_token?: string;
  expires_in?: number;
  view?: { id: string; hash: string };
  response_metadata?: { messages?: string[]; next_cursor?: string };
}

let simulator: SlackSimulator;
let bot: Server;
let received: Received[];
/** What the bot answers; by default an empty 200. */
let react: (request: Received) => Reaction | Promise<Reaction>;
let now: number;

const clock = { now: () => new Date(now) };

const options: SimulatorOptions = {
  clock,
  organizations: [
    { id: 'T0ACME', name: 'Acme' },
    {
      id: 'E0GRID',
      name: 'Grid',
      teams: [
        { id: 'T0NORTH', name: 'North', domain: 'north' },
        { id: 'T0SOUTH', name: 'South', domain: 'south' },
      ],
    },
  ],
  apps: [
    {
      appId: 'A0DESK',
      name: 'Deskbridge',
      signingSecret: secret,
      clientId: '1.2',
      clientSecret: 'client secret',
      tokenRotation: true,
      installations: [
        { organization: 'T0ACME', botToken: 'xoxb-acme' },
        { organization: 'E0GRID', botToken: 'xoxb-grid', key: 'grid' },
      ],
    },
    {
      appId: 'A0SECOND',
      signingSecret: 'another secret',
      installations: [{ organization: 'T0ACME', botToken: 'xoxb-second', key: 'second' }],
    },
  ],
};

beforeEach(async () => {
  now = Date.now();
  received = [];
  react = () => ({});
  bot = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', async () => {
      const { url: path = '', headers } = request;
      const one = { path, headers, text, body: bodyOf(text) };
      received.push(one);
      const { status = 200, headers: said = {}, body } = await react(one);
      response.writeHead(status, said);
      response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve));
  simulator = await startSlackSimulator({ ...options, retrySchedule: [0, 20], shownWithinMs: 300 });
  simulator.connect(botUrl(), new Map([['A0DESK:T0ACME', 'reg-acme']]));
});
afterEach(async () => {
  await simulator.close();
  bot.closeAllConnections();
  await new Promise((resolve) => bot.close(resolve));
});

function botUrl(): string {
  return `http://127.0.0.1:${(bot.address() as AddressInfo).port}`;
}

function bodyOf(text: string): JsonObject {
  if (text.startsWith('{')) return JSON.parse(text);
  const form = new URLSearchParams(text);
  const payload = form.get('payload');
  return payload === null ? Object.fromEntries(form) : JSON.parse(payload);
}

function last(): Received {
  const one = received.at(-1);
  if (one === undefined) throw new Error('nothing received');
  return one;
}

/** What the adapter makes of the last request. */
function lastActivity() {
  const { text, body } = last();
  const kind = text.startsWith('{') ? 'event' : text.startsWith('payload=') ? 'interaction' : 'command';
  const translation = toActivity({ kind, body, requestKey: 'request' }, 'A0DESK');
  if (!translation.ok) throw new Error(translation.reason);
  return translation.activity;
}

async function api(method: string, args: JsonObject, token = 'xoxb-acme') {
  const response = await fetch(`${simulator.apiUrl}${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(args),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as ApiBody };
}

function ann() {
  return simulator.world.person('ann').platformUserId;
}

function channelId(place: NonNullable<Where['place']> = ops): string {
  return simulator.scene({ place }).conversation.id;
}

function section(text: string): JsonObject {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

function buttonOf(label: string, value: JsonValue, id = 'deskbridge-0'): JsonObject {
  const text = { type: 'plain_text', text: label };
  return { type: 'button', action_id: id, text, value: JSON.stringify(value) };
}

const press = { do: 'action', action: 'close_ticket', input: {}, nonce: 'n' };
const form = { do: 'form', action: 'add_note', input: {} };

const modal: JsonObject = {
  type: 'modal',
  callback_id: 'deskbridge',
  title: { type: 'plain_text', text: 'Add a note' },
  submit: { type: 'plain_text', text: 'Save' },
  private_metadata: '{}',
  blocks: [
    {
      type: 'input',
      block_id: 'note',
      label: { type: 'plain_text', text: 'Note' },
      element: { type: 'plain_text_input', action_id: 'value', multiline: true, initial_value: 'as it was' },
    },
    {
      type: 'input',
      block_id: 'visibility',
      optional: true,
      label: { type: 'plain_text', text: 'Seen by' },
      element: {
        type: 'static_select',
        action_id: 'value',
        options: ['us', 'all'].map((value) => ({
          text: { type: 'plain_text', text: value.toUpperCase() },
          value,
        })),
      },
    },
    {
      type: 'input',
      block_id: 'done',
      optional: true,
      label: { type: 'plain_text', text: 'Done' },
      element: {
        type: 'checkboxes',
        action_id: 'value',
        options: [{ text: { type: 'plain_text', text: 'Done' }, value: 'true' }],
      },
    },
  ],
};

/** The bot opens the modal right after its acknowledgement, as ours does. */
function openingModal(view: JsonObject = modal) {
  return (request: Received): Reaction => {
    const { trigger_id } = request.body;
    if (typeof trigger_id === 'string') setTimeout(() => api('views.open', { trigger_id, view }), 5);
    return {};
  };
}

describe('what it sends', () => {
  it('is signed, stamped and goes to the registration', async () => {
    const gesture = await simulator.say('help');
    const { path, headers, text } = last();
    expect(path).toBe('/slack/events/reg-acme');
    expect(headers['x-slack-request-timestamp']).toBe(String(Math.floor(now / 1000)));
    const base = `v0:${headers['x-slack-request-timestamp']}:${text}`;
    const expected = createHmac('sha256', secret).update(base).digest('hex');
    expect(headers['x-slack-signature']).toBe(`v0=${expected}`);
    expect(gesture).toMatchObject({ status: 200, eventKey: last().body.event_id, form: null });
    expect(lastActivity()).toMatchObject({
      eventKeys: [gesture.eventKey, expect.anything()],
      organization: 'T0ACME',
      reference: { type: 'personal', platformUserId: ann() },
      messageId: gesture.messageId,
      intent: { kind: 'command', text: 'help' },
    });
    await simulator.say('help', other);
    expect(last().path).toBe('/slack/events');
    expect(last().headers['x-slack-signature']).toBe(
      sign(last().text, 'another secret', Math.floor(now / 1000)),
    );
  });

  it('can be wrong on purpose', async () => {
    const installation = simulator.world.installation();
    await simulator.sender.sendEvent(installation, '{}', 0, { secret: 'wrong', timestamp: 17 });
    expect(last().headers).toMatchObject({
      'x-slack-signature': sign('{}', 'wrong', 17),
      'x-slack-request-timestamp': '17',
    });
    await simulator.sender.sendForm(installation, 'ssl_check=1', { signature: null });
    expect(last().headers['x-slack-signature']).toBeUndefined();
  });

  it('mentions the bot in a channel, and twice where the app subscribes to both', async () => {
    await simulator.say('my tickets & "more" <now>', { as: 'ben', place: ops });
    const bots = simulator.world.installation().botUserId;
    expect(last().body.event).toMatchObject({
      type: 'app_mention',
      text: `<@${bots}> my tickets &amp; "more" &lt;now&gt;`,
    });
    expect(last().body.event).not.toHaveProperty('channel_type');
    expect(lastActivity()).toMatchObject({
      reference: { type: 'channel', platformConversationId: channelId(), botId: bots },
      intent: { text: 'my tickets & "more" <now>' },
    });
    simulator.mentionsAlsoAsMessages = true;
    received = [];
    await simulator.say('help', { place: { kind: 'group', name: 'night shift' } });
    expect(received.map(({ body }) => (body.event as JsonObject).type).sort()).toEqual([
      'app_mention',
      'message',
    ]);
    expect(new Set(received.map(({ body }) => body.event_id)).size).toBe(2);
    expect(new Set(received.map(({ body }) => (body.event as JsonObject).ts)).size).toBe(1);
  });

  it('names the enterprise of an installation for the whole of it', async () => {
    await simulator.say('help', { installation: 'grid' });
    expect(last().body.authorizations).toEqual([
      expect.objectContaining({ enterprise_id: 'E0GRID', team_id: null, is_enterprise_install: true }),
    ]);
    expect(lastActivity().organization).toBe('E0GRID');
    await simulator.command('help', { installation: 'grid' });
    expect(last().body).toMatchObject({ is_enterprise_install: 'true', enterprise_id: 'E0GRID' });
    expect(lastActivity().organization).toBe('E0GRID');
    await simulator.globalShortcut('unknown', { installation: 'grid' });
    expect(lastActivity()).toMatchObject({ organization: 'E0GRID', intent: { kind: 'unsupported' } });
  });

  it('covers comings, goings and what is to be ignored', async () => {
    await simulator.install();
    expect(lastActivity()).toMatchObject({ intent: { kind: 'installed' }, reference: { type: 'personal' } });
    await simulator.install({ place: ops });
    expect(lastActivity()).toMatchObject({ intent: { kind: 'installed' }, reference: { type: 'channel' } });
    await simulator.uninstall({ place: ops });
    expect(lastActivity().intent).toEqual({ kind: 'uninstalled' });
    for (const [noise, reason] of [
      ['bot', 'bot'],
      ['echo', 'echo'],
      ['edit', 'edit'],
      ['deletion', 'deletion'],
      ['join', 'join'],
    ] as const) {
      await simulator.noise(noise, { place: ops });
      expect(lastActivity().intent).toEqual({ kind: 'ignored', reason });
    }
    await expect(simulator.uninstall()).rejects.toThrow('cannot be removed');
    await simulator.uninstallApp();
    expect(lastActivity().intent).toMatchObject({ kind: 'revoked', reason: 'app_uninstalled' });
    expect(await api('auth.test', {})).toMatchObject({ body: { error: 'account_inactive' } });
  });

  it('tells when the bot does not answer', async () => {
    simulator.connect('http://127.0.0.1:1', new Map());
    expect(await simulator.say('help')).toMatchObject({ status: 0 });
  });
});

it('builds bodies without being started', () => {
  const world = new World(options.apps, options.organizations, samplePeople);
  const scene = sceneOf(world, { as: 'eve', installation: 'grid', place: ops });
  const envelope = { team_id: 'T0GUEST', is_ext_shared_channel: true };
  const event = typedEvent(scene, 'help', '1.000001');
  const body = eventCallback(scene, event, { eventId: 'Ev1', at: new Date(5000), envelope });
  expect(body).toMatchObject({ event_id: 'Ev1', event_time: 5, ...envelope, api_app_id: 'A0DESK' });
  const form = commandForm(scene, 'help', { triggerId: '1.2.3', responseUrl: 'http://127.0.0.1/r' });
  expect(bodyOf(form)).toMatchObject({ command: '/desk', channel_name: 'ops', trigger_id: '1.2.3' });
  expect(() => sceneOf(world, { as: 'nobody' })).toThrow('nobody');
  expect(() => sceneOf(world, { installation: 'none' })).toThrow('none');
});

describe('repeats', () => {
  it('of an event carry the retry headers, stamped anew', async () => {
    const gesture = await simulator.say('help');
    now += 61_000;
    const again = await gesture.repeat();
    expect(received[1]?.text).toBe(received[0]?.text);
    expect(received[1]?.headers).toMatchObject({
      'x-slack-retry-num': '1',
      'x-slack-retry-reason': 'http_timeout',
      'x-slack-request-timestamp': String(Math.floor(now / 1000)),
    });
    await again.repeat();
    expect(last().headers['x-slack-retry-num']).toBe('2');
    const copy = await gesture.repeat('later');
    expect(copy.eventKey).not.toBe(gesture.eventKey);
    expect(last().body.event).toEqual(received[0]?.body.event);
    expect(last().headers).not.toHaveProperty('x-slack-retry-num');
  });

  it('of commands and presses are the same bytes, or a press of their own', async () => {
    const gesture = await simulator.command('help');
    now += 1000;
    await gesture.repeat();
    expect(received[1]?.text).toBe(received[0]?.text);
    expect(received[1]?.headers['x-slack-signature']).toBe(received[0]?.headers['x-slack-signature']);
    const second = await gesture.repeat('later');
    expect(second.eventKey).not.toBe(gesture.eventKey);
    expect(last().body.trigger_id).toBe(second.eventKey);
  });

  it('follow by the schedule until the bot takes the event, or asks for none', async () => {
    let failures = 2;
    react = () => {
      failures -= 1;
      return { status: failures >= 0 ? 503 : 200 };
    };
    expect((await simulator.say('help')).status).toBe(503);
    await expect.poll(() => received.length).toBe(3);
    expect(last().headers).toMatchObject({ 'x-slack-retry-num': '2', 'x-slack-retry-reason': 'http_error' });
    react = () => ({ status: 500, headers: { 'x-slack-no-retry': '1' } });
    await simulator.say('help');
    react = () => ({ status: 500 });
    await simulator.command('help');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(received).toHaveLength(5);
  });
});

describe('the Web API', () => {
  it('knows its tokens', async () => {
    const test = await api('auth.test', {});
    const { botUserId } = simulator.world.installation();
    expect(test.body).toMatchObject({ ok: true, team_id: 'T0ACME', user_id: botUserId });
    expect(test.headers.get('x-oauth-scopes')).toContain('chat:write');
    expect((await api('auth.test', {}, 'made up')).body.error).toBe('invalid_auth');
    const bare = await fetch(`${simulator.apiUrl}auth.test`, { method: 'POST' });
    expect(await bare.json()).toEqual({ ok: false, error: 'not_authed' });
    expect((await api('auth.revoke', {})).body.ok).toBe(true);
    expect((await api('auth.test', {})).body.error).toBe('token_revoked');
    await expect.poll(() => (last().body.event as JsonObject).type).toBe('tokens_revoked');
    expect((await api('no.such.method', {})).body.error).toBe('unknown_method');
  });

  it('posts, updates and deletes, and keeps the history', async () => {
    await simulator.install({ place: ops });
    const metadata = { event_type: 'deskbridge_message', event_payload: { token: 'delivery-1' } };
    const { body } = await api('chat.postMessage', { channel: channelId(), text: 'one', metadata });
    const ts = body.ts ?? '';
    const [message] = await simulator.messages({ place: ops });
    expect(message).toMatchObject({ id: ts, token: 'delivery-1', text: 'one', versions: 1, onlyFor: null });
    const blocks = JSON.stringify([section('*two*')]);
    expect((await api('chat.update', { channel: channelId(), ts, blocks })).body.ok).toBe(true);
    const [updated] = await simulator.messages({ place: ops });
    expect(updated).toMatchObject({ text: 'two', versions: 2, token: 'delivery-1' });
    const { messages } = (await api('conversations.history', { channel: channelId() })).body;
    expect(messages).toMatchObject([{ ts, text: 'one', blocks: [{ type: 'section' }] }]);
    expect(messages?.[0]).not.toHaveProperty('thread_ts');
    const foreign = await api('chat.update', { channel: channelId(), ts, text: 'x' }, 'xoxb-second');
    expect(foreign.body.error).toBe('cant_update_message');
    expect((await api('chat.delete', { channel: channelId(), ts })).body.ok).toBe(true);
    expect(await simulator.messages({ place: ops })).toEqual([]);
    const [kept] = simulator.oracle.all(channelId());
    expect(kept?.history.map(({ kind }) => kind)).toEqual(['post', 'update', 'delete']);
    const gone = await api('chat.update', { channel: channelId(), ts, text: 'x' });
    expect(gone.body.error).toBe('message_not_found');
  });

  it('drops the blocks of an update that brings a text alone', async () => {
    const posted = await api('chat.postMessage', { channel: ann(), text: 'one', blocks: [section('one')] });
    const { ts = '', channel } = posted.body;
    await api('chat.update', { channel: String(channel), ts, text: 'two' });
    const { messages } = (await api('conversations.history', { channel: String(channel) })).body;
    expect(messages).toMatchObject([{ ts, text: 'two' }]);
    expect(messages?.[0]).not.toHaveProperty('blocks');
  });

  it('takes forms as well, and a person for a channel', async () => {
    const form = new URLSearchParams({ channel: ann(), blocks: JSON.stringify([section('hi')]) });
    const response = await fetch(`${simulator.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: { authorization: 'Bearer xoxb-acme' },
      body: form,
    });
    const { channel } = (await response.json()) as ApiBody;
    expect(channel).toBe(simulator.scene().conversation.id);
    expect(await simulator.messages()).toMatchObject([{ text: 'hi', conversation: channel }]);
    const opened = await api('conversations.open', { users: ann() });
    expect(opened.body.channel).toEqual(expect.objectContaining({ id: channel }));
  });

  it('knows who is where', async () => {
    const args = { channel: channelId(), text: 'x' };
    expect((await api('chat.postMessage', args)).body.error).toBe('not_in_channel');
    const group = channelId({ kind: 'group', name: 'night shift' });
    expect((await api('chat.postMessage', { ...args, channel: group })).body.error).toBe('channel_not_found');
    expect((await api('chat.postMessage', { ...args, channel: 'U0NOBODY' })).body.error).toBe(
      'channel_not_found',
    );
    await simulator.install({ place: ops });
    const user = ann();
    expect((await api('chat.postMessage', args, 'xoxb-grid')).body.error).toBe('channel_not_found');
    expect((await api('chat.postEphemeral', { ...args, user })).body.ok).toBe(true);
    expect((await api('chat.postEphemeral', { ...args, user: 'U0NOBODY' })).body.error).toBe(
      'user_not_in_channel',
    );
    expect(await simulator.messages({ place: ops })).toMatchObject([{ onlyFor: 'ann' }]);
    expect(await simulator.messages({ as: 'ben', place: ops })).toEqual([]);
    const first = (await api('conversations.members', { channel: channelId(), limit: 4 })).body;
    const cursor = first.response_metadata?.next_cursor ?? '';
    const rest = (await api('conversations.members', { channel: channelId(), limit: 4, cursor })).body;
    expect([first.members?.length, rest.members?.length]).toEqual([4, 2]);
    expect((await api('users.info', { user })).body).toMatchObject({ user: { real_name: 'Ann Archer' } });
    const byMail = await api('users.lookupByEmail', { email: 'ANN@people.example' });
    expect(byMail.body).toMatchObject({ user: { id: user } });
  });

  it('reads back, metadata only when asked for', async () => {
    const { messageId } = await simulator.say('the printer is broken', { place: ops });
    const metadata = { event_type: 'deskbridge_message', event_payload: { token: 't' } };
    const thread_ts = messageId ?? '';
    await api('chat.postMessage', { channel: channelId(), text: 'a reply', thread_ts, metadata });
    const history = await api('conversations.history', { channel: channelId() });
    expect(history.body.messages).toMatchObject([{ ts: messageId, user: ann() }]);
    const args = { channel: channelId(), ts: thread_ts };
    const plain = await api('conversations.replies', args);
    expect(plain.body.messages).toMatchObject([
      { ts: messageId, thread_ts: messageId, reply_count: 1 },
      { text: 'a reply', thread_ts: messageId, app_id: 'A0DESK' },
    ]);
    expect(plain.body.messages?.[1]).not.toHaveProperty('metadata');
    const all = await api('conversations.replies', { ...args, include_all_metadata: true });
    expect(all.body.messages?.[1]).toMatchObject({ metadata });
    const since = { channel: channelId(), oldest: thread_ts };
    const later = await simulator.say('still broken', { as: 'ben', place: ops });
    const both = await api('conversations.history', { channel: channelId() });
    expect(both.body.messages?.map(({ ts }) => ts)).toEqual([later.messageId, messageId]);
    expect((await api('conversations.history', since)).body.messages).toHaveLength(1);
    const inclusive = { ...since, inclusive: true };
    expect((await api('conversations.history', inclusive)).body.messages).toHaveLength(2);
    const [reply] = await simulator.messages({ place: ops });
    expect(reply?.replyTo).toBe(messageId);
    expect((await api('conversations.replies', { ...args, ts: '1.000001' })).body.error).toBe(
      'thread_not_found',
    );
  });

  it('refuses what breaks the limits', async () => {
    const channel = ann();
    const error = async (args: JsonObject, method = 'chat.postMessage') =>
      (await api(method, { channel, ...args })).body.error;
    expect(await error({})).toBe('no_text');
    expect((await api('chat.postMessage', { channel, text: 'x'.repeat(40_001) })).body).toMatchObject({
      ok: true,
      warning: 'message_truncated',
      message: { text: 'x'.repeat(40_000) },
    });
    expect(await error({ text: 'x', metadata: { event_type: 'x' } })).toBe('invalid_metadata_format');
    expect(await error({ blocks: '[' })).toBe('invalid_blocks_format');
    expect(await error({ blocks: [section('x'.repeat(3001))] })).toBe('invalid_blocks');
    expect(await error({ blocks: Array.from({ length: 5 }, () => section('x'.repeat(3000))) })).toBe(
      'msg_blocks_too_long',
    );
    expect((await api('chat.postMessage', { text: 'x' })).body.error).toBe('invalid_arguments');
    const { ts = '', channel: direct } = (await api('chat.postMessage', { channel, text: 'x' })).body;
    const long = { channel: direct, ts, text: 'ü'.repeat(2001) } as JsonObject;
    expect(await error(long, 'chat.update')).toBe('msg_too_long');
    const byPerson = await error({ ts, text: 'x' }, 'chat.update');
    expect(byPerson).toBe('channel_not_found');
  });

  it('limits rates when told to, as published, and counts what was too much', async () => {
    simulator.limits.enforced = true;
    const args = { channel: ann(), text: 'x' };
    expect((await api('chat.postMessage', args)).status).toBe(200);
    const refused = await api('chat.postMessage', args);
    expect(refused).toMatchObject({ status: 429, body: { error: 'ratelimited' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    const elsewhere = { channel: simulator.world.person('ben').platformUserId, text: 'x' };
    expect((await api('chat.postMessage', elsewhere)).status).toBe(200);
    now += 1000;
    expect((await api('chat.postMessage', args)).status).toBe(200);
    expect(simulator.counts['chat.postMessage']).toBe(4);
    expect(simulator.violations()).toBe(1);
    const read = () => api('conversations.open', { users: ann() });
    for (let n = 0; n < 50; n += 1) expect((await read()).status).toBe(200);
    now += 10_000;
    const many = await read();
    expect(many.status).toBe(429);
    expect(many.headers.get('retry-after')).toBe('50');
    expect((await api('users.info', { user: ann() })).status).toBe(200);
    expect(simulator.violations()).toBe(2);
    simulator.limits.override({ conversation_messages: 3 });
    now += 1000;
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await api('chat.postMessage', args)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it('counts nothing unless told to', async () => {
    for (let n = 0; n < 5; n += 1) await api('chat.postMessage', { channel: ann(), text: 'x' });
    expect(simulator.violations()).toBe(0);
    expect(simulator.postedByBot()).toHaveLength(5);
  });

  it('holds the token’s scopes against what it may do', async () => {
    const poor = simulator.tokens.issue(simulator.world.installation(), 'im:write').access_token;
    const error = async (method: string, args: JsonObject) => (await api(method, args, poor)).body;
    expect(await error('chat.postMessage', { channel: ann(), text: 'x' })).toMatchObject({
      error: 'missing_scope',
      needed: 'chat:write',
      provided: 'im:write',
    });
    const { channel } = await error('conversations.open', { users: ann() });
    const direct = typeof channel === 'object' ? channel.id : '';
    expect(await error('conversations.history', { channel: direct })).toMatchObject({ needed: 'im:history' });
    expect((await api('conversations.history', { channel: direct })).body.ok).toBe(true);
    expect((await api('conversations.history', { channel: ann() })).body.error).toBe('channel_not_found');
  });

  it('refuses to post where it is told to, and keeps what names a message', async () => {
    simulator.ways.refusals.set(ann(), 'user_disabled');
    expect((await api('chat.postMessage', { channel: ann(), text: 'x' })).body.error).toBe('user_disabled');
    const { channel } = (await api('conversations.open', { users: ann() })).body;
    const direct = typeof channel === 'object' ? channel.id : '';
    expect((await api('chat.postMessage', { channel: direct, text: 'x' })).body.error).toBe('user_disabled');
    simulator.ways.refusals.clear();
    const named = { channel: direct, text: 'x', client_msg_id: 'one' };
    const first = await api('chat.postMessage', named);
    const second = await api('chat.postMessage', named);
    expect(second.body.ts).not.toBe(first.body.ts);
    expect(simulator.oracle.all(direct).map(({ clientMsgId }) => clientMsgId)).toEqual(['one', 'one']);
    simulator.ways.dedupesByClientMsgId = true;
    expect((await api('chat.postMessage', named)).body.ts).toBe(first.body.ts);
    await api('chat.delete', { channel: direct, ts: first.body.ts ?? '' });
    expect((await api('chat.postMessage', named)).body.error).toBe('duplicate_message_not_found');
  });

  it('shows the messages of bots over all conversations, as they were posted', async () => {
    await simulator.say('hello', { place: ops });
    const metadata = { event_type: 'deskbridge_message', event_payload: { token: 't' } };
    await api('chat.postMessage', { channel: channelId(), text: 'first' });
    await api('chat.postMessage', { channel: ann(), text: 'second', metadata });
    const { ts = '' } = (await api('chat.postMessage', { channel: channelId(), text: 'gone' })).body;
    await api('chat.postMessage', { channel: channelId(), text: 'third' });
    await api('chat.delete', { channel: channelId(), ts });
    expect(simulator.postedByBot().map(({ text, token }) => [text, token])).toEqual([
      ['first', null],
      ['second', 't'],
      ['third', null],
    ]);
  });
});

describe('faults', () => {
  it('take their turns and end', async () => {
    const args = { channel: ann(), text: 'x' };
    simulator.faults.set('chat.postMessage', { kind: 'error', error: 'fatal_error' }, 1);
    simulator.faults.set('chat.postMessage', { kind: 'refuse', status: 429, retryAfterSeconds: 3 }, 1);
    simulator.faults.set('chat.postMessage', { kind: 'error_before' }, 1);
    simulator.faults.set('chat.postMessage', { kind: 'error_after' }, 1);
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await api('chat.postMessage', args)).status);
    expect(statuses).toEqual([200, 429, 500, 500, 200]);
    expect(simulator.oracle.posts).toBe(2);
  });

  it('commit late: the caller may have given up by then', async () => {
    simulator.faults.set('chat.postMessage', { kind: 'late', ms: 400 }, 1);
    const given = api('chat.postMessage', { channel: ann(), text: 'x' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(simulator.oracle.posts).toBe(0);
    expect((await given).status).toBe(200);
    expect(simulator.oracle.posts).toBe(1);
  });

  it('break the connection when told to', async () => {
    simulator.faults.set('chat.postMessage', { kind: 'drop_before' }, 1);
    simulator.faults.set('chat.postMessage', { kind: 'drop_after' }, 1);
    const lost = () => api('chat.postMessage', { channel: ann(), text: 'x' });
    await expect(lost()).rejects.toThrow();
    expect(simulator.oracle.posts).toBe(0);
    await expect(lost()).rejects.toThrow();
    expect(simulator.oracle.posts).toBe(1);
  });
});

describe('metadata', () => {
  const metadata = { event_type: 'deskbridge_message', event_payload: { token: 't' } };

  it('is told of to an app that subscribes to its type', async () => {
    const installation = simulator.world.installation();
    const post = (of: JsonObject) => api('chat.postMessage', { channel: ann(), text: 'x', ...of });
    await post({ metadata });
    installation.app.metadataEvents = ['deskbridge_message'];
    try {
      await post({});
      await post({ metadata: { ...metadata, event_type: 'another' } });
      const { ts, channel } = (await post({ metadata })).body;
      await expect.poll(() => received).toHaveLength(1);
      expect(last().body).toMatchObject({
        type: 'event_callback',
        team_id: 'T0ACME',
        event: { type: 'message_metadata_posted', channel_id: channel, message_ts: ts, app_id: 'A0DESK' },
      });
      const payload = { kind: 'event', body: last().body, requestKey: 'k' };
      expect(toActivity(payload, 'A0DESK')).toMatchObject({
        ok: true,
        activity: { intent: { kind: 'evidence', tokens: [{ token: 't', messageId: ts }] } },
      });
      // Nobody doubts that it came, even though the answer did not.
      simulator.faults.set('chat.postMessage', { kind: 'drop_after' }, 1);
      await expect(post({ metadata })).rejects.toThrow();
      await expect.poll(() => received).toHaveLength(2);
    } finally {
      delete installation.app.metadataEvents;
    }
  });
});

describe('tokens', () => {
  const redirect = 'https://desk.example/oauth/slack/callback';

  async function consent(query: Record<string, string> = {}): Promise<URL> {
    const search = new URLSearchParams({ client_id: '1.2', redirect_uri: redirect, state: 'st', ...query });
    const response = await fetch(`${simulator.url}/oauth/v2/authorize?${search}`, { redirect: 'manual' });
    return new URL(response.headers.get('location') ?? '');
  }

  async function access(form: Record<string, string>): Promise<ApiBody> {
    const body = new URLSearchParams({ client_id: '1.2', client_secret: 'client secret', ...form });
    const response = await fetch(`${simulator.apiUrl}oauth.v2.access`, { method: 'POST', body });
    return (await response.json()) as ApiBody;
  }

  it('come by the consent page, once a code', async () => {
    const back = await consent();
    expect(back.searchParams.get('state')).toBe('st');
    const code = back.searchParams.get('code') ?? '';
    expect((await access({ code, redirect_uri: 'https://other.example' })).error).toBe('bad_redirect_uri');
    expect((await access({ code, client_secret: 'wrong' })).error).toBe('bad_client_secret');
    const granted = await access({ code, redirect_uri: redirect });
    expect(granted).toMatchObject({
      ok: true,
      app_id: 'A0DESK',
      team: { id: 'T0ACME' },
      enterprise: null,
      is_enterprise_install: false,
      expires_in: 43_200,
    });
    expect((await access({ code, redirect_uri: redirect })).error).toBe('invalid_code');
    expect((await api('auth.test', {}, granted.access_token)).body.ok).toBe(true);
    expect((await consent({ team: 'E0GRID' })).searchParams.has('code')).toBe(true);
    simulator.tokens.consent = { deny: true };
    expect((await consent()).searchParams.get('error')).toBe('access_denied');
  });

  it('end after 12 hours, and are renewed once by each refresh token', async () => {
    const code = (await consent()).searchParams.get('code') ?? '';
    const granted = await access({ code, redirect_uri: redirect });
    now += 43_200_000;
    expect((await api('auth.test', {}, granted.access_token)).body.error).toBe('token_expired');
    expect((await api('auth.test', {})).body.ok).toBe(true);
    const renewal = { grant_type: 'refresh_token', refresh_token: granted.refresh_token ?? '' };
    const renewed = await access(renewal);
    expect((await api('auth.test', {}, renewed.access_token)).body.ok).toBe(true);
    expect(renewed.refresh_token).not.toBe(granted.refresh_token);
    expect((await access(renewal)).error).toBe('invalid_refresh_token');
  });
});

describe('modals', () => {
  it('open by a trigger that lives 3 seconds and is used once', async () => {
    await simulator.globalShortcut('create_ticket', { as: 'dan' });
    const { trigger_id } = last().body;
    now += 3001;
    expect((await api('views.open', { trigger_id, view: modal })).body.error).toBe('expired_trigger_id');
    now -= 3001;
    expect((await api('views.open', { trigger_id, view: modal }, 'xoxb-second')).body.error).toBe(
      'invalid_trigger_id',
    );
    expect((await api('views.open', { trigger_id, view: modal })).body.ok).toBe(true);
    expect((await api('views.open', { trigger_id, view: modal })).body.error).toBe('exchanged_trigger_id');
    const dan = simulator.world.person('dan').platformUserId;
    expect(simulator.views.modals(dan)).toHaveLength(1);
    const wide = { ...modal, title: { type: 'plain_text', text: 'x'.repeat(25) } };
    const refused = await api('views.open', { trigger_id, view: wide });
    expect(refused.body.error).toBe('invalid_arguments');
    expect(refused.body.response_metadata?.messages?.[0]).toContain('/view/title/text');
  });

  it('are the form of the gesture that asked for one', async () => {
    react = openingModal();
    const gesture = await simulator.fromMessage(
      'create_ticket',
      { text: 'printer <down>', author: 'Zoe Zane' },
      { as: 'ben', place: ops },
    );
    expect(lastActivity()).toMatchObject({
      eventKeys: [gesture.eventKey],
      intent: { kind: 'open_form', action: 'create_ticket_from_message', source: { text: 'printer <down>' } },
    });
    expect(gesture.form).toEqual({
      title: 'Add a note',
      submitLabel: 'Save',
      error: null,
      handle: expect.stringMatching(/^V/),
      fields: [
        expect.objectContaining({ name: 'note', kind: 'multiline', required: true, value: 'as it was' }),
        expect.objectContaining({
          name: 'visibility',
          kind: 'choice',
          required: false,
          choices: [
            { label: 'US', value: 'us' },
            { label: 'ALL', value: 'all' },
          ],
        }),
        expect.objectContaining({ name: 'done', kind: 'toggle', value: 'false', choices: [] }),
      ],
    });
  });

  it('send what was filled in, stay open with faults, and close', async () => {
    react = openingModal();
    const { form } = await simulator.globalShortcut('create_ticket', { as: 'ben' });
    if (form === null) throw new Error('no form');
    await expect(simulator.submit(form, { nope: 'x' })).rejects.toThrow('no field');
    await expect(simulator.submit(form, { visibility: 'nobody' })).rejects.toThrow('no choice');
    react = () => ({ body: { response_action: 'errors', errors: { note: 'Too short.' } } });
    const refused = await simulator.submit(form, { visibility: 'all', done: 'true' });
    const sent = last().body as { view: { state: { values: JsonObject } }; user: { id: string } };
    expect(sent.user.id).toBe(simulator.world.person('ben').platformUserId);
    expect(sent.view.state.values).toEqual({
      note: { value: { type: 'plain_text_input', value: 'as it was' } },
      visibility: {
        value: expect.objectContaining({ selected_option: expect.objectContaining({ value: 'all' }) }),
      },
      done: { value: { type: 'checkboxes', selected_options: [expect.objectContaining({ value: 'true' })] } },
    });
    expect(refused.form?.fields).toMatchObject([
      { error: 'Too short.' },
      { value: 'all' },
      { value: 'true' },
    ]);
    react = () => ({ status: 500 });
    const broken = await simulator.submit(form, {});
    expect(broken).toMatchObject({ status: 500, form: { error: expect.any(String) } });
    react = () => ({ body: { response_action: 'update', view: modal } });
    const again = await simulator.submit(form, { note: 'longer' });
    expect(again.form?.fields).toMatchObject([{ value: 'longer', error: null }, { value: 'all' }, {}]);
    expect(again.form?.error).toBeNull();
    const saved = { ...modal, submit: undefined, blocks: [section('Saved *1001*')] };
    react = () => ({ body: { response_action: 'update', view: saved } });
    const done = await simulator.submit(form, { note: '' });
    expect(done).toMatchObject({ form: null, shown: { lines: [{ kind: 'title' }, { text: 'Saved 1001' }] } });
    react = () => ({});
    await simulator.submit(form, {});
    await expect(simulator.submit(form, {})).rejects.toThrow('not open');
  });

  it('show faults of the bot where they belong', async () => {
    const context = (text: string) => ({ type: 'context', elements: [{ type: 'plain_text', text }] });
    const [note, ...rest] = modal.blocks as JsonObject[];
    const blocks = [section('Not now.'), note as JsonObject, context('Too short.'), ...rest];
    react = openingModal({ ...modal, blocks });
    const { form, shown } = await simulator.globalShortcut();
    expect(form).toMatchObject({ error: 'Not now.', fields: [{ error: 'Too short.' }, { error: null }, {}] });
    expect(shown?.lines.map(({ kind }) => kind)).toEqual(['title', 'error', 'error']);
  });

  it('can be updated, pushed three high, and left', async () => {
    react = openingModal({ ...modal, notify_on_close: true });
    const { form } = await simulator.globalShortcut();
    const view_id = form?.handle ?? '';
    const hash = simulator.views.find(view_id)?.hash ?? '';
    expect((await api('views.update', { view_id, hash, view: modal })).body.ok).toBe(true);
    expect((await api('views.update', { view_id, hash, view: modal })).body.error).toBe('hash_conflict');
    const outcomes: unknown[] = [];
    for (let n = 0; n < 3; n += 1) {
      const trigger_id = triggerIn(view_id);
      outcomes.push((await api('views.push', { trigger_id, view: modal })).body.error ?? 'ok');
    }
    expect(outcomes).toEqual(['ok', 'ok', 'push_limit_reached']);
    if (form === null) throw new Error('no form');
    expect(await simulator.closeForm(form)).toBeNull();
    await expect(simulator.closeForm(form)).rejects.toThrow('not open');
    react = openingModal({ ...modal, notify_on_close: true });
    const again = (await simulator.globalShortcut()).form;
    if (again === null) throw new Error('no form');
    expect(await simulator.closeForm(again)).toBe(200);
    expect(last().body.type).toBe('view_closed');
  });

  function triggerIn(viewId: string): string {
    const { installation, person } = simulator.scene();
    return simulator.triggers.create(installation.key, person.platformUserId, viewId);
  }
});

describe('messages and their buttons', () => {
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: 'Ticket *1001*' } },
    section('Printer &amp; <https://desk.example/t/1001|open it>\n1. not *an* item'),
    {
      type: 'section',
      text: { type: 'mrkdwn', text: '*2.* Laptop\n_slow_' },
      accessory: buttonOf('Close', press, 'deskbridge-1'),
    },
    { type: 'section', fields: [{ type: 'mrkdwn', text: '*Status*\nNew' }] },
    { type: 'context', elements: [{ type: 'mrkdwn', text: 'by <@U0NOBODY>' }] },
    { type: 'divider' },
    {
      type: 'actions',
      elements: [
        { ...buttonOf('Add note', form, 'deskbridge-2'), style: 'primary' },
        { ...buttonOf('Page', null, 'deskbridge-3'), url: 'https://desk.example' },
      ],
    },
  ];

  async function shown() {
    await api('chat.postMessage', { channel: ann(), text: 'fallback', blocks });
    return simulator.nextMessage({}, []);
  }

  it('are read as a client draws them', async () => {
    const { card, text } = await shown();
    expect(card.lines).toEqual([
      { text: 'Ticket *1001*', kind: 'title' },
      { text: 'Printer & open it', kind: 'text', link: 'https://desk.example/t/1001' },
      { text: '1. not an item', kind: 'item', mark: '1.', tight: true },
      { text: '2. Laptop', kind: 'item', mark: '2.', buttons: ['Close'] },
      { text: 'slow', kind: 'text', tight: true },
      { text: 'Status: New', kind: 'fact', fact: { label: 'Status', value: 'New' } },
      { text: 'by @U0NOBODY', kind: 'small' },
    ]);
    expect(card.buttons).toEqual([
      { label: 'Close', style: 'default', url: null, after: 5 },
      { label: 'Add note', style: 'primary', url: null },
      { label: 'Page', style: 'default', url: 'https://desk.example' },
    ]);
    expect(text.split('\n')).toHaveLength(7);
  });

  it('send what was pressed', async () => {
    const message = await shown();
    const gesture = await simulator.press(message, 'Close');
    expect(lastActivity()).toMatchObject({
      eventKeys: [gesture.eventKey],
      replyBy: 'message',
      cardMessageId: message.id,
      reference: { platformConversationId: message.conversation, type: 'personal', platformUserId: ann() },
      intent: { kind: 'press', action: 'close_ticket', nonce: 'n' },
    });
    await expect(simulator.press(message, 'Gone')).rejects.toThrow('Close, Add note, Page');
    react = openingModal();
    const opened = await simulator.press(message, 'Add note');
    expect(opened.form?.title).toBe('Add a note');
    expect(lastActivity()).toMatchObject({ replyBy: 'answer', intent: { kind: 'open_form' } });
  });

  it('show a refusal instead of the form without waiting for it', async () => {
    const message = await shown();
    react = ({ body }) => {
      const refusal = { method: 'POST', body: JSON.stringify({ text: 'Not *yours*.' }) };
      setTimeout(() => fetch(String(body.response_url), refusal), 5);
      return {};
    };
    const startedAt = performance.now();
    const gesture = await simulator.press(message, 'Add note');
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(gesture).toMatchObject({ form: null, shown: { lines: [{ text: 'Not yours.' }] } });
  });

  it('come as new posts and new versions', async () => {
    const first = await shown();
    const waiting = simulator.nextMessage({}, [first]);
    await api('chat.update', { channel: first.conversation, ts: first.id, blocks: [section('Closed.')] });
    const second = await waiting;
    expect(second).toMatchObject({ id: first.id, versions: 2, text: 'Closed.' });
    expect((await simulator.press(first, 'Close')).status).toBe(200);
    await expect(simulator.press(second, 'Close')).rejects.toThrow('no button');
    const nothing = simulator.nextMessage({}, [second], 60);
    await api('chat.delete', { channel: first.conversation, ts: first.id });
    await expect(nothing).rejects.toThrow('no new message');
    const reply = simulator.nextMessage({ place: ops, thread: { ...first, id: '1.000001' } }, []);
    await simulator.install({ place: ops });
    await api('chat.postMessage', { channel: channelId(), text: 'elsewhere' });
    await api('chat.postMessage', { channel: channelId(), text: 'there', thread_ts: '1.000001' });
    expect(await reply).toMatchObject({ text: 'there', replyTo: '1.000001' });
  });
});

describe('slash commands', () => {
  it('are answered to the person alone, who can press on', async () => {
    const blocks = [section('Yours: none'), { type: 'actions', elements: [buttonOf('More', press)] }];
    react = () => ({
      headers: { 'content-type': 'application/json' },
      body: { response_type: 'ephemeral', blocks },
    });
    const where: Where = { as: 'cara', place: ops };
    const gesture = await simulator.command('my tickets', where);
    expect(lastActivity()).toMatchObject({
      replyBy: 'answer',
      intent: { kind: 'command', text: 'my tickets' },
    });
    expect(gesture.shown?.lines).toEqual([{ text: 'Yours: none', kind: 'text' }]);
    const [message] = await simulator.messages(where);
    if (message === undefined) throw new Error('nothing shown');
    expect(message.onlyFor).toBe('cara');
    react = () => ({});
    await simulator.press(message, 'More');
    expect(last().body).toMatchObject({ container: { is_ephemeral: true, message_ts: message.id } });
    expect(last().body).not.toHaveProperty('message');
    expect(lastActivity()).toMatchObject({
      reference: { platformConversationId: simulator.world.person('cara').platformUserId },
      cardMessageId: message.id,
    });
    const url = String(last().body.response_url);
    const replacement = JSON.stringify({ replace_original: true, text: 'Done' });
    await fetch(url, { method: 'POST', body: replacement });
    expect(await simulator.messages(where)).toMatchObject([{ id: message.id, text: 'Done', versions: 2 }]);
    await fetch(url, { method: 'POST', body: JSON.stringify({ delete_original: true }) });
    expect(await simulator.messages(where)).toEqual([]);
  });

  it('take five late answers within half an hour', async () => {
    react = () => ({ body: 'plain words' });
    expect((await simulator.command('help')).shown?.lines).toEqual([{ text: 'plain words', kind: 'text' }]);
    const url = String(last().body.response_url);
    const answer = async (text: string) => {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify({ text }) });
      return response.status === 200 ? 'ok' : ((await response.json()) as ApiBody).error;
    };
    now += 30 * 60_000 + 1;
    expect(await answer('late')).toBe('expired_url');
    now -= 60_000;
    const outcomes: unknown[] = [];
    for (let n = 0; n < 6; n += 1) outcomes.push(await answer(`${n}`));
    expect(outcomes).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'used_url']);
    expect(await simulator.messages()).toHaveLength(6);
  });

  it('say when the answer is none that Slack takes', async () => {
    react = () => ({ body: { blocks: [{ type: 'made-up' }] } });
    expect((await simulator.command('help')).shown?.lines).toMatchObject([{ kind: 'error' }]);
    expect(await simulator.messages()).toEqual([]);
  });
});

describe('App Home', () => {
  const page = (text: string): JsonObject => ({
    type: 'home',
    blocks: [section(text), { type: 'actions', elements: [buttonOf('Approve', press)] }],
  });

  it('is published when it is opened, and drawn anew after a press', async () => {
    let count = 0;
    react = () => {
      count += 1;
      setTimeout(() => api('views.publish', { user_id: ann(), view: page(`page ${count}`) }), 5);
      return {};
    };
    expect((await simulator.openHome()).lines).toEqual([{ text: 'page 1', kind: 'text' }]);
    expect(lastActivity()).toMatchObject({ intent: { kind: 'home' }, person: { platformUserId: ann() } });
    const gesture = await simulator.pressHome('Approve');
    expect(lastActivity()).toMatchObject({ onHome: true, intent: { kind: 'press' } });
    expect(gesture.shown?.lines).toEqual([{ text: 'page 2', kind: 'text' }]);
    expect(simulator.home()?.buttons).toMatchObject([{ label: 'Approve' }]);
    expect(simulator.home({ as: 'ben' })).toBeNull();
    react = () => ({ status: 500 });
    await expect(simulator.openHome({ as: 'ben' })).rejects.toThrow('no App Home page');
  });

  it('takes no modal', async () => {
    expect((await api('views.publish', { user_id: ann(), view: modal })).body.error).toBe(
      'invalid_arguments',
    );
  });
});

describe('limits of Block Kit', () => {
  const text = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length) });
  const actions = (...elements: JsonObject[]) => [{ type: 'actions', elements }];
  const button = { type: 'button', action_id: 'a', text: text(75), value: 'x'.repeat(2000) };

  it.each<[string, JsonValue, number]>([
    ['50 blocks', Array(50).fill({ type: 'divider' }), 0],
    ['51 blocks', Array(51).fill({ type: 'divider' }), 1],
    ['a header of 150', [{ type: 'header', text: text(150) }], 0],
    ['a header of 151', [{ type: 'header', text: text(151) }], 1],
    ['a header in mrkdwn', [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }], 1],
    ['an empty text', [section('')], 1],
    ['fields', [{ type: 'section', fields: Array(10).fill(text(2000)) }], 0],
    ['11 fields', [{ type: 'section', fields: Array(11).fill(text(1)) }], 1],
    ['a long field', [{ type: 'section', fields: [text(2001)] }], 1],
    ['a full button', actions(button), 0],
    ['a long label', actions({ ...button, text: text(76) }), 1],
    ['a long value', actions({ ...button, value: 'x'.repeat(2001) }), 1],
    ['the same action_id twice', actions(button, button), 1],
    ['26 buttons', actions(...Array.from({ length: 26 }, (_, n) => ({ ...button, action_id: `${n}` }))), 1],
    ['no element', actions(), 1],
    ['the same block_id twice', Array(2).fill({ type: 'divider', block_id: 'b' }), 1],
    ['11 in a context', [{ type: 'context', elements: Array(11).fill(text(1)) }], 1],
    ['an unknown block', [{ type: 'made-up' }], 1],
    ['no list', { type: 'divider' }, 1],
  ])('%s', (_name, blocks, faults) => {
    expect(blockFaults(blocks, 'message')).toHaveLength(faults);
  });

  it('hold for views', () => {
    expect(viewFaults(modal)).toEqual([]);
    expect(viewFaults({ ...modal, submit: undefined })).toHaveLength(1);
    expect(viewFaults({ ...modal, private_metadata: 'x'.repeat(3001) })).toHaveLength(1);
    expect(viewFaults({ ...modal, blocks: [] })).toHaveLength(1);
    const [input] = modal.blocks as JsonObject[];
    const long = { type: 'plain_text_input', max_length: 3, initial_value: 'four' };
    expect(viewFaults({ ...modal, blocks: [{ ...input, element: long }] })).toHaveLength(1);
    const option = { text: text(1), value: 'a' };
    const stray = { type: 'static_select', options: [option], initial_option: { ...option, value: 'b' } };
    expect(viewFaults({ ...modal, blocks: [{ ...input, element: stray }] })).toHaveLength(1);
  });

  it('are checked on anything without throwing', () => {
    const anything = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;
    const kinds = fc.constantFrom('section', 'actions', 'input', 'context', 'header', 'image');
    const block = fc.record({ type: kinds, text: anything, elements: anything, element: anything });
    fc.assert(
      fc.property(fc.oneof(anything, fc.array(block) as fc.Arbitrary<JsonValue>), (blocks) => {
        expect(blockFaults(blocks, 'message').every((fault) => fault.startsWith('[ERROR]'))).toBe(true);
        expect(viewFaults({ type: 'home', blocks })).toBeInstanceOf(Array);
      }),
    );
    expect(areBlocksTooLong(Array(50).fill(section('x')))).toBe(false);
    expect(areBlocksTooLong(Array(50).fill(section('x'.repeat(150))))).toBe(true);
    expect(findButtons([{ type: 'actions', elements: [null, 'x', button] }])).toHaveLength(1);
  });
});

describe('mrkdwn', () => {
  const show = (text: string) => showMrkdwn(text, (id) => (id === 'U1' ? 'Ann' : null)).text;

  it.each([
    ['*bold* _it_ ~gone~ `code`', 'bold it gone code'],
    ['*<https://x.example|1001>* (*_both_*)', '1001 (both)'],
    ['2*3*4, snake_case_name, a * b *', '2*3*4, snake_case_name, a * b *'],
    ['<@U1> in <#C1|ops>, <!here>', '@Ann in #ops, @here'],
    ['<!date^1700000000^{date_short}|Nov 14>', 'Nov 14'],
    ['`a *b* <https://x.example>`', 'a *b* https://x.example'],
    ['&amp;lt; &lt;b&gt;', '&lt; <b>'],
  ])('%s', (source, shown) => {
    expect(show(source)).toBe(shown);
  });

  it('shows what a person typed as it was typed', () => {
    expect(typedText('see https://x.example/a?b=1&c=2')).toBe('see <https://x.example/a?b=1&amp;c=2>');
    expect(typedText('to ann@acme.test')).toBe('to <mailto:ann@acme.test|ann@acme.test>');
    const words = fc.stringMatching(/^[\w\s<>&.:/@|!#?=-]{0,40}$/).filter((text) => !text.includes('_'));
    fc.assert(
      fc.property(words, (text) => {
        expect(show(typedText(text))).toBe(text);
      }),
    );
  });
});
