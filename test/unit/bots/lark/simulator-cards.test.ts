/** Cards in the simulated Lark: what is refused, how they are drawn, and what presses and forms do. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decrypt } from '../../../../bots/lark/crypto.ts';
import { renderCard } from '../../../../bots/lark/render.ts';
import { drawMarkdown } from '../../../../bots/lark/simulator/card-text.ts';
import { faultOfCard } from '../../../../bots/lark/simulator/check-card.ts';
import { drawCard } from '../../../../bots/lark/simulator/draw-card.ts';
import { type LarkSimulator, startLarkSimulator } from '../../../../bots/lark/simulator/index.ts';
import type { JsonObject, JsonValue } from '../../../../src/kernel/canonical-json.ts';
import type { Form, Message } from '../../../../src/kernel/message.ts';
import type { SeenMessage } from '../../../../src/kernel/simulated-chat.ts';

const app = {
  appId: 'cli_a1',
  appSecret: 'right',
  encryptKey: 'encrypt key',
  verificationToken: 'verification',
  type: 'custom',
} as const;
const handle = { messageId: 'om_1', version: 1 };
const form: Form = {
  action: 'create_ticket',
  title: 'New ticket',
  input: { from: 'menu' },
  fields: [
    { name: 'title', label: 'Title', kind: 'text', required: true, maxLength: 10, error: 'Too short' },
    { name: 'text', label: 'Description', kind: 'multiline', required: false, value: 'as it was' },
    {
      name: 'board',
      label: 'Board',
      kind: 'choice',
      required: false,
      value: 'b2',
      choices: [
        { label: 'First', value: 'b1' },
        { label: 'Second', value: 'b2' },
      ],
    },
    { name: 'urgent', label: 'Urgent', kind: 'toggle', required: false },
  ],
  submitLabel: 'Create',
  nonce: 'n',
  error: 'Try again',
};
const message: Message = {
  title: 'Ticket 1001',
  text: 'Printer *on* fire <b>&amp;',
  facts: [{ label: 'Status', value: 'open' }],
  items: [
    {
      ordinal: 1,
      title: 'Row',
      text: 'note of it',
      url: 'https://desk.example/1',
      buttons: [{ kind: 'command', label: 'Show', text: 'ticket 1', nonce: 'n1' }],
    },
  ],
  buttons: [
    {
      kind: 'action',
      label: 'Assign',
      action: 'assign',
      input: { ticket: '1' },
      nonce: 'n2',
      style: 'primary',
    },
    { kind: 'url', label: 'Open', url: 'https://desk.example/' },
  ],
  footer: 'small print',
};

let simulator: LarkSimulator;
let bot: Server;
let bodies: string[];
let answer: { status: number; body: JsonValue; delayMs: number };
let now: number;

beforeEach(async () => {
  bodies = [];
  answer = { status: 200, body: {}, delayMs: 0 };
  now = Date.parse('2026-03-01T12:00:00Z');
  bot = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      bodies.push(body);
      setTimeout(() => {
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer.body));
      }, answer.delayMs);
    });
  });
  await new Promise<void>((resolve) => bot.listen(0, '127.0.0.1', resolve));
  simulator = await startLarkSimulator({
    apps: [app],
    organizations: ['org1'],
    clock: { now: () => new Date(now) },
  });
  const url = `http://127.0.0.1:${(bot.address() as AddressInfo).port}`;
  simulator.connect(url, new Map([['cli_a1@org1', 'r1']]));
});
afterEach(async () => {
  await simulator.close();
  bot.closeAllConnections();
  await new Promise((resolve) => bot.close(resolve));
});

async function call(method: string, path: string, body: JsonObject): Promise<{ code: number; msg: string }> {
  const secret = { app_id: 'cli_a1', app_secret: 'right' };
  const headers = { 'content-type': 'application/json' };
  const issued = await fetch(`${simulator.url}/open-apis/auth/v3/tenant_access_token/internal`, {
    method: 'POST',
    headers,
    body: JSON.stringify(secret),
  });
  const { tenant_access_token: token } = (await issued.json()) as { tenant_access_token: string };
  const response = await fetch(`${simulator.url}/open-apis${path}`, {
    method,
    headers: { ...headers, authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { code: number; msg: string };
}

function post(card: JsonObject) {
  const body = {
    receive_id: simulator.scene().chat.id,
    msg_type: 'interactive',
    content: JSON.stringify(card),
  };
  return call('POST', '/im/v1/messages?receive_id_type=chat_id', body);
}

async function shown(card: JsonObject): Promise<SeenMessage> {
  expect(await post(card)).toMatchObject({ code: 0 });
  const seen = (await simulator.messages()).at(-1);
  if (seen === undefined) throw new Error('nothing is shown');
  return seen;
}

/** The event inside the last body. */
function lastEvent(): { header: JsonObject; event: { action: JsonObject; [name: string]: JsonValue } } {
  const { encrypt } = JSON.parse(bodies.at(-1) ?? '{}') as { encrypt: string };
  return JSON.parse(decrypt(encrypt, app.encryptKey) ?? 'null');
}

