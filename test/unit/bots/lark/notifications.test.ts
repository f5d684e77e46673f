/** Notifications over the simulated Lark: one posting request each, looked up, and taken back. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lark } from '../../../../bots/lark/index.ts';
import { createLarkRuntime } from '../../../../bots/lark/runtime.ts';
import { tenantScopes } from '../../../../bots/lark/scopes.ts';
import {
  type Fault,
  type LarkSimulator,
  type SimulatedApp,
  type SimulatorOptions,
  startLarkSimulator,
} from '../../../../bots/lark/simulator/index.ts';
import type { ConversationReference } from '../../../../src/kernel/activity.ts';
import type { Message } from '../../../../src/kernel/message.ts';
import type { OutboundDelivery, UnknownSend } from '../../../../src/kernel/notification.ts';
import type { BotRuntime, PlatformRegistration, SendOutcome } from '../../../../src/kernel/platform.ts';
import { testReference } from '../../../support/activity.ts';
import { testDirectory, testRegistration } from '../../../support/registration.ts';

const app: SimulatedApp = {
  appId: 'cli_desk',
  appSecret: 'right',
  encryptKey: 'k',
  verificationToken: 'v',
  type: 'custom',
};
const group = { place: { kind: 'group' as const, name: 'support' } };
const minute = 60_000;
const message: Message = {
  title: 'Ticket #1001 is yours',
  text: 'The printer is on fire',
  facts: [{ label: 'Client', value: 'Contoso' }],
  buttons: [{ kind: 'action', label: 'Close', action: 'close_ticket', input: { ticket: 1 }, nonce: 'n' }],
};

let simulator: LarkSimulator;
let runtime: BotRuntime;
let acme: PlatformRegistration;
let now: number;

async function start(options: Partial<SimulatorOptions> = {}): Promise<void> {
  simulator = await startLarkSimulator({
    apps: [app],
    organizations: ['org'],
    clock: { now: () => new Date(now) },
    ...options,
  });
  runtime = createLarkRuntime({
    apps: testDirectory([]),
    clock: { now: () => new Date(now) },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    settings: { apiUrl: simulator.url },
  });
  acme = testRegistration({
    platform: 'lark',
    appId: 'cli_desk',
    organization: 'org',
    options: { app_type: 'custom', domain: 'lark' },
    credentials: async () => ({ app_secret: 'right', encrypt_key: 'k', verification_token: 'v' }),
  });
}

beforeEach(async () => {
  now = Date.parse('2026-03-01T12:00:00.500Z');
  await start();
});
afterEach(async () => {
  await runtime.close();
  await simulator.close();
});

const ann = () => String(simulator.people[0]?.platformUserId);

/** To Ann, unless the fields say otherwise. */
function delivery(fields: Partial<OutboundDelivery> = {}): OutboundDelivery {
  return {
    registration: acme,
    destination: { type: 'lark_user', id: ann() },
    reference: null,
    message,
    token: randomUUID(),
    reduced: false,
    timeoutMs: 2000,
    ...fields,
  };
}

const toGroup = (fields: Partial<OutboundDelivery> = {}) =>
  delivery({ destination: { type: 'lark_chat', id: simulator.scene(group).chat.id }, ...fields });

/** Ann's chat as it was captured. */
const annsChat = (): ConversationReference =>
  testReference({
    type: 'personal',
    platformConversationId: simulator.scene().chat.id,
    platformUserId: ann(),
    organization: 'org',
  });

/** A token of the bot's, so that the next request is the one that posts. */
async function warmUp(): Promise<void> {
  await runtime.deliver(delivery());
  simulator.clear();
  simulator.counts.send = 0;
}

const visible = () => simulator.postedByBot();

