/** Payloads of every kind become the right activity, and hostile ones never throw. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toActivity } from '../../../../bots/lark/to-activity.ts';
import type { Activity, Intent } from '../../../../src/kernel/activity.ts';
import type { JsonObject, JsonValue } from '../../../../src/kernel/canonical-json.ts';

const folder = new URL('../../../fixtures/lark/', import.meta.url);
const appId = 'cli_a4b7c1d2e3f40512';
const organization = '16c2f3d4a5b6e7f8';

interface Fixture {
  payload: JsonObject;
  expected: JsonObject;
}

const names = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''));

function fixture(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
}

function translate(payload: JsonObject): Activity {
  const translation = toActivity(payload, appId);
  if (!translation.ok) throw new Error(translation.reason);
  return translation.activity;
}

/** The fixture with these members of its event's `part` exchanged. */
function changed(name: string, part: string, fields: JsonObject): JsonObject {
  const { payload } = fixture(name);
  const event = payload.event as JsonObject;
  return { ...payload, event: { ...event, [part]: { ...(event[part] as JsonObject), ...fields } } };
}

function groupMessage(text: string, mentions: JsonValue): Intent {
  const content = JSON.stringify({ text });
  return translate(changed('message-group-mention', 'message', { content, mentions })).intent;
}

describe('fixtures', () => {
  it.each(names)('%s', (name) => {
    const { payload, expected } = fixture(name);
    const activity = translate(payload);
    expect(activity).toMatchObject(expected);
    expect(activity).toMatchObject({ platform: 'lark', appId, organization });
    if (activity.intent.kind !== 'ignored') expect(activity.eventKeys[0]).toBeTruthy();
    expect('deliveredOnce' in activity).toBe(activity.replyBy === 'answer');
  });

  it('are of every kind that the product answers', () => {
    const kinds = new Set(names.map((name) => translate(fixture(name).payload).intent.kind));
    expect([...kinds].sort()).toEqual([
      'command',
      'evidence',
      'ignored',
      'installed',
      'open_form',
      'press',
      'revoked',
      'submit_form',
      'uninstalled',
    ]);
  });
});

describe('a refusal', () => {
  const { payload } = fixture('message-p2p');

  it('meets an event without organization', () => {
    const header = { ...(payload.header as JsonObject), tenant_key: undefined };
    expect(toActivity({ ...payload, header }, appId)).toEqual({ ok: false, reason: 'organization_missing' });
  });

  it('meets an event without id, if it is to be handled', () => {
    const header = { ...(payload.header as JsonObject), event_id: undefined };
    expect(toActivity({ ...payload, header }, appId)).toEqual({ ok: false, reason: 'id_missing' });
    const read = fixture('reaction').payload;
    expect(
      translate({ ...read, header: { ...(read.header as JsonObject), event_id: '' } }).eventKeys,
    ).toEqual([]);
  });

  it.each([undefined, '', 'soon', '-5', '1e9'])('meets a withdrawal at the time %o', (ts) => {
    const uninstalled = fixture('app-uninstalled').payload;
    expect(toActivity({ ...uninstalled, ts }, appId)).toEqual({ ok: false, reason: 'time_missing' });
  });
});

it.each<[string, string]>([
  ['1763717643.5000000', '2025-11-21T09:34:03.500Z'],
  ['1763717643', '2025-11-21T09:34:03.000Z'],
  ['1763717643500', '2025-11-21T09:34:03.500Z'],
  ['1763717643500000', '2025-11-21T09:34:03.500Z'],
])('a withdrawal at %s', (ts, at) => {
  const { intent } = translate({ ...fixture('app-uninstalled').payload, ts });
  expect(intent).toEqual({ kind: 'revoked', reason: 'app_uninstalled', at: new Date(at) });
});