const card = (...elements: JsonObject[]): JsonObject => ({ schema: '2.0', body: { elements } });
const text = (content: string, style: JsonObject = {}) => ({ tag: 'plain_text', content, ...style });
const button = (label: string, more: JsonObject = {}) => ({ tag: 'button', text: text(label), ...more });
const submit = button('Send', { name: 's', form_action_type: 'submit' });

describe('drawing', () => {
  it('shows the lines, links and buttons of our own cards', () => {
    const seen = drawCard(renderCard(message, { chat: 'p2p' }), handle);
    expect(seen.lines).toEqual([
      { text: 'Ticket 1001', kind: 'title' },
      { text: 'Printer *on* fire <b>&amp;', kind: 'text' },
      { text: 'Status: open', kind: 'fact', fact: { label: 'Status', value: 'open' } },
      { text: '1. Row', kind: 'item', mark: '1.', link: 'https://desk.example/1', buttons: ['Show'] },
      { text: 'note of it', kind: 'small', tight: true },
      { text: 'small print', kind: 'small' },
    ]);
    expect(seen.buttons).toEqual([
      { label: 'Show', style: 'default', url: null, after: 5 },
      { label: 'Assign', style: 'primary', url: null, after: 5 },
      { label: 'Open', style: 'default', url: 'https://desk.example/', after: 5 },
    ]);
    expect(seen.form).toBeNull();
  });

  it('shows the form of our own cards, with its faults in their places', () => {
    const seen = drawCard(renderCard({ title: form.title, form }, { chat: 'p2p' }), handle);
    expect(seen).toMatchObject({ lines: [{ text: 'New ticket', kind: 'title' }], buttons: [] });
    expect(seen.form).toMatchObject({ title: 'New ticket', submitLabel: 'Create', error: 'Try again' });
    expect(seen.form?.fields).toEqual([
      {
        name: 'title',
        label: 'Title',
        kind: 'text',
        required: true,
        value: '',
        choices: [],
        error: 'Too short',
      },
      {
        name: 'text',
        label: 'Description',
        kind: 'multiline',
        required: false,
        value: 'as it was',
        choices: [],
        error: null,
      },
      {
        name: 'board',
        label: 'Board',
        kind: 'choice',
        required: false,
        value: 'b2',
        choices: form.fields[2]?.choices,
        error: null,
      },
      {
        name: 'urgent',
        label: 'Urgent',
        kind: 'toggle',
        required: false,
        value: 'false',
        choices: [],
        error: null,
      },
    ]);
  });

  it('reads markdown as a client does', () => {
    const markdown = [
      '**Status:** *open*, [the page](https://desk.example/) &#42;&lt;',
      "<font color='red'>No</font>",
      '1. first',
    ].join('\n');
    const seen = drawCard(card({ tag: 'markdown', content: markdown }), handle);
    expect(seen.lines).toEqual([
      { text: 'Status: open, the page *<', kind: 'fact', link: 'https://desk.example/' },
      { text: 'No', kind: 'error', tight: true },
      { text: '1. first', kind: 'item', mark: '1.', tight: true },
    ]);
  });

  it('never fails on a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (line) => typeof drawMarkdown(line).text === 'string'),
    );
    const escaped = (line: string) => line.replace(/[^a-z\d]/gi, (sign) => `&#${sign.codePointAt(0)};`);
    fc.assert(fc.property(fc.string(), (line) => drawMarkdown(escaped(line)).text === line));
  });
});