describe('a delivery', () => {
  it.each([
    ['a person', () => delivery(), 'p2p'],
    ['a group', () => toGroup(), 'group'],
  ])('to %s is a card with its token, and tells its id and the request', async (_, sent, chat) => {
    const posted = sent();
    const outcome = await runtime.deliver(posted);
    expect(visible()).toMatchObject([{ token: posted.token, versions: 1, replyTo: null }]);
    expect(visible()[0]?.text).toContain('The printer is on fire');
    expect(outcome).toEqual({
      result: 'sent',
      messageId: visible()[0]?.id,
      requestId: expect.stringMatching(/^\w+$/),
    });
    expect(simulator.oracle.standing()[0]?.content).toContain(`"chat":"${chat}"`);
  });

  it('goes to the same address whether the chat is known or not, and never into a topic', async () => {
    const token = randomUUID();
    const first = await runtime.deliver(delivery({ token }));
    const reference = { ...annsChat(), threadId: 'omt_1' };
    expect(await runtime.deliver(delivery({ token, reference }))).toMatchObject({
      result: 'sent',
      messageId: 'messageId' in first ? first.messageId : null,
    });
    expect([visible().length, simulator.counts.send, simulator.counts.reply]).toEqual([1, 2, 0]);
  });

  it('that is repeated within the hour ends with the first one’s id, and after it posts again', async () => {
    const again = delivery();
    const first = await runtime.deliver(again);
    now += 54 * minute;
    expect(await runtime.deliver({ ...again, message: { title: 'x' } })).toMatchObject({
      result: 'sent',
      messageId: 'messageId' in first ? first.messageId : null,
    });
    expect(visible()).toHaveLength(1);
    now += 6 * minute;
    await runtime.deliver(again);
    expect(visible()).toHaveLength(2);
  });

  it('is reduced to title and text, a card still', async () => {
    simulator.limitContent(600);
    const sent = delivery();
    expect(await runtime.deliver(sent)).toMatchObject({ code: 'payload_rejected', detail: '230025' });
    expect(await runtime.deliver({ ...sent, reduced: true })).toMatchObject({ result: 'sent' });
    const [seen] = visible();
    expect(seen?.card.lines.map(({ text }) => text)).toEqual([message.title, message.text]);
    expect(seen?.card.buttons).toEqual([]);
    expect(simulator.oracle.standing()[0]?.msgType).toBe('interactive');
  });

  it('goes nowhere without a known form of address', async () => {
    const sent = delivery({ destination: { type: 'slack_dm', id: 'U0ANN' } });
    expect(await runtime.deliver(sent)).toMatchObject({ result: 'rejected', code: 'not_found' });
    expect(simulator.counts.send).toBe(0);
  });

  it('to one whom this app does not know names the reference as gone', async () => {
    const sent = delivery({ destination: { type: 'lark_user', id: 'ou_of_another_app' } });
    expect(await runtime.deliver(sent)).toMatchObject({ code: 'not_found', referenceGone: true });
  });

  it.each([
    [230013, 'not_in_conversation'],
    [230053, 'blocked_by_user'],
  ])('to a person whose chat refuses with %i is %s', async (code, expected) => {
    simulator.refuseSendsTo({}, code);
    const refused = { result: 'rejected', code: expected, retryable: false, detail: String(code) };
    expect(await runtime.deliver(delivery())).toMatchObject(refused);
    expect(await runtime.deliver(toGroup())).toMatchObject({ result: 'sent' });
    simulator.refuseSendsTo({}, null);
    expect(await runtime.deliver(delivery())).toMatchObject({ result: 'sent' });
  });
});

