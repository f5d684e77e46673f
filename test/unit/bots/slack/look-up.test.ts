/** What became of a send: the conversation is read, and "absent" is said only where all of the time in question was. */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../../bots/slack/simulator/index.ts';
import type { LookUp, OutboundDelivery } from '../../../../src/kernel/notification.ts';
import { type Scene, sendAt, startScene, token } from './notifier-scene.ts';

let scene: Scene;

beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

const lookUp = (at: Date, fields: Partial<OutboundDelivery> = {}, runtime = scene.runtime): Promise<LookUp> =>
  runtime.lookUp(scene.delivery(fields), sendAt(at));

/** People write in the channel, so many messages. */
function chatter(count: number): void {
  const there = scene.simulator.scene({ place: { kind: 'channel', name: 'ops' } });
  for (let n = 0; n < count; n += 1) scene.simulator.oracle.recordTyped(there, `message ${n}`);
}

const inChannel = () => ({ destination: { type: 'slack_channel', id: scene.channel } as const });
const reads = () => scene.simulator.counts['conversations.history'] ?? 0;
const opens = () => scene.simulator.counts['conversations.open'] ?? 0;

describe('a look-up', () => {
  it.each<[string, Fault]>([
    ['500 after it was done', { kind: 'error_after' }],
    ['a reset after it was done', { kind: 'drop_after' }],
    ['a timeout after it was done', { kind: 'slow', ms: 500 }],
  ])('finds what was posted, after %s', async (_, fault) => {
    scene.simulator.faults.set('chat.postMessage', fault, 1);
    const at = scene.clock.now();
    expect(await scene.runtime.deliver(scene.delivery({ timeoutMs: 100 }))).toMatchObject({
      result: 'unknown',
    });
    const [posted] = scene.simulator.postedByBot();
    expect(await lookUp(at)).toEqual({ result: 'found', messageId: posted?.id });
    expect(await lookUp(at, { token: 'another' })).toEqual({ result: 'absent' });
  });

  it('finds nothing where nothing was posted, in the time in question', async () => {
    expect(await lookUp(scene.clock.now())).toEqual({ result: 'absent' });
    expect(await scene.runtime.deliver(scene.delivery())).toMatchObject({ result: 'sent' });
    expect(await lookUp(new Date(scene.clock.now().getTime() - 3_600_000))).toEqual({ result: 'absent' });
    expect(await lookUp(scene.clock.now())).toMatchObject({ result: 'found' });
  });

  it('bears with clocks that differ by minutes', async () => {
    await scene.runtime.deliver(scene.delivery());
    const now = scene.clock.now().getTime();
    for (const skew of [-240_000, 240_000]) {
      expect(await lookUp(new Date(now + skew))).toMatchObject({ result: 'found' });
    }
  });

  it('opens the direct conversation of a person only where no answer named it', async () => {
    const at = scene.clock.now();
    await scene.runtime.deliver(scene.delivery());
    expect(await lookUp(at)).toMatchObject({ result: 'found' });
    expect(opens()).toBe(0);
    const restarted = scene.restarted();
    expect(await lookUp(at, {}, restarted)).toMatchObject({ result: 'found' });
    expect(await lookUp(at, {}, restarted)).toMatchObject({ result: 'found' });
    expect(opens()).toBe(1);
    expect(await lookUp(at, { destination: { type: 'slack_dm', id: scene.direct } })).toMatchObject({
      result: 'found',
    });
    expect(opens()).toBe(1);
    expect(scene.simulator.postedByBot()).toHaveLength(1);
  });

  it('follows the cursors of a busy channel to the end', async () => {
    const at = scene.clock.now();
    await scene.runtime.deliver(scene.delivery(inChannel()));
    chatter(250);
    expect(await lookUp(at, inChannel())).toMatchObject({ result: 'found' });
    expect(reads()).toBe(3);
    expect(await lookUp(at, { ...inChannel(), token: 'another' })).toEqual({ result: 'absent' });
    expect(reads()).toBe(6);
  });

  it('reads a very busy channel in parts', async () => {
    const at = scene.clock.now();
    await scene.runtime.deliver(scene.delivery(inChannel()));
    chatter(520);
    expect(await lookUp(at, inChannel())).toEqual({ result: 'later' });
    expect(await lookUp(at, inChannel())).toMatchObject({ result: 'found' });
    expect(reads()).toBe(6);
  });

  it('takes no copy of another app for it', async () => {
    const at = scene.clock.now();
    const [installation] = scene.simulator.installations;
    if (installation === undefined) throw new Error('no installation');
    await scene.runtime.deliver(scene.delivery(inChannel()));
    const other = { ...scene.registration, appId: 'A0OTHER' };
    expect(await lookUp(at, { ...inChannel(), registration: other })).toEqual({ result: 'absent' });
  });
});

