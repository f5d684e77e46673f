/** The simulated platform itself: what it sends to a bot, what its connector accepts, and what its oracle remembers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buttonsOf } from '../../../../bots/teams/simulator/cards.ts';
import {
  channel,
  groupChat,
  startTeamsSimulator,
  type TeamsSimulator,
} from '../../../../bots/teams/simulator/index.ts';
import { toActivity } from '../../../../bots/teams/to-activity.ts';
import type { JsonObject, JsonValue } from '../../../../src/kernel/canonical-json.ts';

const appId = '0c9a1f5e-7d1b-4a52-9d0e-5f0c7a3b2e11';
const organization = '8f1c2d3e-4b5a-4c6d-8e7f-9a0b1c2d3e4f';

interface Received {
  authorization: string | undefined;
  activity: JsonObject;
}

/** The members of the connector's answers that the tests read. */
interface ConnectorBody {
  id?: string;
  members?: JsonObject[];
  continuationToken?: string;
}

let simulator: TeamsSimulator;
let bot: Server;
let received: Received[];
let botAnswer: { status: number; body: JsonValue };

beforeEach(async () => {
  received = [];
  botAnswer = { status: 200, body: {} };
  bot = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      received.push({ authorization: request.headers.authorization, activity: JSON.parse(text) });
      response.writeHead(botAnswer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(botAnswer.body));
    });
  });
  await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve));
  const { port } = bot.address() as AddressInfo;
  simulator = await startTeamsSimulator({
    botEndpoint: `http://127.0.0.1:${port}/api/messages`,
    organization,
    apps: [{ appId, clientSecret: 'right' }],
  });
});
afterEach(async () => {
  await simulator.close();
  bot.closeAllConnections();
  await new Promise((resolve) => bot.close(resolve));
});

async function botToken(): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: appId,
    client_secret: 'right',
    scope: 'https://api.botframework.com/.default',
  });
  const response = await fetch(`${simulator.loginUrl}/${organization}/oauth2/v2.0/token`, {
    method: 'POST',
    body,
  });
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
}

