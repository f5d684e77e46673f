/** Payloads of every kind become the right activity, and hostile ones never throw. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toActivity } from '../../../../bots/teams/to-activity.ts';
import type { Activity, Intent } from '../../../../src/kernel/activity.ts';
import type { JsonObject, JsonValue } from '../../../../src/kernel/canonical-json.ts';

const folder = new URL('../../../fixtures/teams/', import.meta.url);
const appId = '0c9a1f5e-7d1b-4a52-9d0e-5f0c7a3b2e11';
const organization = '8f1c2d3e-4b5a-4c6d-8e7f-9a0b1c2d3e4f';

interface Fixture {
  payload: JsonObject;
  expected: JsonObject;
}

function fixture(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
}

function translate(payload: JsonObject): Activity {
  const translation = toActivity(payload, appId);
  if (!translation.ok) throw new Error(translation.reason);
  return translation.activity;
}

/** A personal message of these fields. */
function message(fields: JsonObject): JsonObject {
  return { ...fixture('message-personal').payload, ...fields };
}

function invoke(name: string, value: JsonValue): Intent {
  return translate({ ...fixture('task-submit').payload, name, value }).intent;
}

describe('fixtures', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const names = files.map((file) => file.replace('.json', ''));

  it.each(names)('%s', (name) => {
    const { payload, expected } = fixture(name);
    const activity = translate(payload);
    expect(activity).toMatchObject(expected);
    expect(activity).toMatchObject({ platform: 'teams', appId, organization });
    if (activity.intent.kind !== 'ignored') expect(activity.eventKeys).toHaveLength(1);
  });
});

describe('organization', () => {
  const other = 'ffffffff-0000-4000-8000-000000000000';
  const { payload } = fixture('message-personal');
  const conversation = payload.conversation as JsonObject;

  it('is taken in lower case', () => {
    const upper = organization.toUpperCase();
    const activity = translate({
      ...payload,
      channelData: { tenant: { id: upper } },
      conversation: { ...conversation, tenantId: organization },
    });
    expect(activity.organization).toBe(organization);
  });

  it.each<[string, JsonObject, string]>([
    ['fields that disagree', { channelData: { tenant: { id: other } } }, 'organization_mismatch'],
    ['no channelData', { channelData: undefined }, 'organization_missing'],
    ['no tenant in channelData', { channelData: {} }, 'organization_missing'],
    ['no tenant in the conversation', { conversation: { id: 'a:1' } }, 'organization_missing'],
    ['a tenant that is no text', { channelData: { tenant: { id: 7 } } }, 'organization_missing'],
  ])('is refused with %s', (_, fields, reason) => {
    expect(toActivity({ ...payload, ...fields }, appId)).toEqual({ ok: false, reason });
  });

  it('need not be a strict GUID', () => {
    const id = 'aaaaaaaa-0000-4000-8000-0000000000001';
    const fields = { channelData: { tenant: { id } }, conversation: { ...conversation, tenantId: id } };
    expect(translate({ ...payload, ...fields }).organization).toBe(id);
  });
});

describe('event keys', () => {
  it('join conversation, type and id', () => {
    const activity = translate(message({ id: '17' }));
    expect(activity.eventKeys).toEqual([`${activity.reference?.platformConversationId}|message|17`]);
  });

  it('are hashed when long, and differ by every part', () => {
    const id = 'x'.repeat(400);
    const [key] = translate(message({ id })).eventKeys;
    expect(key).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(translate(message({ id: `${id}y` })).eventKeys).not.toEqual([key]);
  });

  it('are demanded of what is handled', () => {
    expect(toActivity(message({ id: undefined }), appId)).toEqual({ ok: false, reason: 'id_missing' });
    expect(translate(message({ id: undefined, type: 'typing' })).intent.kind).toBe('ignored');
  });
});