describe('a card is refused', () => {
  const nested = (depth: number): JsonObject =>
    depth === 0
      ? { tag: 'hr' }
      : { tag: 'column_set', columns: [{ tag: 'column', elements: [nested(depth - 1)] }] };
  const select = (...values: string[]) => ({
    tag: 'select_static',
    name: 'c',
    options: values.map((value) => ({ text: text(value), value })),
  });
  const refused: [string, JsonObject, string][] = [
    ['without schema', { body: { elements: [] } }, 'schema'],
    ['without body', { schema: '2.0' }, 'body.elements'],
    ['with an element of version 1', card({ tag: 'action', actions: [] }), 'unsupported tag action'],
    ['with a note', card({ tag: 'note', elements: [] }), 'unsupported tag note'],
    ['with a button without text', card({ tag: 'button' }), 'button.text'],
    ['with an unknown behaviour', card(button('x', { behaviors: [{ type: 'submit' }] })), 'unknown behavior'],
    [
      'with a form in a column',
      card({ tag: 'column_set', columns: [{ tag: 'column', elements: [{ tag: 'form' }] }] }),
      'at the root',
    ],
    ['with a form without submit button', card({ tag: 'form', name: 'f', elements: [] }), 'no submit button'],
    [
      'with an input without name',
      card({ tag: 'form', name: 'f', elements: [{ tag: 'input' }, submit] }),
      'has no name',
    ],
    ['with a name twice', card({ tag: 'form', name: 's', elements: [submit] }), 'duplicate name s'],
    ['with a too long input', card({ tag: 'input', max_length: 1001 }), 'max_length'],
    ['with an empty list', card(select()), 'options is missing'],
    ['with a choice twice', card(select('a', 'a')), 'a value twice'],
    ['with a malformed element_id', card({ tag: 'hr', element_id: '1a' }), 'malformed element_id'],
    ['nested too deeply', card(nested(7)), 'nest too deeply'],
    ['with too many elements', card(...Array.from({ length: 201 }, () => ({ tag: 'hr' }))), 'more than 200'],
  ];
  it.each(refused)('%s', async (_, faulty, why) => {
    expect(faultOfCard(faulty)).toContain(why);
    const answered = await post(faulty);
    expect(answered).toMatchObject({ code: 230099, msg: expect.stringContaining(why) });
    expect(simulator.oracle.posts).toBe(0);
  });

  it('that is too long, and one that is none', async () => {
    const long = (length: number) => card({ tag: 'markdown', content: 'x'.repeat(length) });
    expect(await post(long(30_600))).toMatchObject({ code: 0 });
    expect(await post(long(30_720))).toMatchObject({ code: 230025 });
    const receive_id = simulator.scene().chat.id;
    const broken = { receive_id, msg_type: 'interactive', content: '{"schema":' };
    const url = '/im/v1/messages?receive_id_type=chat_id';
    expect(await call('POST', url, broken)).toMatchObject({ code: 230001 });
  });

  it('never throwing, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (value) => faultOfCard({ schema: '2.0', body: value as JsonValue }) !== undefined,
      ),
    );
    const tags = fc.constantFrom('form', 'column_set', 'button', 'input', 'select_static', 'div', 'markdown');
    const element = fc.record({
      tag: tags,
      text: fc.jsonValue(),
      elements: fc.jsonValue(),
      options: fc.jsonValue(),
    });
    const cards = fc.array(element).map((elements) => card(...(elements as JsonObject[])));
    fc.assert(
      fc.property(
        cards,
        (drawn) => drawCard(drawn, handle).lines.length >= 0 && faultOfCard(drawn) !== undefined,
      ),
    );
  });

  it('not, when it is one of ours', () => {
    expect(faultOfCard(renderCard({ ...message, form }, { chat: 'group' }))).toBeNull();
  });
});