describe('one posting request, whatever happens', () => {
  const unknown = { result: 'unknown', code: 'outcome_unknown' };
  const throttled = { result: 'rejected', code: 'throttled', retryable: true };
  it.each<[string, Fault, object, number]>([
    ['500 before accepting', { kind: 'error_before' }, { ...unknown, detail: '2200' }, 0],
    ['500 after accepting', { kind: 'error_after' }, unknown, 1],
    ['a reset before', { kind: 'drop_before' }, { ...unknown, detail: 'ECONNRESET' }, 0],
    ['accepted, then dropped', { kind: 'drop_after' }, unknown, 1],
    ['slower than the timeout', { kind: 'slow', ms: 1500 }, { ...unknown, detail: 'ETIMEDOUT' }, 1],
    ['never answered', { kind: 'stall' }, unknown, 0],
    ['429', { kind: 'throttle', status: 429, resetSeconds: 3 }, { ...throttled, retryAfterMs: 3000 }, 0],
    ['99991400', { kind: 'throttle' }, { ...throttled, detail: '99991400' }, 0],
    [
      '230020 in band',
      { kind: 'refuse', code: 230020, status: 200, resetSeconds: 2 },
      { ...throttled, retryAfterMs: 2000 },
      0,
    ],
    ['230020 without a reset', { kind: 'refuse', code: 230020 }, throttled, 0],
    ['its uuid under way', { kind: 'refuse', code: 230049 }, { ...unknown, detail: '230049' }, 0],
    ['removal from the group', { kind: 'refuse', code: 230002 }, { code: 'not_in_conversation' }, 0],
    ['an error inside the service', { kind: 'refuse', code: 2200, status: 200 }, unknown, 0],
  ])('after %s', async (_, fault, outcome, posted) => {
    await warmUp();
    simulator.faults.set('send', fault);
    const started = performance.now();
    const answer = await runtime.deliver(delivery({ timeoutMs: 400 }));
    expect(answer).toMatchObject(outcome);
    expect(performance.now() - started).toBeLessThan(1000);
    expect([simulator.counts.send, visible().length]).toEqual([1, posted]);
    if (answer.result !== 'rejected' || answer.code !== 'throttled') return;
    expect('retryAfterMs' in answer).toBe('resetSeconds' in fault);
  });

  it('also when it is committed after the caller gave up; the repeat finds it', async () => {
    await warmUp();
    simulator.faults.set('send', { kind: 'late', ms: 500 }, 1);
    const sent = delivery({ timeoutMs: 200 });
    expect(await runtime.deliver(sent)).toMatchObject(unknown);
    expect(visible()).toEqual([]);
    await expect.poll(() => visible().length).toBe(1);
    expect(await runtime.deliver(sent)).toMatchObject({ result: 'sent', messageId: visible()[0]?.id });
    expect([visible().length, simulator.counts.send]).toEqual([1, 2]);
  });

  it('besides the one that a refused token made certain to have posted nothing', async () => {
    await warmUp();
    simulator.identity.revokeTokens();
    expect(await runtime.deliver(delivery())).toMatchObject({ result: 'sent' });
    expect([simulator.counts.send, visible().length]).toEqual([2, 1]);
  });

  it('and none when the token takes all the time', async () => {
    simulator.faults.set('token', { kind: 'slow', ms: 800 });
    const started = performance.now();
    const outcome = await runtime.deliver(delivery({ timeoutMs: 200 }));
    expect(performance.now() - started).toBeLessThan(600);
    expect(outcome).toMatchObject({ result: 'rejected', code: 'transient', retryable: true });
    expect(simulator.counts.send).toBe(0);
  });
});

