/** Notifications to Slack: one request that can post, whatever happens, and an outcome that is not claimed to be known. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../../bots/slack/simulator/index.ts';
import { message, type Scene, startScene, token } from './notifier-scene.ts';

let scene: Scene;

beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

const posts = () => scene.simulator.counts['chat.postMessage'] ?? 0;

describe('a delivery', () => {
  it('stands in the direct conversation of the person, with our token twice', async () => {
    const outcome = await scene.runtime.deliver(scene.delivery());
    expect(outcome).toEqual({
      result: 'sent',
      messageId: expect.stringMatching(/^\d+\.\d{6}$/),
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    const [seen, ...more] = scene.simulator.postedByBot();
    expect(more).toEqual([]);
    expect(seen).toMatchObject({ conversation: scene.direct, token, replyTo: null });
    expect(seen?.text).toContain('Client: Acme');
    const [kept] = scene.simulator.oracle.all(scene.direct);
    expect(kept?.clientMsgId).toBe(token);
    expect(posts()).toBe(1);
  });

  it('stands in a channel outside of every thread, also where the person wrote in one', async () => {
    const reference = {
      platformConversationId: scene.channel,
      type: 'channel' as const,
      organization: 'T0ACME',
      platformUserId: null,
      serviceUrl: null,
      botId: null,
      channelId: scene.channel,
      threadId: '1763630043.000200',
      locale: null,
    };
    const destination = { type: 'slack_channel', id: scene.channel } as const;
    await scene.runtime.deliver(scene.delivery({ destination, reference }));
    expect(scene.simulator.postedByBot()).toMatchObject([{ conversation: scene.channel, replyTo: null }]);
  });

  it('that is refused for its blocks gets through as plain text, which shows as it is', async () => {
    scene.simulator.ways.maxBlocksText = 10;
    expect(await scene.runtime.deliver(scene.delivery())).toMatchObject({
      result: 'rejected',
      code: 'payload_rejected',
      retryable: false,
      detail: 'msg_blocks_too_long',
    });
    expect(await scene.runtime.deliver(scene.delivery({ reduced: true }))).toMatchObject({ result: 'sent' });
    const [kept] = scene.simulator.oracle.visible(scene.direct);
    expect(kept?.content).toMatchObject({
      text: 'Ticket #1001\nPrinter is *broken* &amp; burning',
      blocks: [],
      metadata: { event_payload: { token } },
    });
  });
});

describe('one request and no more, after', () => {
  const unknown = { result: 'unknown', code: 'outcome_unknown' };
  const throttled = { result: 'rejected', code: 'throttled', retryable: true };
  const named = (error: string): Fault => ({ kind: 'error', error });

  it.each<[string, Fault, number, object]>([
    ['500, nothing done', { kind: 'error_before' }, 0, { ...unknown, detail: 'internal_error' }],
    ['500, and done all the same', { kind: 'error_after' }, 1, unknown],
    ['503', { kind: 'refuse', status: 503 }, 0, unknown],
    ['a reset, nothing done', { kind: 'drop_before' }, 0, { ...unknown, detail: 'ECONNRESET' }],
    ['a reset, and done all the same', { kind: 'drop_after' }, 1, unknown],
    ['an answer slower than the timeout', { kind: 'slow', ms: 2000 }, 1, { ...unknown, detail: 'ETIMEDOUT' }],
    ['silence', { kind: 'stall' }, 0, unknown],
    [
      '429 with Retry-After',
      { kind: 'refuse', status: 429, retryAfterSeconds: 7 },
      0,
      { ...throttled, retryAfterMs: 7000 },
    ],
    ['429 without', { kind: 'refuse', status: 429 }, 0, throttled],
    ['ratelimited', named('ratelimited'), 0, throttled],
    ['fatal_error', named('fatal_error'), 0, unknown],
    ['internal_error', named('internal_error'), 0, unknown],
    ['service_unavailable', named('service_unavailable'), 0, unknown],
    [
      'a refused token',
      named('token_revoked'),
      0,
      { result: 'rejected', code: 'unauthorized', retryable: false },
    ],
    ['account_inactive', named('account_inactive'), 0, { code: 'unauthorized' }],
  ])('%s', async (_, fault, visible, outcome) => {
    scene.simulator.faults.set('chat.postMessage', fault);
    const started = performance.now();
    expect(await scene.runtime.deliver(scene.delivery({ timeoutMs: 300 }))).toMatchObject(outcome);
    expect(performance.now() - started).toBeLessThan(1500);
    await sleep(100);
    expect(scene.simulator.counts).toEqual({ 'chat.postMessage': 1, other: 0 });
    expect(scene.simulator.postedByBot()).toHaveLength(visible);
  });

  it('a commit that comes after the timeout', async () => {
    scene.simulator.faults.set('chat.postMessage', { kind: 'late', ms: 600 });
    expect(await scene.runtime.deliver(scene.delivery({ timeoutMs: 100 }))).toMatchObject(unknown);
    expect(scene.simulator.postedByBot()).toEqual([]);
    await sleep(650);
    expect(scene.simulator.postedByBot()).toHaveLength(1);
    expect(posts()).toBe(1);
  });

  it.each([
    ['is_archived', 'not_found', true],
    ['channel_not_found', 'not_found', true],
    ['not_in_channel', 'not_in_conversation', true],
    ['user_disabled', 'not_in_conversation', true],
    ['restricted_action', 'not_in_conversation', undefined],
  ])('%s', async (error, code, referenceGone) => {
    scene.simulator.ways.refusals.set(scene.ann, error);
    const outcome = await scene.runtime.deliver(scene.delivery());
    expect(outcome).toMatchObject({ result: 'rejected', code, retryable: false, detail: error });
    expect(outcome).toHaveProperty('requestId');
    if (outcome.result === 'rejected') expect(outcome.referenceGone).toBe(referenceGone);
    const other = { type: 'slack_channel', id: scene.channel } as const;
    expect(await scene.runtime.deliver(scene.delivery({ destination: other }))).toMatchObject({
      result: 'sent',
    });
  });

  it('credentials that take longer than the time there is: nothing leaves, not even later', async () => {
    const { registration } = scene;
    const slow = { ...registration, credentials: () => sleep(1000).then(() => registration.credentials()) };
    const started = performance.now();
    const outcome = await scene.runtime.deliver(scene.delivery({ registration: slow, timeoutMs: 50 }));
    expect(performance.now() - started).toBeLessThan(900);
    expect(outcome).toEqual({ result: 'rejected', code: 'transient', retryable: true });
    await sleep(1200);
    expect(posts()).toBe(0);
  });
});

describe('client_msg_id', () => {
  it('makes a repeat harmless, should Slack look at it', async () => {
    scene.simulator.ways.dedupesByClientMsgId = true;
    const first = await scene.runtime.deliver(scene.delivery());
    const second = await scene.runtime.deliver(scene.delivery());
    expect(first).toMatchObject({ result: 'sent', messageId: scene.simulator.postedByBot()[0]?.id });
    expect(second).toMatchObject({ result: 'sent', messageId: scene.simulator.postedByBot()[0]?.id });
    expect(scene.simulator.postedByBot()).toHaveLength(1);
  });

  it('is left out once Slack took it for a repeat of nothing', async () => {
    scene.simulator.ways.dedupesByClientMsgId = true;
    await scene.runtime.deliver(scene.delivery());
    const [kept] = scene.simulator.oracle.visible(scene.direct);
    if (kept !== undefined) scene.simulator.oracle.recordDelete(kept);
    expect(await scene.runtime.deliver(scene.delivery())).toMatchObject({
      result: 'rejected',
      retryable: true,
      detail: 'duplicate_message_not_found',
    });
    expect(await scene.runtime.deliver(scene.delivery())).toMatchObject({ result: 'sent' });
    expect(scene.simulator.postedByBot()).toHaveLength(1);
  });
});

it('neither our text nor the token of the bot is in any detail', async () => {
  scene.simulator.faults.set('chat.postMessage', { kind: 'error', error: `no ${message.title} xoxb-acme` });
  const outcome = await scene.runtime.deliver(scene.delivery());
  expect(outcome).toMatchObject({ result: 'rejected', code: 'unknown', detail: 'HTTP 200' });
});
