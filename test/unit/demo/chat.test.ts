/** The terminal chat in the demo's Teams, against a bot on the wire that does what a test says, good and bad. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { renderCard, renderMessage } from '../../../bots/teams/render.ts';
import { renderForm } from '../../../bots/teams/render-form.ts';
import { chat } from '../../../src/demo/chat.ts';
import type { ReadAuditEvents, ShownAuditEvent } from '../../../src/demo/chat-audit.ts';
import { type ChatLines, fixedLines } from '../../../src/demo/chat-lines.ts';
import type { ChatView } from '../../../src/demo/chat-view.ts';
import { demoTeams } from '../../../src/demo/demo-data.ts';
import { openSeat } from '../../../src/demo/open-seat.ts';
import { openSimulators } from '../../../src/demo/open-simulators.ts';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Form, Message } from '../../../src/kernel/message.ts';
import { testRegistration } from '../../support/registration.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface BotReply {
  status?: number;
  body?: JsonObject;
  /** Sent after the answer, as the bot does. */
  message?: Message;
}

/** A bot: what it answers to each activity; `heard` keeps them. */
async function bot(reply: (activity: JsonObject) => BotReply): Promise<{ url: string; heard: JsonObject[] }> {
  const heard: JsonObject[] = [];
  const server = createServer(async (request, response) => {
    const activity = (await json(request)) as JsonObject;
    heard.push(activity);
    const { status = 200, body, message } = reply(activity);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? '' : JSON.stringify(body));
    if (message !== undefined) await post(activity, message);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

async function post(activity: JsonObject, message: Message): Promise<void> {
  const { id } = activity.conversation as { id: string };
  const url = `${String(activity.serviceUrl)}v3/conversations/${encodeURIComponent(id)}/activities`;
  const body = JSON.stringify(renderMessage(message));
  await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

const noAudit: ReadAuditEvents = () => Promise.resolve([]);

/** A chat over these lines. @returns the exit code and everything that was shown, a line each */
async function talk(url: string, lines: string[] | ChatLines, readAudit = noAudit, replyTimeoutMs = 2_000) {
  const shown: string[] = [];
  const view: ChatView = {
    typed: () => undefined,
    card: ({ text }, updated) => shown.push(`${updated ? 'updated' : 'card'}: ${text.split('\n')[0]}`),
    text: (text) => shown.push(`text: ${text}`),
    audit: ({ seq, action }) => shown.push(`audit: ${seq} ${action}`),
    note: (text) => shown.push(`note: ${text}`),
    failure: (text) => shown.push(`failure: ${text}`),
    pause: () => undefined,
  };
  const source = Array.isArray(lines) ? fixedLines(lines) : lines;
  const dataDir = await mkdtemp(join(tmpdir(), 'deskbridge-chat-'));
  const simulators = await openTeams(dataDir);
  try {
    await simulators.connect(url);
    const seat = await openSeat('teams', dataDir);
    const code = await chat({
      seat,
      platformName: 'Teams',
      as: 'ann',
      lines: source,
      view,
      echo: false,
      readAudit,
      replyTimeoutMs,
    });
    return { code, shown };
  } finally {
    await simulators.close();
    await rm(dataDir, { recursive: true });
  }
}

/** The Teams that the server opens around the demo's registration. */
function openTeams(dataDir: string) {
  const settings = { dataDir, roles: ['web'], slack: { apiUrl: null }, lark: { apiUrl: null } };
  return openSimulators(
    { ...settings, graph: { apiUrl: null } },
    {
      findByOrganization: async ({ platform }) =>
        platform === 'teams'
          ? testRegistration({ platform, ...demoTeams, tenantId: 'demo', demo: true })
          : null,
    },
    'demo',
  );
}

describe('a message', () => {
  it('is sent as Teams sends it to the demo bot, and its answer is waited for', async () => {
    const { url, heard } = await bot(({ text }) => ({ message: { title: `You said ${String(text)}` } }));
    const { code, shown } = await talk(url, ['one', 'two']);
    expect(shown).toEqual(['card: You said one', 'card: You said two']);
    expect(code).toBe(0);
    expect(heard[0]).toMatchObject({
      type: 'message',
      recipient: { id: '28:22222222-2222-4222-8222-222222222222' },
      from: { aadObjectId: 'aaaaaaaa-0000-4000-8000-000000000001' },
      conversation: { conversationType: 'personal', tenantId: '11111111-1111-4111-8111-111111111111' },
    });
  });

  it('comes from whoever one is, and in a group it mentions the bot', async () => {
    const { url, heard } = await bot(() => ({ message: { title: 'Yes' } }));
    await talk(url, ['/as ben', '/group', 'help', '/as nobody', '/personal', 'help']);
    expect(heard[0]).toMatchObject({
      conversation: { conversationType: 'groupChat' },
      from: { name: 'Ben Brook' },
    });
    expect(heard[0]?.text).toContain('<at>');
    expect(heard[1]).toMatchObject({ conversation: { conversationType: 'personal' }, text: 'help' });
  });

  it.each([
    [{ status: 401 }, 'demo mode'],
    [{ status: 403 }, 'suspended'],
    [{ status: 503 }, 'nothing was done'],
    [{ status: 418 }, '(418)'],
  ])('that is answered with %j says why, and the exit code is 1', async (reply, words) => {
    const { url } = await bot(() => reply);
    const { code, shown } = await talk(url, ['help']);
    expect(code).toBe(1);
    expect(shown).toEqual([expect.stringMatching(`^failure: .*${words.replace(/[()]/g, '\\$&')}`)]);
  });

  it('without a reply is given up in time, and the next one goes on', async () => {
    const { url } = await bot(({ text }) => (text === 'silence' ? {} : { message: { title: 'Here' } }));
    const { code, shown } = await talk(url, ['silence', 'help'], noAudit, 300);
    expect(code).toBe(1);
    expect(shown).toEqual(['failure: The bot did not reply within 0.3 seconds.', 'card: Here']);
  });

  it('to a server that is gone says so', async () => {
    const { url } = await bot(() => ({}));
    servers.splice(0).forEach((server) => void server.close());
    const { code, shown } = await talk(url, ['help']);
    expect(code).toBe(1);
    expect(shown).toEqual(['failure: The server does not answer: is it still running?']);
  });
});

describe('a button', () => {
  const ticket: Message = {
    title: 'Ticket',
    buttons: [
      { kind: 'action', label: 'Resolve', action: 'set_status', input: { status: 'closed' }, nonce: 'n1' },
      { kind: 'action', label: 'Resolve', action: 'set_status', input: { status: 'other' }, nonce: 'n2' },
      { kind: 'form', label: 'Note', action: 'add_note', input: {} },
      { kind: 'url', label: 'Open', url: 'https://desk.example.com/t/1' },
    ],
  };
  const form: Form = {
    action: 'add_note',
    title: 'Add note',
    input: {},
    fields: [{ name: 'note', label: 'Note', kind: 'text', required: true }],
    submitLabel: 'Save',
    nonce: 'n3',
  };
  const dialog = (card: JsonObject, title: string) => ({
    task: { type: 'continue', value: { title, card: { contentType: 'x', content: card } } },
  });

  function answer({ type, name, value }: JsonObject): BotReply {
    if (type === 'message') return { message: ticket };
    if (name === 'task/fetch') return { body: dialog(renderForm(form), 'Add note') };
    if (name === 'task/submit') {
      const { data } = value as { data: JsonObject };
      return data.note === 'bad'
        ? { body: dialog(renderForm({ ...form, error: 'Too bad' }), 'Add note') }
        : { body: dialog(renderCard({ title: 'Noted' }), 'Noted') };
    }
    return {
      body: {
        statusCode: 200,
        type: 'application/vnd.microsoft.card.adaptive',
        value: renderCard({ title: 'Done' }),
      },
    };
  }

  it('is pressed by its number, also where two have one name, and the card is replaced', async () => {
    const { url, heard } = await bot(answer);
    const { shown } = await talk(url, ['show', '2']);
    expect(shown).toEqual(['card: Ticket', 'updated: Done']);
    expect(heard[1]).toMatchObject({
      name: 'adaptiveCard/action',
      value: { action: { verb: 'set_status', data: { deskbridge: { nonce: 'n2' } } } },
    });
  });

  it('that is not there is said so with a slash, and is a message without', async () => {
    const { url, heard } = await bot(answer);
    const { shown } = await talk(url, ['show', '/9', '9']);
    expect(shown).toEqual(['card: Ticket', 'note: The last card has no button 9.', 'card: Ticket']);
    expect(heard.at(-1)).toMatchObject({ type: 'message', text: '9' });
  });

  it('of a link names where it leads', async () => {
    const { url } = await bot(answer);
    expect((await talk(url, ['show', '4'])).shown).toEqual([
      'card: Ticket',
      'note: Open https://desk.example.com/t/1',
    ]);
  });

  it('opens a form, which comes again with its fault until it is right', async () => {
    const { url, heard } = await bot(answer);
    const { shown } = await talk(url, ['show', '3', 'bad', 'good']);
    expect(shown).toEqual([
      'card: Ticket',
      'note: Add note (/cancel leaves)',
      'note: Add note (/cancel leaves)',
      'note: Too bad',
      'card: Noted',
    ]);
    expect(heard.at(-1)).toMatchObject({ name: 'task/submit', value: { data: { note: 'good' } } });
  });

  it('opens a form that can be left', async () => {
    const { url, heard } = await bot(answer);
    const { code, shown } = await talk(url, ['show', '3', '/cancel', 'show']);
    expect(shown.slice(1)).toEqual([
      'note: Add note (/cancel leaves)',
      'note: Nothing was sent.',
      'card: Ticket',
    ]);
    expect(heard.map(({ type, name }) => name ?? type)).toEqual(['message', 'task/fetch', 'message']);
    expect(code).toBe(0);
  });

  it('of another conversation can no longer be pressed', async () => {
    const { url, heard } = await bot(answer);
    await talk(url, ['show', '/as ben', '/1']);
    expect(heard).toHaveLength(1);
  });
});

describe('/search', () => {
  it('lists hits, and a chosen one lies in the conversation with its buttons', async () => {
    const button = { kind: 'action', label: 'Take', action: 'assign_ticket', input: {}, nonce: 'n' } as const;
    const attachment = {
      content: renderCard({ title: 'Printer', buttons: [button] }),
      preview: { content: { title: 'Printer', text: 'New' } },
    };
    const { url, heard } = await bot(({ name }) => ({
      body:
        name === 'composeExtension/query'
          ? { composeExtension: { type: 'result', attachments: [attachment] } }
          : {
              statusCode: 200,
              type: 'application/vnd.microsoft.card.adaptive',
              value: renderCard({ title: 'Yours' }),
            },
    }));
    const { shown } = await talk(url, ['/search jam', '1', '1']);
    expect(shown).toEqual(['text: [1] Printer\n    New', 'card: Printer', 'updated: Yours']);
    expect(heard[0]).toMatchObject({ value: { parameters: [{ name: 'searchQuery', value: 'jam' }] } });
    expect(heard[1]).toMatchObject({ name: 'adaptiveCard/action' });
  });

  it('says that nothing was found', async () => {
    const { url } = await bot(() => ({ body: { composeExtension: { type: 'result', attachments: [] } } }));
    expect((await talk(url, ['/search x'])).shown).toEqual(['note: Nothing was found.']);
  });
});

describe('the audit', () => {
  const me = 'aaaaaaaa-0000-4000-8000-000000000001';
  const row = (seq: number, platformUserId: string): ShownAuditEvent => ({
    seq,
    action: 'add_note',
    result: 'success',
    error_code: null,
    payload_hash: 'f'.repeat(64),
    platform_user_id: platformUserId,
  });

  it("shows each of one's own new rows once, in their order", async () => {
    let rows = [row(1, me)];
    const { url } = await bot(({ text }) => {
      if (text === 'do') rows = [row(4, me), row(3, 'somebody else'), row(2, me), ...rows];
      return { message: { title: 'Yes' } };
    });
    const { shown } = await talk(url, ['look', 'do', 'look'], (limit) =>
      Promise.resolve(rows.slice(0, limit)),
    );
    expect(shown).toEqual(['card: Yes', 'card: Yes', 'audit: 2 add_note', 'audit: 4 add_note', 'card: Yes']);
  });

  it('that cannot be read is said once, and the chat goes on', async () => {
    const { url } = await bot(() => ({ message: { title: 'Yes' } }));
    const { code, shown } = await talk(url, ['a', 'b'], () =>
      Promise.reject(new Error('A permission is missing')),
    );
    expect(shown).toEqual([
      'note: (audit rows are not shown: A permission is missing)',
      'card: Yes',
      'card: Yes',
    ]);
    expect(code).toBe(0);
  });
});

it('shows a message that comes while nobody waits for one, and the prompt again', async () => {
  const { url, heard } = await bot(() => ({ message: { title: 'First' } }));
  const shown: string[] = [];
  let prompts = 0;
  const { promise, resolve } = Promise.withResolvers<null>();
  const lines: ChatLines = {
    interactive: true,
    async next() {
      prompts += 1;
      if (prompts === 1) return 'hello';
      const [activity] = heard;
      if (activity !== undefined) await post(activity, { title: 'Later' });
      return await promise;
    },
    again: () => {
      shown.push('prompt');
      resolve(null);
    },
    close: () => undefined,
  };
  const talked = await talk(url, lines);
  expect(talked.shown.slice(1)).toEqual(['card: First', 'card: Later']);
  expect(shown).toEqual(['prompt']);
});