describe('event keys', () => {
  it('are hashed when long, and differ by every character', () => {
    const long = (id: string) =>
      translate(changed('message-p2p', 'message', { message_id: id })).eventKeys[1];
    const id = 'x'.repeat(199);
    expect(long(id)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(long(id)).not.toBe(long(`${id}y`));
  });

  it('of a message that comes in both versions have one in common', () => {
    const { eventKeys } = translate(fixture('message-v1').payload);
    const again = translate(changed('message-p2p', 'message', { message_id: 'om_v1' })).eventKeys;
    expect(eventKeys.filter((key) => again.includes(key))).toEqual(['msg:om_v1']);
  });
});

describe('mentions', () => {
  const bot = { key: '@_user_1', id: { open_id: 'ou_bot' }, name: 'Deskbridge', mentioned_type: 'bot' };
  const person = (n: number, name: string) => ({
    key: `@_user_${n}`,
    id: { open_id: `ou_${n}` },
    name,
    mentioned_type: 'user',
  });

  it.each<[string, string, JsonValue, string]>([
    ['tell tens from ones', '@_user_1 a @_user_10 b', [bot, person(10, 'Ben')], 'a Ben b'],
    ['of the bot go, each of them', '@_user_1 help @_user_1', [bot], 'help'],
    ['in a name stay a name', '@_user_1 @_user_2', [bot, person(2, '@_user_1')], '@_user_1'],
    ['without a list stay as they came', '@_user_1 @_user_7', [bot], '@_user_7'],
    ['of the bot alone leave nothing', '@_user_1', [bot], ''],
  ])('%s', (_, text, mentions, expected) => {
    expect(groupMessage(text, mentions)).toEqual({ kind: 'command', text: expected, source: null });
  });

  it.each<[string, JsonValue]>([
    ['no list', null],
    ['nobody', []],
    ['a person', [person(1, 'Ben')]],
    ['another bot, as its app says', [{ ...bot, bot_info: { app_id: 'cli_other' } }]],
    ['something else', ['x', 7, null, { key: 3 }]],
  ])('of %s are not for us', (_, mentions) => {
    expect(groupMessage('@_user_1 help', mentions)).toEqual({ kind: 'ignored', reason: 'not_mentioned' });
  });

  it('of our app are for us, beside another bot', () => {
    const ours = { ...bot, bot_info: { app_id: appId } };
    const other = { ...bot, key: '@_user_2', name: 'Other', bot_info: { app_id: 'cli_other' } };
    expect(groupMessage('@_user_2 @_user_1 help', [other, ours])).toMatchObject({ text: 'Other   help' });
  });

  it('between two, without a type, are of people', () => {
    const mentions = [{ ...person(1, 'Ben'), mentioned_type: undefined }];
    const content = JSON.stringify({ text: 'assign 1004 to @_user_1' });
    const { intent } = translate(changed('message-p2p', 'message', { content, mentions }));
    expect(intent).toMatchObject({ text: 'assign 1004 to Ben' });
  });
});

describe('typed text', () => {
  function typed(kind: string, content: JsonValue): string | Intent {
    const fields = { message_type: kind, content: JSON.stringify(content) };
    const { intent } = translate(changed('message-p2p', 'message', fields));
    return intent.kind === 'command' ? intent.text : intent;
  }

  it.each<[string, string]>([
    ['[https://a.test/x](https://a.test/x)', 'https://a.test/x'],
    ['[a.test](https://a.test/)', 'a.test'],
    ['see [the page](https://a.test/x), ok', 'see the page (https://a.test/x), ok'],
    ['[x](javascript:alert(1)) [y](z)', '[x](javascript:alert(1)) [y](z)'],
    ['note 12: a[0](b) <b>', 'note 12: a[0](b) <b>'],
    ['  two\n lines ', 'two\n lines'],
  ])('of %o', (text, expected) => {
    expect(typed('text', { text })).toBe(expected);
  });

  it.each<[string, JsonValue, string]>([
    ['a language', { zh_cn: { title: '', content: [[{ tag: 'text', text: '帮助' }]] } }, '帮助'],
    [
      'no title',
      { content: [[{ tag: 'md', text: 'a' }], [], [{ tag: 'hr' }], [{ tag: 'text', text: 'b' }]] },
      'a\n\nb',
    ],
    [
      'odd parts',
      { title: 7, content: [3, null, [null, { tag: 'text' }, { tag: 'a', href: 'https://a.test' }]] },
      'https://a.test',
    ],
    [
      'everybody',
      {
        content: [
          [
            { tag: 'at', user_id: 'all' },
            { tag: 'at', user_id: 'ou_9', user_name: 'Zoe' },
          ],
        ],
      },
      '@allZoe',
    ],
  ])('of rich text with %s', (_, content, expected) => {
    expect(typed('post', content)).toBe(expected);
  });

  it.each<[string, JsonValue]>([
    ['text', {}],
    ['text', { text: 7 }],
    ['post', { title: 'x' }],
    ['post', []],
    ['sticker', { file_key: 'f' }],
    ['interactive', { title: 'x', elements: [] }],
  ])('of %s %o is none', (kind, content) => {
    expect(typed(kind, content)).toEqual({ kind: 'ignored', reason: 'other_message' });
  });

  it.each([
    ['open links', '['.repeat(100_000)],
    ['labels', `[${'x'.repeat(99_999)}`],
    ['links', '[a](https://'.repeat(8_000)],
    ['mentions', '@_user_'.repeat(14_000)],
    ['markup', '<at'.repeat(33_000)],
    ['open markup', '<at>'.repeat(25_000)],
  ])('of 100,000 characters takes no time: %s', (_, text) => {
    const started = performance.now();
    typed('text', { text });
    typed('post', { content: [[{ tag: 'text', text }]] });
    for (const msg_type of ['text', 'post']) {
      const { payload } = fixture('message-v1');
      const event = { ...(payload.event as JsonObject), msg_type, text_without_at_bot: text };
      translate({ ...payload, event });
    }
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('cards', () => {
  const act = (action: JsonObject) => translate(changed('card-button', 'action', action));
  const value = { deskbridge: { do: 'submit', action: 'add_note', input: {}, nonce: 'n' }, chat: 'p2p' };

  it.each<[string, JsonObject, JsonObject]>([
    ['an input', { input_value: 'hi' }, { note: 'hi' }],
    ['a menu', { option: 'high' }, { note: 'high' }],
    ['a checker', { checked: true }, { note: true }],
    ['nothing', {}, {}],
    ['a form before them', { form_value: { a: 'b' }, option: 'x' }, { a: 'b' }],
  ])('bring what %s holds', (_, fields, input) => {
    expect(act({ value, name: 'note', ...fields }).intent).toMatchObject({ kind: 'submit_form', input });
  });

  it('do not take members that could reach a prototype', () => {
    const form_value = JSON.parse('{"__proto__":{"admin":true},"constructor":"x","note":"hi","list":[1]}');
    const { intent } = act({ value, form_value });
    expect(intent).toMatchObject({ input: { note: 'hi' } });
    expect(Object.keys((intent as { input: JsonObject }).input)).toEqual(['note']);
  });

  it.each<JsonValue>([null, 'x', {}, { deskbridge: 'x' }, { deskbridge: { do: 'other' } }])(
    'of somebody else (%o) are unsupported, and still answered',
    (other) => {
      const activity = act({ value: other });
      expect(activity.intent).toEqual({ kind: 'unsupported', name: 'card.action.trigger' });
      expect(activity).toMatchObject({ replyBy: 'answer', reference: null, cardMessageId: null });
    },
  );

  it('name no conversation when they do not say of which kind it is', () => {
    expect(act({ value: { deskbridge: value.deskbridge } }).reference).toBeNull();
  });

  it('do not follow data nested without end', () => {
    const nested: JsonValue = JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`);
    const deskbridge = { do: 'form', action: 'add_note', input: { nested } };
    expect(act({ value: { deskbridge, chat: 'p2p' } }).intent.kind).toBe('unsupported');
  });
});

it('does not take an entry of the menu that is not ours', () => {
  const { payload } = fixture('menu-my-tickets');
  const event = { ...(payload.event as JsonObject), event_key: 'assign_ticket' };
  expect(translate({ ...payload, event }).intent).toEqual({ kind: 'ignored', reason: 'other_menu' });
});

describe('what was read', () => {
  const read = (fields: JsonObject) => {
    const { payload } = fixture('message-read');
    return translate({ ...payload, event: { ...(payload.event as JsonObject), ...fields } });
  };

  it('is evidence for each message whose id can be one', () => {
    const message_id_list = ['om_1', 7, '../x', '', null, 'om_2', 'x'.repeat(201)];
    expect(read({ message_id_list }).intent).toMatchObject({ messageIds: ['om_1', 'om_2'], readUpTo: null });
  });

  it('counts without a reader, and is ignored without a message', () => {
    expect(read({ reader: 'nobody' })).toMatchObject({ person: null, intent: { kind: 'evidence' } });
    for (const message_id_list of [[], [1], 'om_1', null]) {
      expect(read({ message_id_list }).intent).toEqual({ kind: 'ignored', reason: 'message_read' });
    }
  });
});

it('counts an event that nobody knows as `other`, so that labels stay few', () => {
  const { payload } = fixture('message-read');
  const header = { ...(payload.header as JsonObject), event_type: `made.up_${Math.random()}` };
  expect(translate({ ...payload, header }).intent).toEqual({ kind: 'ignored', reason: 'other' });
});

describe('whatever the payload, it never throws', () => {
  function check(payload: unknown): void {
    const translation = toActivity(payload as JsonObject, appId);
    if (translation.ok) JSON.stringify(translation.activity);
    else expect(translation.reason).toMatch(/^[a-z_]+$/);
  }

  it('arbitrary', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (payload) => check(payload)),
      { numRuns: 300 },
    );
  });

  it('good with one part replaced', () => {
    const hostile = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<JsonValue>('', 'x'.repeat(5_000), 0, -1, 1e308, [[]], { toString: 1 }, '\ud800'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), hostile, (name, at, value) => {
        check(withPart(fixture(name).payload, at, value));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The payload with the part that comes at that place of a walk through it exchanged. */
function withPart(payload: JsonObject, at: number, value: JsonValue): JsonObject {
  const slots: { holder: JsonObject; key: string }[] = [];
  const walk = (node: JsonValue | undefined): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      slots.push({ holder: node as JsonObject, key });
      walk(child);
    }
  };
  walk(payload);
  const slot = slots[at % slots.length];
  if (slot !== undefined) slot.holder[slot.key] = value;
  return payload;
}