describe('an unknown outcome', () => {
  /** Tried at the present time, with the fault; the clock goes on by so many minutes. */
  async function tried(sent: OutboundDelivery, fault: Fault, minutes: number): Promise<UnknownSend> {
    simulator.faults.set('send', fault, 1);
    const at = new Date(now);
    expect(await runtime.deliver(sent)).toMatchObject({ result: 'unknown' });
    now += minutes * minute;
    return { firstStartedAt: at, startedAt: at, notAfter: new Date(at.getTime() + 5000) };
  }

  it.each([0, 54])('may be repeated after %i minutes, without asking', async (minutes) => {
    const sent = delivery();
    const send = await tried(sent, { kind: 'drop_after' }, minutes);
    expect(await runtime.lookUp(sent, send)).toEqual({ result: 'repeatable' });
    expect(simulator.counts.list).toBe(0);
    expect(await runtime.deliver(sent)).toMatchObject({ result: 'sent', messageId: visible()[0]?.id });
    expect(visible()).toHaveLength(1);
  });

  it('counts the time from the first try, not from the last', async () => {
    const sent = delivery({ reference: annsChat() });
    const send = await tried(sent, { kind: 'drop_after' }, 55);
    const startedAt = new Date(now);
    expect(await runtime.lookUp(sent, { ...send, startedAt, notAfter: startedAt })).toEqual({
      result: 'found',
      messageId: visible()[0]?.id,
    });
  });

  it.each(['full', 'reduced', 'title alone'])('is found by its mark later (%s)', async (kind) => {
    const shown = kind === 'title alone' ? { title: 'Only this' } : message;
    const sent = delivery({ reference: annsChat(), message: shown, reduced: kind === 'reduced' });
    await runtime.deliver(delivery());
    const send = await tried(sent, { kind: 'drop_after' }, 90);
    await runtime.deliver(delivery());
    const mine = visible().find(({ token }) => token === sent.token);
    expect(await runtime.lookUp(sent, send)).toEqual({ result: 'found', messageId: mine?.id });
  });

  it('is absent where every card of that time is another one', async () => {
    const sent = delivery({ reference: annsChat() });
    await runtime.deliver(delivery());
    await simulator.say('hello').catch(() => null);
    const send = await tried(sent, { kind: 'drop_before' }, 60);
    expect(await runtime.lookUp(sent, send)).toEqual({ result: 'absent' });
  });

  it('is read to the end, over several pages', async () => {
    for (let n = 0; n < 120; n += 1) await runtime.deliver(delivery());
    const sent = delivery({ reference: annsChat() });
    const send = await tried(sent, { kind: 'drop_after' }, 60);
    expect(await runtime.lookUp(sent, send)).toMatchObject({ result: 'found' });
    expect(simulator.counts.list).toBe(3);
  });

  it.each(['recalled', 'changed'])('is not called absent where a card was %s', async (how) => {
    const other = await runtime.deliver(delivery());
    const id = 'messageId' in other ? other.messageId : null;
    const reference = annsChat();
    const replacement = { title: 'Changed' };
    if (how === 'changed') {
      await runtime.send({
        registration: acme,
        reference,
        message: replacement,
        replyToMessageId: null,
        updateMessageId: id,
        token: randomUUID(),
      });
    } else {
      const { registration, destination } = delivery();
      const messageId = String(id);
      await runtime.withdraw({
        registration,
        destination,
        reference,
        messageId,
        replacement,
        timeoutMs: 999,
      });
    }
    const sent = delivery({ reference });
    const send = await tried(sent, { kind: 'drop_before' }, 60);
    expect(await runtime.lookUp(sent, send)).toMatchObject({ result: 'unknowable' });
  });

  it('is unknowable where the chat is not known, or may not be read', async () => {
    const sent = delivery();
    const send = await tried(sent, { kind: 'drop_after' }, 60);
    expect(await runtime.lookUp(sent, send)).toMatchObject({
      result: 'unknowable',
      detail: expect.stringContaining('not known'),
    });
    expect(await runtime.lookUp(toGroup(), send)).toMatchObject({
      result: 'unknowable',
      detail: expect.stringContaining('im:message.group_msg'),
    });
  });

  it('is unknowable while the secret is wrong, which is said', async () => {
    const sent = delivery({ reference: annsChat() });
    const send = await tried(sent, { kind: 'drop_after' }, 60);
    const registration = testRegistration({
      platform: 'lark',
      appId: acme.appId,
      organization: acme.organization,
      registrationId: 'r-2',
      credentials: async () => ({ app_secret: 'wrong' }),
    });
    expect(await runtime.lookUp({ ...sent, registration }, send)).toMatchObject({
      result: 'unknowable',
      detail: expect.stringContaining('no token (10014)'),
    });
  });

  it('is found in a group by an app that may read there', async () => {
    await runtime.close();
    await simulator.close();
    await start({ scopes: [...tenantScopes, 'im:message.group_msg'] });
    const sent = toGroup();
    const send = await tried(sent, { kind: 'error_after' }, 60);
    expect(await runtime.lookUp(sent, send)).toEqual({ result: 'found', messageId: visible()[0]?.id });
  });

  it.each<[Fault, object]>([
    [{ kind: 'error_before' }, { result: 'later' }],
    [{ kind: 'drop_before' }, { result: 'later' }],
    [{ kind: 'stall' }, { result: 'later' }],
    [
      { kind: 'throttle', resetSeconds: 4 },
      { result: 'later', retryAfterMs: 4000 },
    ],
    [{ kind: 'refuse', code: 0, status: 200 }, { result: 'later' }],
  ])('is asked for later after %o', async (fault, answer) => {
    const sent = delivery({ reference: annsChat(), timeoutMs: 300 });
    const send = await tried(sent, { kind: 'drop_after' }, 60);
    simulator.faults.set('list', fault);
    expect(await runtime.lookUp(sent, send)).toEqual(answer);
  });
});