describe('where Slack makes it wait', () => {
  it('it says how long, and goes on from there: 15 messages a minute, as commercial apps are allowed', async () => {
    const { simulator, clock } = scene;
    simulator.ways.readsByFifteen = true;
    simulator.limits.enforced = true;
    simulator.limits.override({ organization_tier_3: 1 });
    const at = clock.now();
    await scene.runtime.deliver(scene.delivery(inChannel()));
    chatter(40);
    const results: LookUp[] = [];
    for (let minute = 0; minute < 4; minute += 1) {
      results.push(await lookUp(at, inChannel()));
      clock.move(60_000);
    }
    const waits = { result: 'later', retryAfterMs: 60_000 };
    expect(results).toMatchObject([waits, waits, { result: 'found' }, waits]);
  });

  it.each<[string, Fault, object]>([
    [
      '429',
      { kind: 'refuse', status: 429, retryAfterSeconds: 30 },
      { result: 'later', retryAfterMs: 30_000 },
    ],
    ['429 without a time', { kind: 'refuse', status: 429 }, { result: 'later' }],
    ['500', { kind: 'error_before' }, { result: 'later' }],
    ['a reset', { kind: 'drop_before' }, { result: 'later' }],
    ['internal_error', { kind: 'error', error: 'internal_error' }, { result: 'later' }],
    ['service_unavailable', { kind: 'error', error: 'service_unavailable' }, { result: 'later' }],
  ])('%s', async (_, fault, expected) => {
    for (const route of ['conversations.open', 'conversations.history']) {
      scene.simulator.faults.set(route, fault, 1);
      expect(await lookUp(scene.clock.now())).toEqual(expected);
    }
    expect(await lookUp(scene.clock.now())).toEqual({ result: 'absent' });
  });

  it('a cursor that has grown too old begins anew', async () => {
    const at = scene.clock.now();
    await scene.runtime.deliver(scene.delivery(inChannel()));
    chatter(120);
    scene.simulator.faults.set('conversations.history', { kind: 'late', ms: 0 }, 1);
    scene.simulator.faults.set('conversations.history', { kind: 'refuse', status: 429 }, 1);
    scene.simulator.faults.set('conversations.history', { kind: 'error', error: 'invalid_cursor' }, 1);
    expect(await lookUp(at, inChannel())).toEqual({ result: 'later' });
    expect(await lookUp(at, inChannel())).toEqual({ result: 'later' });
    expect(await lookUp(at, inChannel())).toMatchObject({ result: 'found' });
    expect(reads()).toBe(5);
  });
});

describe('nobody can tell', () => {
  it.each([
    ['chat:write', 'im:write', 'channels:history,groups:history'],
    ['chat:write,im:write,channels:history', 'im:history', null],
  ])('with the scopes %s: the missing one is named', async (scopes, direct, channel) => {
    const poor = await startScene(scopes);
    try {
      const at = poor.clock.now();
      const restarted = poor.restarted();
      const of = (fields: Partial<OutboundDelivery> = {}) =>
        restarted.lookUp(poor.delivery(fields), sendAt(at));
      expect(await of()).toEqual({
        result: 'unknowable',
        detail: `The bot token lacks the scope ${direct}.`,
      });
      const shared = await of({ destination: { type: 'slack_channel', id: poor.channel } });
      expect(shared).toEqual(
        channel === null
          ? { result: 'absent' }
          : { result: 'unknowable', detail: `The bot token lacks the scope ${channel}.` },
      );
    } finally {
      await poor.close();
    }
  });

  it('where the bot is out, or the token is over', async () => {
    const { simulator } = scene;
    const [installation] = simulator.installations;
    simulator.world.conversation(scene.channel)?.members.delete(installation?.botUserId ?? '');
    const out = { result: 'unknowable', detail: 'The bot is not in this conversation any more.' };
    expect(await lookUp(scene.clock.now(), inChannel())).toEqual(out);
    await simulator.revokeTokens();
    const over = await lookUp(scene.clock.now(), inChannel());
    expect(over).toMatchObject({ result: 'unknowable' });
    const none = { ...scene.registration, credentials: async () => ({}) };
    expect(await lookUp(scene.clock.now(), { registration: none })).toEqual({
      result: 'unknowable',
      detail: 'The registration has no bot token that works.',
    });
  });
});

it('whatever happens on the wire, asking before repeating makes exactly one visible message of each', async () => {
  const wire = fc.constantFrom<Fault['kind'] | 'none'>(
    'none',
    'error_before',
    'error_after',
    'drop_before',
    'drop_after',
    'slow',
    'late',
    'stall',
  );
  const faultOf = (kind: string): Fault =>
    kind === 'slow' || kind === 'late' ? { kind, ms: 60 } : ({ kind } as Fault);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(wire, { minLength: 1, maxLength: 4 }), async (faults) => {
      run += 1;
      const { simulator, runtime } = scene;
      const own = `${token}-${run}`;
      for (const kind of faults) {
        if (kind === 'none') break;
        simulator.faults.set('chat.postMessage', faultOf(kind), 1);
      }
      let messageId: string | null = null;
      while (messageId === null) {
        const at = scene.clock.now();
        const delivery = scene.delivery({ token: own, timeoutMs: 50 });
        const outcome = await runtime.deliver(delivery);
        if (outcome.result === 'sent') messageId = outcome.messageId;
        else if (outcome.result === 'rejected') expect(outcome.code).toBe('transient');
        else {
          await sleep(150);
          const seen = await runtime.lookUp(delivery, sendAt(at, 50));
          if (seen.result === 'found') messageId = seen.messageId;
          else expect(seen).toEqual({ result: 'absent' });
        }
      }
      simulator.faults.clear();
      const visible = simulator.postedByBot().filter((one) => one.token === own);
      expect(visible.map(({ id }) => id)).toEqual([messageId]);
    }),
    { numRuns: 15 },
  );
}, 60_000);
