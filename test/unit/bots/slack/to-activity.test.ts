/** Payloads of every kind, from the raw request on, become the right activity, and hostile ones never throw. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metadataOf, metadataType, tokenOf } from '../../../../bots/slack/metadata.ts';
import { toActivity } from '../../../../bots/slack/to-activity.ts';
import { createSlackReceiver } from '../../../../bots/slack/verify.ts';
import type { Activity } from '../../../../src/kernel/activity.ts';
import type { JsonObject, JsonValue } from '../../../../src/kernel/canonical-json.ts';
import type { Translation } from '../../../../src/kernel/platform.ts';
import { appId, environment, registration, requestOf, type Sample, sample, sampleNames } from './samples.ts';

const receiver = createSlackReceiver(environment([registration()]));
const handshakes = ['url-verification'];
const translatable = sampleNames.filter((name) => !handshakes.includes(name));

function translateBody(kind: Sample['kind'], body: JsonObject): Translation {
  return toActivity({ kind, body, requestKey: 'sha256:request' }, appId);
}

function translate(kind: Sample['kind'], body: JsonObject): Activity {
  const translation = translateBody(kind, body);
  if (!translation.ok) throw new Error(translation.reason);
  return translation.activity;
}

/** A sample's event with other fields, or other fields of its envelope. */
function event(name: string, fields: JsonObject, envelope: JsonObject = {}): Activity {
  const { body } = sample(name);
  return translate('event', { ...body, ...envelope, event: { ...(body.event as JsonObject), ...fields } });
}

function interaction(name: string, fields: JsonObject): Activity {
  return translate('interaction', { ...sample(name).body, ...fields });
}

function textOf(text: string): string {
  const { intent } = event('message-im', { text });
  return intent.kind === 'command' ? intent.text : intent.kind;
}