describe('a read receipt', () => {
  const receipt = (fields: JsonObject = {}) =>
    message({
      type: 'event',
      name: 'application/vnd.microsoft.readReceipt',
      value: { lastReadMessageId: '1763630050333' },
      ...fields,
    });

  it('is evidence of everything up to its message', () => {
    const activity = translate(receipt());
    expect(activity.intent).toEqual({
      kind: 'evidence',
      of: 'read',
      tokens: [],
      messageIds: [],
      readUpTo: '1763630050333',
    });
    expect(activity.reference?.platformConversationId).toEqual(expect.any(String));
    expect(activity).toMatchObject({ replyBy: 'message', messageId: null });
  });

  it('is the same however often it comes, and another by another person or of another message', () => {
    const [key] = translate(receipt({ id: '1' })).eventKeys;
    expect(translate(receipt({ id: '2' })).eventKeys).toEqual([key]);
    expect(translate(receipt({ id: undefined })).eventKeys).toEqual([key]);
    const value = { lastReadMessageId: '1763630050334' };
    expect(translate(receipt({ value })).eventKeys).not.toEqual([key]);
    expect(translate(receipt({ from: { id: '29:somebody' } })).eventKeys).not.toEqual([key]);
  });

  it.each<[string, JsonObject]>([
    ['without a message', { value: {} }],
    ['of another shape', { value: [1] }],
    ['with a message that is no text', { value: { lastReadMessageId: 7 } }],
    ['by a bot', { from: { id: '28:other' } }],
    ['which is another event', { name: 'application/vnd.microsoft.meetingStart' }],
  ])('%s is ignored', (_, fields) => {
    expect(translate(receipt(fields)).intent).toEqual({ kind: 'ignored', reason: 'event' });
  });
});