describe('a press', () => {
  it('sends the value, and applies toast and card of the answer', async () => {
    const seen = await shown(renderCard(message, { chat: 'p2p' }));
    const next = renderCard({ title: 'Assigned', form }, { chat: 'p2p' });
    answer.body = { toast: { type: 'success', content: 'Done' }, card: { type: 'raw', data: next } };
    const gesture = await simulator.press(seen, 'Assign', { as: 'ben' });
    const { header, event } = lastEvent();
    expect(header).toMatchObject({ event_type: 'card.action.trigger', event_id: gesture.eventKey });
    expect(event).toMatchObject({
      operator: { open_id: simulator.people[1]?.platformUserId, tenant_key: 'org1' },
      action: {
        tag: 'button',
        value: { chat: 'p2p', deskbridge: { do: 'action', action: 'assign', nonce: 'n2' } },
      },
      context: { open_message_id: seen.id, open_chat_id: seen.conversation },
      token: expect.stringMatching(/^c-/),
    });
    expect(gesture.shown?.lines).toEqual([{ text: 'Done', kind: 'text' }]);
    expect(gesture.replaced).toMatchObject({ id: seen.id, versions: 2, text: 'Assigned' });
    expect(gesture.form?.title).toBe('Assigned');
    expect(simulator.oracle.findById(seen.id)?.history.map(({ kind }) => kind)).toEqual(['post', 'answer']);
    // The person has the older drawing still before them.
    expect(await simulator.press(seen, 'Show')).toMatchObject({ status: 200 });
    await expect(simulator.press(seen, 'Open')).rejects.toThrow('sends nothing');
    await expect(simulator.press(seen, 'Gone')).rejects.toThrow('Show, Assign, Open');
  });

  it('comes again as identical bytes, or as a second press', async () => {
    const seen = await shown(renderCard(message, { chat: 'p2p' }));
    const gesture = await simulator.press(seen, 'Assign');
    const same = await gesture.repeat('same');
    const later = await same.repeat('later');
    expect(bodies[1]).toBe(bodies[0]);
    expect(bodies[2]).not.toBe(bodies[0]);
    expect(same.eventKey).toBe(gesture.eventKey);
    expect(later.eventKey).not.toBe(gesture.eventKey);
    await call('DELETE', `/im/v1/messages/${seen.id}`, {});
    answer.body = { card: { type: 'raw', data: card() } };
    expect(await gesture.repeat('same')).toMatchObject({ status: 200, replaced: null });
    expect(simulator.oracle.findById(seen.id)?.history.map(({ kind }) => kind)).toEqual(['post', 'delete']);
  });

  it('shows a code when the answer is none', async () => {
    const seen = await shown(renderCard(message, { chat: 'p2p' }));
    const codeOf = async () => (await simulator.press(seen, 'Assign')).shown?.lines[0]?.text;
    answer.body = { card: { type: 'raw', data: { schema: '1.0' } } };
    expect(await codeOf()).toBe('code: 200673');
    answer.body = { card: card() };
    expect(await codeOf()).toBe('code: 200672');
    answer.body = { toast: { type: 'loud', content: 'x' } };
    expect(await codeOf()).toBe('code: 200672');
    answer = { status: 500, body: {}, delayMs: 0 };
    expect(await codeOf()).toBe('code: 200671');
    expect((await simulator.messages())[0]?.versions).toBe(1);
  });

  it('takes no answer after three seconds', async () => {
    const seen = await shown(renderCard(message, { chat: 'p2p' }));
    answer = { status: 200, body: { card: { type: 'raw', data: card() } }, delayMs: 3100 };
    const gesture = await simulator.press(seen, 'Assign');
    expect(gesture).toMatchObject({ status: 200, replaced: null, shown: { lines: [{ kind: 'error' }] } });
    expect((await simulator.messages())[0]?.versions).toBe(1);
  });
});