describe('replay', () => {
  it.each(translatable)('%s', async (name) => {
    const recorded = sample(name);
    expect(recorded._source).toMatch(/^https:\/\/docs\.slack\.dev\//);
    const verification = await receiver.verify(requestOf(recorded));
    if (!verification.ok || 'handshake' in verification) throw new Error(JSON.stringify(verification));
    const translation = toActivity(verification.payload, verification.appId);
    if (!translation.ok) throw new Error(translation.reason);
    const { activity } = translation;
    const plain = JSON.parse(JSON.stringify(activity));
    expect(plain).toMatchObject({
      platform: 'slack',
      appId,
      organization: 'T0ACME00001',
      ...recorded.expected,
    });
    expect(activity.eventKeys.length === 0).toBe(activity.intent.kind === 'ignored');
    if (recorded.kind !== 'event') expect(activity.deliveredOnce).toBe(true);
    else expect(activity).not.toHaveProperty('deliveredOnce');
  });

  it.each(handshakes)('%s', async (name) => {
    const recorded = sample(name);
    const verification = await receiver.verify(requestOf(recorded));
    expect(verification).toEqual({ ok: true, ...recorded.expected });
  });
});

describe('organization of an event', () => {
  it('is the installing workspace, never the one that a shared channel adds', () => {
    const foreign = { team_id: 'T0FAR000001', context_team_id: 'T0ACME00001' };
    expect(event('app-mention', {}, foreign).organization).toBe('T0ACME00001');
    expect(event('app-mention', {}, { ...foreign, authorizations: [] }).organization).toBe('T0ACME00001');
    expect(event('app-mention', {}, { ...foreign, authorizations: [null] }).organization).toBe('T0ACME00001');
  });

  it('is the enterprise when the flag is a text', () => {
    const authorizations = [{ enterprise_id: 'E1', team_id: 'T1', is_enterprise_install: 'true' }];
    expect(event('app-mention', {}, { authorizations }).organization).toBe('E1');
  });

  it('is never the workspace where an enterprise is said, but none named', () => {
    const authorizations = [{ enterprise_id: null, team_id: 'T1', is_enterprise_install: true }];
    const body = { ...sample('app-mention').body, authorizations };
    expect(translateBody('event', body)).toEqual({ ok: false, reason: 'organization_missing' });
  });

  it.each<[Sample['kind'], string, JsonObject]>([
    ['event', 'app-mention', { authorizations: [], team_id: undefined, context_team_id: 7 }],
    ['command', 'slash-command', { team_id: '' }],
    ['command', 'slash-command', { is_enterprise_install: 'true' }],
    ['interaction', 'shortcut-global', { team: null }],
    ['interaction', 'shortcut-global', { is_enterprise_install: 'true', enterprise: { id: 9 } }],
  ])('is demanded: %s %s %o', (kind, name, fields) => {
    const body = { ...sample(name).body, ...fields };
    expect(translateBody(kind, body)).toEqual({ ok: false, reason: 'organization_missing' });
  });
});

describe('messages', () => {
  it.each<[string, string, JsonObject, string]>([
    ['another app', 'message-im', { bot_id: 'B1', app_id: 'A0OTHER0001' }, 'bot'],
    ['a bot without an app', 'message-im', { bot_id: 'B1' }, 'bot'],
    ['Slackbot', 'message-im', { user: 'USLACKBOT' }, 'bot'],
    ['our own user', 'message-im', { user: 'U0DESKBOT01' }, 'echo'],
    ['our app in a mention of ourselves', 'app-mention', { bot_id: 'B1', app_id: appId }, 'echo'],
    ['a changed topic', 'message-im', { subtype: 'channel_topic' }, 'subtype'],
    ['nobody', 'message-im', { user: undefined }, 'no_author'],
    ['somebody about somebody else', 'message-mpim-mention', { text: '<@U0BOB000001> help' }, 'no_mention'],
    ['somebody about a longer id', 'message-mpim-mention', { text: '<@U0DESKBOT012> help' }, 'no_mention'],
  ])('by %s are ignored', (_, name, fields, reason) => {
    const activity = event(name, fields);
    expect(activity).toMatchObject({ intent: { kind: 'ignored', reason }, eventKeys: [], reference: null });
  });

  it('in a channel are ignored while the bot is not known', () => {
    const authorizations = [{ team_id: 'T1', user_id: 'U0DESKBOT01', is_bot: false }];
    expect(event('message-channel-mention', {}, { authorizations }).intent.kind).toBe('ignored');
  });

  it('that mention a bot that is not known lose the mention they begin with', () => {
    const text = '<@U0DESKBOT01> assign 1002 to <@U0BOB000001|bob>';
    const { intent } = event('app-mention', { text }, { authorizations: [] });
    expect(intent).toMatchObject({ kind: 'command', text: 'assign 1002 to @bob' });
  });

  it('and their mentions share the key of the message', () => {
    const [first, second] = event('app-mention', {}).eventKeys;
    const twin = event('message-channel-mention', {}, { event_id: 'Ev0DESK00002' }).eventKeys;
    expect(twin[1]).toBe(second);
    expect(twin[0]).not.toBe(first);
  });

  it('are in no thread when they are its root', () => {
    const { ts } = sample('app-mention').body.event as { ts: string };
    expect(event('app-mention', { thread_ts: ts }).reference?.threadId).toBeNull();
  });

  it.each<[JsonObject, string | null]>([
    [{ channel: 'C1' }, 'channel'],
    [{ channel: 'C1', channel_type: 'group' }, 'channel'],
    [{ channel: 'G1' }, 'group'],
    [{ channel: 'C1', channel_type: 'mpim' }, 'group'],
    [{ channel: 'D1' }, 'personal'],
    [{ channel: 'X1' }, null],
  ])('from %o are in a conversation of kind %s', (fields, type) => {
    expect(event('app-mention', fields).reference?.type ?? null).toBe(type);
  });

  it.each<[JsonObject, JsonObject, string]>([
    [{}, { event_id: undefined }, 'id_missing'],
    [{ ts: undefined }, {}, 'message_incomplete'],
    [{ channel: 7 }, {}, 'message_incomplete'],
  ])('without %o %o are refused', (fields, envelope, reason) => {
    const { body } = sample('app-mention');
    const whole = { ...body, ...envelope, event: { ...(body.event as JsonObject), ...fields } };
    expect(translateBody('event', whole)).toEqual({ ok: false, reason });
  });
});

describe('what Slack tells of a message of ours', () => {
  const metadata = (token: JsonValue, event_type = 'deskbridge_message'): JsonObject => ({
    metadata: { event_type, event_payload: { token } },
  });

  it.each<[string, string, JsonObject, string]>([
    ['by another app’s metadata', 'message-metadata-posted', { app_id: 'A0OTHER0001' }, 'metadata'],
    ['of another type', 'message-metadata-posted', metadata('t', 'task_created'), 'metadata'],
    [
      'without a token',
      'message-metadata-posted',
      { metadata: { event_type: 'deskbridge_message' } },
      'metadata',
    ],
    ['with a token of another form', 'message-metadata-posted', metadata('a b'), 'metadata'],
    ['with a token that is none', 'message-metadata-posted', metadata({ a: 1 }), 'metadata'],
    ['nowhere', 'message-metadata-posted', { channel_id: null }, 'metadata'],
    ['at no time', 'message-metadata-posted', { message_ts: null }, 'metadata'],
    ['after a change', 'message-echo-metadata', { subtype: 'message_changed' }, 'echo'],
    ['without metadata', 'message-echo-metadata', { metadata: null }, 'echo'],
  ])('%s is no evidence', (_, name, fields, reason) => {
    expect(event(name, fields)).toMatchObject({ intent: { kind: 'ignored', reason }, eventKeys: [] });
  });

  it('is evidence once, though it comes twice', () => {
    const [posted, echoed] = ['message-metadata-posted', 'message-echo-metadata'].map((name) =>
      event(name, {}),
    );
    expect(posted?.eventKeys[1]).toBe(echoed?.eventKeys[1]);
  });

  it('is nothing of ours when a person or another app copies it', () => {
    const copied = metadata('019a9c1e-0000-7000-8000-000000000001');
    expect(event('message-im', copied).intent.kind).toBe('command');
    expect(event('message-bot', copied).intent).toMatchObject({ kind: 'ignored' });
  });

  it('carries the token that it was posted with', () => {
    fc.assert(
      fc.property(fc.uuid(), (token) => {
        expect(tokenOf(metadataOf(token))).toBe(token);
        expect(tokenOf(JSON.parse(JSON.stringify(metadataOf(token))))).toBe(token);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(tokenOf(value)).toBeNull();
        expect(tokenOf({ event_type: metadataType, event_payload: value })).toBeNull();
      }),
    );
  });
});

describe('text', () => {
  it.each<[string, string]>([
    ['a &lt;b&gt; &amp;amp; c', 'a <b> &amp; c'],
    ['<@U1> and <@U2|bob>', '@U1 and @bob'],
    ['<#C1> and <#C2|general>', '#C1 and #general'],
    ['<!here> <!channel|@channel> <!subteam^S1> <!subteam^S2|@ops>', '@here @channel @S1 @ops'],
    ['<!date^1392734382^{date}|18 Feb>', '18 Feb'],
    ['<https://a.example/x>', 'https://a.example/x'],
    ['<http://a.example|a.example>', 'a.example'],
    ['<https://evil.example|a.example>', 'a.example (https://evil.example)'],
    ['<mailto:ann@acme.test|ann@acme.test>', 'ann@acme.test'],
    ['<mailto:ann@acme.test|Ann>', 'Ann (ann@acme.test)'],
    ['<tel:+123>', '+123'],
    ['a\u00a0b', 'a b'],
    ['1 < 2 > <> <b> <@> <', '1 < 2 > <> <b> <@> <'],
    ['<@U0DESKBOT01> <@U0DESKBOT01|desk> help', 'help'],
  ])('%s', (text, expected) => {
    expect(textOf(text)).toBe(expected);
  });

  it.each([
    ['open brackets', '<'.repeat(100_000)],
    ['open mentions', '<@'.repeat(50_000)],
    ['mentions', '<@U1|'.repeat(20_000)],
    ['escapes', '&amp;'.repeat(20_000)],
    ['plain text', 'x'.repeat(100_000)],
  ])('of 100,000 characters takes no time: %s', (_, text) => {
    const started = performance.now();
    textOf(text);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('the app itself', () => {
  it('is revoked at the moment that the event names, and not without one', () => {
    const { intent } = event('app-uninstalled', {});
    expect(intent).toEqual({
      kind: 'revoked',
      reason: 'app_uninstalled',
      at: new Date('2025-11-20T09:14:03Z'),
    });
    const body = { ...sample('app-uninstalled').body, event_time: '1763630043' };
    expect(translateBody('event', body)).toEqual({ ok: false, reason: 'time_missing' });
  });

  it('lives on when tokens of nobody are revoked', () => {
    for (const tokens of [{}, { bot: [] }, { bot: 'U1' }, null]) {
      expect(event('tokens-revoked', { tokens }).intent.kind).toBe('ignored');
    }
  });

  it.each(['group_left', 'channel_deleted', 'group_deleted'])('is out of a channel by %s', (type) => {
    expect(event('channel-left', { type })).toMatchObject({
      intent: { kind: 'uninstalled' },
      reference: { platformConversationId: 'C0OPS000001' },
    });
  });

  it('is out of a channel when its user left, not when somebody did', () => {
    const left = { type: 'member_left_channel' };
    expect(event('bot-joined-channel', left).intent.kind).toBe('uninstalled');
    expect(event('member-joined-channel', left).intent).toEqual({ kind: 'ignored', reason: 'leave' });
  });
});

describe('event keys', () => {
  it('fall back on the request, and are hashed when long', () => {
    expect(interaction('shortcut-global', { trigger_id: undefined }).eventKeys).toEqual(['sha256:request']);
    const long = interaction('shortcut-global', { trigger_id: '1'.repeat(300) });
    expect(long.eventKeys[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
    const other = interaction('shortcut-global', { trigger_id: `${'1'.repeat(299)}2` });
    expect(other.eventKeys).not.toEqual(long.eventKeys);
  });
});

describe('buttons', () => {
  const withValue = (value: JsonValue) =>
    interaction('block-actions-message', { actions: [{ value }] }).intent;

  it.each<[string, JsonValue]>([
    ['no JSON', 'click_me_123'],
    ['no object', '[1]'],
    ['a submission', JSON.stringify({ do: 'submit', action: 'log_time', input: {}, nonce: 'n' })],
    ['a number', 7],
  ])('with %s are not ours', (_, value) => {
    expect(withValue(value)).toEqual({ kind: 'unsupported', name: 'card' });
  });

  it('without a nonce that passes are old cards', () => {
    const value = JSON.stringify({ do: 'action', action: 'set_status', input: {} });
    expect(withValue(value)).toMatchObject({ kind: 'press', nonce: null });
  });

  it('never answer by an address that cannot be called', () => {
    const activity = interaction('block-actions-ephemeral', { response_url: 'file:///etc/passwd' });
    expect(activity).not.toHaveProperty('responseUrl');
  });

  it.each([
    ['mpdm-ann--bob-1', 'group'],
    ['im', 'channel'],
    ['directmessage', 'channel'],
  ])('in a conversation named %s are in a %s', (name, type) => {
    const channel = { id: 'C0OPS000001', name };
    expect(interaction('block-actions-message', { channel }).reference?.type).toBe(type);
  });

  it('without a value are links, and none at all is nothing of ours', () => {
    const actions = [{ type: 'button', action_id: 'deskbridge:1' }];
    const link = interaction('block-actions-message', { actions }).intent;
    expect(link).toEqual({ kind: 'ignored', reason: 'link' });
    const none = interaction('block-actions-message', { actions: [] }).intent;
    expect(none).toEqual({ kind: 'unsupported', name: 'card' });
  });

  it('of messages for everybody are not answered to one person', () => {
    expect(interaction('block-actions-message', {})).not.toHaveProperty('responseUrl');
  });
});

describe('modals', () => {
  const { view } = sample('view-submission').body as { view: JsonObject };
  const submit = (fields: JsonObject) => interaction('view-submission', { view: { ...view, ...fields } });
  const input = (values: JsonObject) => {
    const { intent } = submit({ state: { values } });
    return intent.kind === 'submit_form' ? intent.input : intent.kind;
  };

  it.each<[string, JsonObject]>([
    ['of another name', { callback_id: 'other' }],
    ['without metadata', { private_metadata: '' }],
    ['with foreign metadata', { private_metadata: '{"interaction":{"do":"action"}}' }],
    [
      'with a button in the metadata',
      { private_metadata: JSON.stringify({ interaction: { do: 'form', action: 'x', input: {} } }) },
    ],
  ])('%s are not ours', (_, fields) => {
    expect(submit(fields).intent).toEqual({ kind: 'unsupported', name: 'modal' });
  });

  it('give each kind of field as text', () => {
    const element = (fields: JsonObject) => ({ value: fields });
    expect(
      input({
        a: element({ type: 'radio_buttons', selected_option: { value: 'x' } }),
        b: element({ type: 'users_select', selected_user: 'U1' }),
        c: element({ type: 'datepicker', selected_date: '2025-11-20' }),
        d: element({ type: 'static_select', selected_option: null }),
        e: { other: { type: 'plain_text_input', value: 'not a field of ours' } },
        f: element({ type: 'unheard_of', value: 7 }),
      }),
    ).toEqual({ ticket: '1002', a: 'x', b: 'U1', c: '2025-11-20', d: '', f: '' });
  });

  it('take no reserved name for a field', () => {
    const values = JSON.parse('{"__proto__":{"value":{"type":"plain_text_input","value":"x"}}}');
    const read = input(values);
    expect(Object.keys(read)).toEqual(['ticket']);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it('answer where the form was opened, unless that was the person alone', () => {
    const metadata = JSON.parse(String(view.private_metadata));
    const from = (fields: JsonObject) =>
      submit({ private_metadata: JSON.stringify({ ...metadata, ...fields }) }).replyReference;
    expect(from({ channel: 'U0ANN000001' })).toBeUndefined();
    expect(from({ channel: undefined })).toBeUndefined();
    expect(from({ channel: 'D1', type: 'personal', thread: undefined })).toMatchObject({
      type: 'personal',
      platformUserId: 'U0ANN000001',
      threadId: null,
    });
    expect(from({ channel: 'C1', type: 'group' })).toMatchObject({ type: 'group' });
  });
});

describe('shortcuts', () => {
  it.each([
    ['shortcut-global', 'create_ticket_from_message'],
    ['message-action', 'create_ticket'],
    ['message-action', 'other'],
  ])('%s with %s is not ours', (name, callback_id) => {
    expect(interaction(name, { callback_id }).intent).toEqual({ kind: 'unsupported', name: 'shortcut' });
  });

  it.each<[JsonObject]>([
    [{ team: { id: 'T1', domain: 'evil.example/' } }],
    [{ channel: { id: '../x' } }],
    [{ message: { ts: '12', text: 'x' } }],
    [{ message: undefined }],
  ])('have no address for %o', (fields) => {
    expect(interaction('message-action', fields).intent).toMatchObject({ source: { url: null } });
  });

  it('name the author where the payload does', () => {
    const author = (message: JsonObject) => interaction('message-action', { message }).intent;
    expect(author({ user: 'U0ANN000001', text: 'x' })).toMatchObject({ source: { authorName: 'ann' } });
    expect(author({ bot_profile: { name: 'Monitor' } })).toMatchObject({ source: { authorName: 'Monitor' } });
  });
});

it('names an interaction that nobody knows `unknown`, so that labels stay few', () => {
  expect(interaction('block-suggestion', { type: `made_up_${Math.random()}` }).intent).toEqual({
    kind: 'unsupported',
    name: 'unknown',
  });
});

describe('never throws', () => {
  const check = (payload: JsonObject) => {
    const translation = toActivity(payload, appId);
    if (translation.ok) {
      JSON.stringify(translation.activity);
      for (const key of translation.activity.eventKeys) expect(key.length).toBeLessThanOrEqual(200);
    } else expect(translation.reason).toMatch(/^[a-z_]+$/);
  };

  it('whatever the payload', () => {
    const shaped = fc.record({
      kind: fc.constantFrom('event', 'interaction', 'command', 'other'),
      requestKey: fc.constantFrom('k', '', 7),
      body: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
    });
    fc.assert(
      fc.property(fc.oneof(shaped, fc.dictionary(fc.string(), fc.jsonValue())), (payload) =>
        check(payload as JsonObject),
      ),
      { numRuns: 500 },
    );
  });

  it('whatever became of a sample', () => {
    const paths = new Map(translatable.map((name) => [name, pathsOf(sample(name).body)]));
    const mutated = fc.constantFrom(...translatable).chain((name) =>
      fc.tuple(
        fc.constant(name),
        fc.array(fc.tuple(fc.constantFrom(...(paths.get(name) ?? [])), fc.jsonValue()), {
          minLength: 1,
          maxLength: 4,
        }),
      ),
    );
    fc.assert(
      fc.property(mutated, ([name, changes]) => {
        const { kind, body } = sample(name);
        for (const [path, value] of changes) put(body, path, value as JsonValue);
        check({ kind, body, requestKey: 'k' });
      }),
      { numRuns: 2000 },
    );
  });

  it('when data is nested without end', () => {
    const depth = 20_000;
    const nested: JsonValue = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    for (const name of ['app-mention', 'view-submission', 'block-actions-message', 'slash-command']) {
      const { kind, body } = sample(name);
      for (const member of Object.keys(body))
        check({ kind, body: { ...body, [member]: nested }, requestKey: 'k' });
    }
    const deepText = `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`;
    const actions = [{ value: deepText }];
    expect(interaction('block-actions-message', { actions }).intent.kind).toBe('unsupported');
  });
});

type Path = (string | number)[];

/** Every place of a JSON value. */
function pathsOf(value: JsonValue | undefined, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...at, key]));
  return at.length === 0 ? inner : [at, ...inner];
}

function put(root: JsonObject, path: Path, value: JsonValue): void {
  let place: unknown = root;
  for (const key of path.slice(0, -1)) {
    if (typeof place !== 'object' || place === null) return;
    place = Reflect.get(place, key);
  }
  const last = path.at(-1);
  if (typeof place === 'object' && place !== null && last !== undefined) Reflect.set(place, last, value);
}