describe('a withdrawal', () => {
  const replacement: Message = { title: 'No longer valid' };
  async function withdraw(messageId: string): Promise<SendOutcome> {
    const { registration, destination } = delivery();
    return await runtime.withdraw({
      registration,
      destination,
      reference: null,
      messageId,
      replacement,
      timeoutMs: 2000,
    });
  }
  async function posted(): Promise<string> {
    const outcome = await runtime.deliver(delivery());
    if (outcome.result !== 'sent' || outcome.messageId === null) throw new Error('not sent');
    return outcome.messageId;
  }

  it('recalls the message, and a repeat finds it gone', async () => {
    const messageId = await posted();
    expect(await withdraw(messageId)).toMatchObject({ result: 'sent', messageId });
    expect(visible()).toEqual([]);
    expect(await withdraw(messageId)).toMatchObject({ result: 'sent', messageId });
    expect(simulator.counts.update).toBe(0);
  });

  it('replaces it after a day, and after fourteen says that it cannot', async () => {
    const messageId = await posted();
    now += 25 * 60 * minute;
    expect(await withdraw(messageId)).toMatchObject({ result: 'sent', messageId });
    expect(visible()).toMatchObject([{ id: messageId, text: 'No longer valid', versions: 2 }]);
    now += 14 * 24 * 60 * minute;
    expect(await withdraw(messageId)).toMatchObject({ result: 'rejected', retryable: false });
  });

  it.each<[Fault, object]>([
    [{ kind: 'error_after' }, { result: 'unknown' }],
    [
      { kind: 'throttle', resetSeconds: 1 },
      { code: 'throttled', retryAfterMs: 1000 },
    ],
    [{ kind: 'refuse', code: 230002 }, { code: 'not_in_conversation' }],
  ])('is honest after %o, and replaces nothing', async (fault, outcome) => {
    const messageId = await posted();
    simulator.faults.set('delete', fault);
    expect(await withdraw(messageId)).toMatchObject(outcome);
    expect(simulator.counts.update).toBe(0);
  });

  it('never calls by what is no message', async () => {
    expect(await withdraw('../../contact/v3/users')).toMatchObject({ code: 'not_found' });
    expect(simulator.counts).toMatchObject({ delete: 0, other: 0 });
  });
});

it('of the demo calls nobody but this machine', async () => {
  const demo = createLarkRuntime({
    apps: testDirectory([]),
    clock: { now: () => new Date(now) },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    settings: { apiUrl: 'https://open.larksuite.com' },
  });
  const sent = delivery({ registration: { ...acme, demo: true } });
  const at = new Date(0);
  expect(await demo.deliver(sent)).toMatchObject({ code: 'registration_misconfigured' });
  const send = { firstStartedAt: at, startedAt: at, notAfter: at };
  expect(await demo.lookUp(sent, send)).toMatchObject({ result: 'unknowable' });
  await demo.close();
});

it('is addressed by what the platform names', () => {
  expect(lark.addressing.ofPerson(ann())).toEqual([delivery().destination]);
});