async function call(method: string, path: string, body?: JsonObject, token?: string) {
  const response = await fetch(`${simulator.serviceUrl}v3/${path}`, {
    method,
    headers: { authorization: `Bearer ${token ?? (await botToken())}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as ConnectorBody };
}

/** What the bot would make of the last activity that it got. */
function lastIntent() {
  const activity = received.at(-1)?.activity;
  if (activity === undefined) throw new Error('nothing received');
  const translation = toActivity(activity, appId);
  if (!translation.ok) throw new Error(translation.reason);
  return translation.activity;
}

describe('what it sends', () => {
  it('carries a token, reused as the connector does', async () => {
    await simulator.message('help');
    await simulator.message('my tickets', { as: 'ben' });
    expect(received[0]?.authorization).toMatch(/^Bearer ey/);
    expect(received[1]?.authorization).toBe(received[0]?.authorization);
    expect(lastIntent()).toMatchObject({
      intent: { kind: 'command', text: 'my tickets' },
      person: { name: 'Ben Brook' },
      organization,
    });
  });

  it('mentions the bot where Teams demands it', async () => {
    await simulator.message('help', { conversation: groupChat('support') });
    expect(received[0]?.activity.text).toBe('<at>Deskbridge</at> help');
    expect(lastIntent()).toMatchObject({ intent: { text: 'help' }, reference: { type: 'group' } });
    await simulator.message('help', { conversation: channel('ops', '17') });
    expect(lastIntent()).toMatchObject({ reference: { type: 'channel', threadId: '17' } });
  });

  it('gives every message an id of its own', async () => {
    await Promise.all(Array.from({ length: 50 }, () => simulator.message('help')));
    expect(new Set(received.map(({ activity }) => activity.id)).size).toBe(50);
  });

  it('covers installation, search and commands', async () => {
    await simulator.install();
    expect(received.map(({ activity }) => activity.type)).toEqual([
      'conversationUpdate',
      'installationUpdate',
    ]);
    expect(lastIntent().intent).toEqual({ kind: 'installed' });
    await simulator.uninstall();
    expect(lastIntent().intent).toEqual({ kind: 'uninstalled' });
    await simulator.search('printer', { skip: 25 });
    expect(lastIntent().intent).toEqual({ kind: 'search', text: 'printer', skip: 25, count: 25 });
    const message = { body: { contentType: 'html', content: '<p>hi</p>' } };
    await simulator.openCommand('createTicketFromMessage', message);
    expect(lastIntent().intent).toMatchObject({ kind: 'open_form', source: { text: 'hi' } });
  });

  it('tells when the bot does not answer', async () => {
    simulator.botEndpoint = 'http://127.0.0.1:1/';
    expect(await simulator.message('help')).toEqual({ status: 0, body: null, failure: 'ECONNREFUSED' });
  });
});

describe('a card', () => {
  const interaction = { do: 'submit', action: 'add_note', input: { ticket: '1001' }, nonce: 'n' };
  const data = { deskbridge: interaction };
  const card = {
    type: 'AdaptiveCard',
    body: [
      { type: 'Input.Text', id: 'note', value: 'as it was' },
      { type: 'Input.Text', id: 'empty' },
      { type: 'ActionSet', actions: [{ type: 'Action.Execute', title: 'Run', verb: 'x', data }] },
    ],
    actions: [
      { type: 'Action.Submit', title: 'Send', data },
      {
        type: 'Action.Submit',
        title: 'Form',
        data: { msteams: { type: 'task/fetch' }, deskbridge: { do: 'form', action: 'log_time', input: {} } },
      },
      { type: 'Action.OpenUrl', title: 'Open', url: 'https://desk.example' },
    ],
  };

  async function shown() {
    const { conversation } = simulator.scene();
    const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', content: card }];
    await call('POST', `conversations/${conversation.id}/activities`, { type: 'message', attachments });
    return simulator.oracle.waitFor((message) => message.conversationId === conversation.id);
  }

  it('has its buttons in the order of drawing', () => {
    expect(buttonsOf(card).map(({ title }) => title)).toEqual(['Run', 'Send', 'Form', 'Open']);
  });

  it('sends what was filled in, and takes the card of the answer', async () => {
    const message = await shown();
    const value = { type: 'AdaptiveCard', body: [{ type: 'TextBlock', text: 'Saved' }] };
    botAnswer.body = { statusCode: 200, type: 'application/vnd.microsoft.card.adaptive', value };
    await simulator.pressButton(message, 'Run', {}, { note: 'new' });
    expect(lastIntent()).toMatchObject({
      invoke: 'adaptiveCard/action',
      cardMessageId: message.id,
      intent: { kind: 'submit_form', input: { ticket: '1001', note: 'new' } },
    });
    expect(JSON.stringify(message.activity)).toContain('Saved');
    expect(message.history.map(({ kind }) => kind)).toEqual(['post', 'answer']);
  });

  it('sends each kind of action in its own way', async () => {
    const message = await shown();
    await simulator.pressButton(message, 'Send');
    expect(lastIntent()).toMatchObject({ replyBy: 'message', intent: { input: { note: 'as it was' } } });
    await simulator.pressButton(message, 'Form');
    expect(lastIntent()).toMatchObject({ invoke: 'task/fetch', intent: { kind: 'open_form' } });
    await simulator.submitDialog(card, { note: 'x' });
    expect(lastIntent()).toMatchObject({ invoke: 'task/submit', intent: { input: { note: 'x' } } });
    await simulator.submitDialog(card, { note: 'x' }, { commandId: 'updateFromMessage' });
    expect(lastIntent()).toMatchObject({ intent: { kind: 'submit_form', surface: 'message_extension' } });
    await expect(simulator.pressButton(message, 'Open')).rejects.toThrow('sends nothing');
    await expect(simulator.pressButton(message, 'Gone')).rejects.toThrow('Run, Send, Form, Open');
  });
});

describe('the connector', () => {
  it('demands a token of its own', async () => {
    const { conversation } = simulator.scene();
    const path = `conversations/${conversation.id}/activities`;
    expect(await call('POST', path, { type: 'message' }, 'made-up')).toMatchObject({ status: 401 });
    const inbound = await simulator.signToken();
    expect(await call('POST', path, { type: 'message' }, inbound)).toMatchObject({ status: 401 });
  });

  it('posts, updates and deletes, and keeps the history', async () => {
    const { conversation } = simulator.scene();
    const path = `conversations/${conversation.id}/activities`;
    const { body } = await call('POST', path, { type: 'message', text: 'one' });
    await call('PUT', `${path}/${body.id}`, { type: 'message', text: 'two' });
    expect(simulator.oracle.visible(conversation.id).map(({ activity }) => activity.text)).toEqual(['two']);
    expect(await call('DELETE', `${path}/${body.id}`)).toMatchObject({ status: 200 });
    expect(simulator.oracle.visible(conversation.id)).toEqual([]);
    const [message] = simulator.oracle.all(conversation.id);
    expect(message?.history.map(({ kind }) => kind)).toEqual(['post', 'update', 'delete']);
    expect(await call('PUT', `${path}/${body.id}`, { type: 'message' })).toMatchObject({
      status: 404,
      body: { error: { code: 'ActivityNotFoundInConversation' } },
    });
  });

  it('accepts a typing indicator without showing it', async () => {
    const { conversation } = simulator.scene();
    const answer = await call('POST', `conversations/${conversation.id}/activities`, { type: 'typing' });
    expect(answer.status).toBe(202);
    expect(simulator.oracle.posts).toBe(0);
  });

  it('creates the one personal chat of a person', async () => {
    const { conversation, person } = simulator.scene({ as: 'cara' });
    const parameters = {
      bot: { id: `28:${appId}` },
      tenantId: organization,
      members: [{ id: person.aadObjectId }],
    };
    expect(await call('POST', 'conversations', parameters)).toEqual({
      status: 201,
      body: { id: conversation.id },
    });
    const unknown = { ...parameters, members: [{ id: '29:nobody' }] };
    expect(await call('POST', 'conversations', unknown)).toMatchObject({ status: 404 });
  });

  it('knows the members, in pages', async () => {
    const { conversation } = simulator.scene({ conversation: groupChat('support') });
    const path = `conversations/${encodeURIComponent(conversation.id)}`;
    expect((await call('GET', `${path}/members`)).body).toHaveLength(5);
    const first = await call('GET', `${path}/pagedmembers?pageSize=3`);
    const rest = await call(
      'GET',
      `${path}/pagedmembers?pageSize=3&continuationToken=${first.body.continuationToken}`,
    );
    expect([first.body.members?.length, rest.body.members?.length]).toEqual([3, 2]);
    expect(rest.body).not.toHaveProperty('continuationToken');
    const personal = simulator.scene({ as: 'ben' }).conversation;
    expect((await call('GET', `conversations/${personal.id}/members`)).body).toMatchObject([
      { name: 'Ben Brook' },
    ]);
  });

  it('refuses what it does not know', async () => {
    const answer = await call('POST', 'conversations/a:1nobody/activities', { type: 'message' });
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'ConversationNotFound' } } });
    expect(await call('GET', 'teams/1')).toMatchObject({ status: 404 });
  });
});

describe('faults', () => {
  it('take their turns and end', async () => {
    const { conversation } = simulator.scene();
    const path = `conversations/${conversation.id}/activities`;
    const token = await botToken();
    simulator.faults.set('send', { kind: 'refuse', status: 429, retryAfterSeconds: 3 }, 2);
    simulator.faults.set('send', { kind: 'error_after' }, 1);
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      statuses.push((await call('POST', path, { type: 'message', text: `${n}` }, token)).status);
    }
    expect(statuses).toEqual([429, 429, 500, 201]);
    expect(simulator.oracle.visible(conversation.id).map(({ activity }) => activity.text)).toEqual([
      '2',
      '3',
    ]);
  });

  it('break the connection when told to', async () => {
    const { conversation } = simulator.scene();
    simulator.faults.set('send', { kind: 'drop_after' }, 1);
    const lost = call('POST', `conversations/${conversation.id}/activities`, { type: 'message' });
    await expect(lost).rejects.toThrow();
    expect(simulator.oracle.posts).toBe(1);
  });
});

it('reports a message that never comes', async () => {
  await expect(simulator.oracle.waitFor(() => false, 20)).rejects.toThrow('no such message');
});