describe('typed text', () => {
  const bot = { type: 'mention', text: '<at>Deskbridge</at>', mentioned: { id: `28:${appId}` } };

  it.each<[string, string, JsonValue[], string]>([
    ['a mention in the middle', 'please <at>Deskbridge</at> help', [bot], 'please   help'],
    ['the bot mentioned twice', '<at>Deskbridge</at> <at>Deskbridge</at> help', [bot], 'help'],
    ['no mention', 'help', [], 'help'],
    ['no-break spaces', 'note 12:&nbsp;a\u00a0b', [], 'note 12: a b'],
    ['references decoded once', '&amp;lt;b&amp;gt; &#128512; &#x41;', [], '&lt;b&gt; 😀 A'],
    ['an impossible reference', '&#9999999; &bogus;', [], '&#9999999; &bogus;'],
    ['an unclosed mention', '<at>Deskbridge help', [bot], '<at>Deskbridge help'],
    ['a mention with attributes', '<at id="0">Ann</at> hi', [], 'Ann hi'],
    ['nothing', '', [], ''],
  ])('%s', (_, text, entities, expected) => {
    const { intent } = translate(message({ text, entities }));
    expect(intent).toEqual({ kind: 'command', text: expected, source: null });
  });

  it('loses its tags when it is HTML', () => {
    const text = '<p>note 12: <b>bold</b></p><p>next</p>';
    const { intent } = translate(message({ text, textFormat: 'html' }));
    expect(intent).toMatchObject({ text: 'note 12: bold\nnext' });
  });

  it.each([
    ['open tags', '<at'.repeat(33_000)],
    ['open mentions', '<at>'.repeat(25_000)],
    ['references', '&#'.repeat(50_000)],
    ['plain text', 'x'.repeat(100_000)],
  ])('of 100,000 characters takes no time: %s', (_, text) => {
    const started = performance.now();
    for (const textFormat of ['plain', 'html']) translate(message({ text, textFormat, entities: [bot] }));
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('data of buttons and forms', () => {
  const submit = { do: 'submit', action: 'add_note', input: { ticket: '1001' }, nonce: 'n' };

  it('takes what was filled in, but no other members', () => {
    const hostile = JSON.parse('{"__proto__":{"admin":true},"constructor":"x","note":"hi","list":[1]}');
    const data = { ...hostile, deskbridge: submit, msteams: { type: 'task/fetch' } };
    expect(invoke('task/submit', { data })).toEqual({
      kind: 'submit_form',
      action: 'add_note',
      input: { ticket: '1001', note: 'hi' },
      nonce: 'n',
      surface: 'quick_action',
    });
  });

  it('answers a button without anything of ours as unsupported', () => {
    expect(invoke('adaptiveCard/action', { action: { data: { do: 'action' } } })).toEqual({
      kind: 'unsupported',
      name: 'adaptiveCard/action',
    });
    expect(translate(message({ text: undefined, value: { some: 'data' } })).intent).toEqual({
      kind: 'unsupported',
      name: 'card',
    });
  });

  it('reads the text of a message whose value is not ours', () => {
    const { intent } = translate(message({ text: 'help', value: { some: 'data' } }));
    expect(intent).toMatchObject({ kind: 'command', text: 'help' });
  });

  it('opens an extension form anew when its data is not ours', () => {
    const value = { commandId: 'createTicket', data: { title: 'x' } };
    expect(invoke('composeExtension/submitAction', value)).toEqual({
      kind: 'open_form',
      action: 'create_ticket',
      input: {},
      surface: 'quick_action',
      source: null,
    });
  });

  it.each<[string, JsonValue]>([
    ['null', null],
    ['a text', 'x'],
    ['a list', [1, 2]],
    ['a number as action', { action: 7 }],
    ['another command', { commandId: 'other', parameters: 'x', queryOptions: 9 }],
  ])('does not stumble over %s as value', (_, value) => {
    for (const name of ['task/fetch', 'task/submit', 'adaptiveCard/action', 'composeExtension/query']) {
      expect(invoke(name, value)).toEqual({ kind: 'unsupported', name });
    }
  });

  it('does not follow data nested without end', () => {
    const depth = 20_000;
    const nested: JsonValue = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    const data = { deskbridge: { ...submit, input: { nested } } };
    expect(invoke('task/submit', { data })).toEqual({ kind: 'unsupported', name: 'task/submit' });
    expect(invoke('adaptiveCard/action', nested)).toMatchObject({ kind: 'unsupported' });
    expect(translate(message({ entities: [nested], from: nested })).person).toBeNull();
  });
});

describe('search', () => {
  it.each<[JsonObject, { skip: number; count: number }]>([
    [
      { skip: -5, count: 0 },
      { skip: 0, count: 1 },
    ],
    [
      { skip: 1e9, count: 500 },
      { skip: 10_000, count: 25 },
    ],
    [
      { skip: 1.5, count: 2.5 },
      { skip: 1, count: 2 },
    ],
    [{}, { skip: 0, count: 25 }],
  ])('clamps %o', (queryOptions, expected) => {
    const value = { commandId: 'searchRecords', parameters: [], queryOptions };
    expect(invoke('composeExtension/query', value)).toEqual({ kind: 'search', text: '', ...expected });
  });
});

it('names an invoke that nobody knows `unknown`, so that labels stay few', () => {
  expect(invoke(`made/up/${Math.random()}`, {})).toEqual({ kind: 'unsupported', name: 'unknown' });
});

it('never throws, whatever the payload', () => {
  const shaped = fc.record(
    {
      type: fc.oneof(
        fc.constantFrom('message', 'invoke', 'conversationUpdate', 'installationUpdate'),
        fc.json(),
      ),
      id: fc.jsonValue(),
      name: fc.constantFrom('task/submit', 'composeExtension/query', 'composeExtension/fetchTask', 'x'),
      text: fc.oneof(fc.string(), fc.jsonValue()),
      value: fc.jsonValue(),
      from: fc.jsonValue(),
      recipient: fc.jsonValue(),
      entities: fc.jsonValue(),
      membersAdded: fc.jsonValue(),
      conversation: fc.oneof(
        fc.jsonValue(),
        fc.record({ id: fc.string(), tenantId: fc.constant('o'), conversationType: fc.jsonValue() }),
      ),
      channelData: fc.oneof(fc.jsonValue(), fc.constant({ tenant: { id: 'o' } })),
      serviceUrl: fc.jsonValue(),
      locale: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(shaped, (payload) => {
      const translation = toActivity(payload as JsonObject, appId);
      if (translation.ok) JSON.stringify(translation.activity);
      else expect(translation.reason).toMatch(/^[a-z_]+$/);
    }),
    { numRuns: 500 },
  );
});