describe('a form', () => {
  it('sends what was filled in, and what stood there', async () => {
    const seen = await shown(renderCard({ title: form.title, form }, { chat: 'p2p' }));
    if (seen.card.form === null) throw new Error('no form');
    answer.body = { toast: { type: 'error', content: 'No' } };
    const gesture = await simulator.submit(seen.card.form, { title: 'Fire', board: 'First', urgent: 'true' });
    expect(lastEvent().event.action).toMatchObject({
      name: 'deskbridge_submit',
      value: { deskbridge: { do: 'submit', action: 'create_ticket' } },
      form_value: { title: 'Fire', text: 'as it was', board: 'b1', urgent: true },
    });
    expect(gesture.shown?.lines).toEqual([{ text: 'No', kind: 'error' }]);
    await expect(simulator.submit(seen.card.form, { colour: 'red' })).rejects.toThrow('no field "colour"');
    await expect(simulator.submit(seen.card.form, { board: 'Third' })).rejects.toThrow('no choice "Third"');
  });

  it('is not sent by its client with required fields empty or texts too long', async () => {
    const seen = await shown(renderCard({ title: form.title, form }, { chat: 'p2p' }));
    if (seen.card.form === null) throw new Error('no form');
    const empty = await simulator.press(seen, 'Create');
    expect(empty).toMatchObject({
      status: 0,
      form: { fields: [{ error: expect.stringContaining('required') }, {}, {}, {}] },
    });
    const long = await simulator.submit(seen.card.form, { title: 'x'.repeat(11) });
    expect(long.form?.fields[0]).toMatchObject({
      value: 'x'.repeat(11),
      error: expect.stringContaining('10'),
    });
    expect(bodies).toEqual([]);
  });
});

describe('an update', () => {
  it('by PATCH replaces a card of the app for fourteen days', async () => {
    const seen = await shown(renderCard(message, { chat: 'p2p' }));
    const content = JSON.stringify(renderCard({ title: 'Closed' }, { chat: 'p2p' }));
    const patch = () => call('PATCH', `/im/v1/messages/${seen.id}`, { content });
    const waiting = simulator.nextMessage({}, [seen]);
    expect(await patch()).toMatchObject({ code: 0 });
    expect(await waiting).toMatchObject({ id: seen.id, versions: 2, text: 'Closed' });
    expect(await call('PATCH', `/im/v1/messages/${seen.id}`, { content: '{}' })).toMatchObject({
      code: 230099,
    });
    const other = await shown(renderCard(message, { chat: 'p2p' }));
    now += 14 * 86_400_000 + 1;
    expect(await patch()).toMatchObject({ code: 230031 });
    expect(await call('DELETE', `/im/v1/messages/${seen.id}`, {})).toMatchObject({ code: 230009 });
    now -= 13 * 86_400_000 + 1;
    expect(await call('DELETE', `/im/v1/messages/${other.id}`, {})).toMatchObject({ code: 0 });
    expect(await call('PATCH', `/im/v1/messages/${other.id}`, { content })).toMatchObject({ code: 230011 });
  });

  it('by token comes after the answer, twice, within half an hour', async () => {
    const seen = await shown(renderCard(message, { chat: 'p2p' }));
    const update = (token: JsonValue | undefined, title: string) =>
      call('POST', '/interactive/v1/card/update', { token, card: renderCard({ title }, { chat: 'p2p' }) });
    answer.delayMs = 100;
    const pressed = simulator.press(seen, 'Assign');
    await expect.poll(() => bodies.length).toBe(1);
    const { token } = lastEvent().event;
    expect((await update(token, 'early')).code).not.toBe(0);
    await pressed;
    expect(await update(token, 'one')).toMatchObject({ code: 0 });
    expect(await update(token, 'two')).toMatchObject({ code: 0 });
    expect((await update(token, 'three')).code).not.toBe(0);
    expect((await simulator.messages())[0]).toMatchObject({ text: 'two', versions: 3 });
    await simulator.press(seen, 'Assign');
    now += 30 * 60_000;
    expect((await update(lastEvent().event.token, 'late')).code).not.toBe(0);
    expect((await update('c-unknown', 'x')).code).not.toBe(0);
  });
});
