/** Pacing against a naive model; replies, throttles, memory. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { slack } from '../../../bots/slack/index.ts';
import { teams } from '../../../bots/teams/index.ts';
import { type RateLimit, windows } from '../../../src/kernel/rate-limit.ts';
import { type Charge, LanePacer } from '../../../src/notify/pacing.ts';
import { mostWithin, NaivePacer } from './naive-pacer.ts';

const kindOf = (conversation: string) => (conversation.startsWith('g') ? 'group' : 'personal');

/** Small enough that random calls fill every window. */
const small: readonly RateLimit[] = [
  {
    name: 'organization',
    scope: 'app_organization',
    operations: ['send', 'create'],
    counted: 'together',
    windows: windows([5, 1], [12, 10]),
    source: 'test',
  },
  {
    name: 'person',
    scope: 'bot_conversation',
    conversations: 'personal',
    operations: ['send', 'create'],
    counted: 'each',
    windows: windows([2, 1], [3, 2], [6, 30]),
    source: 'test',
  },
  {
    name: 'group',
    scope: 'conversation',
    conversations: 'group',
    operations: ['send'],
    counted: 'each',
    windows: windows([1, 1]),
    source: 'test',
  },
];

const conversations = ['p1', 'p2', 'g1'];

interface Step {
  waitMs: number;
  conversation: string;
  operation: string;
  /** Ask and obey, send regardless, reply, or settle the oldest call on the wire. */
  what: 'obey' | 'force' | 'reply' | 'settle';
  timeoutMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  waitMs: fc.integer({ min: 0, max: 900 }),
  conversation: fc.constantFrom(...conversations),
  operation: fc.constantFrom('send', 'send', 'create'),
  what: fc.constantFrom('obey', 'obey', 'obey', 'force', 'reply', 'settle'),
  timeoutMs: fc.constantFrom(0, 0, 5_000),
});

describe('the earliest time', () => {
  test.each([0, 0.1, 0.3])(
    'is that of the naive model, after anything, with a reserve of %d',
    (replyReserve) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
          const pacer = new LanePacer({ limits: small, kindOf, replyReserve });
          const naive = new NaivePacer(small, replyReserve, kindOf);
          const onWire: [Charge, { latest: number }][] = [];
          let now = 1_000_000;
          for (const { waitMs, conversation, operation, what, timeoutMs } of steps) {
            now += waitMs;
            const delivery = { conversation, operation, reply: false };
            const earliest = pacer.earliest(now, conversation, operation);
            expect(earliest).toBe(naive.earliest(now, pacer.guard.marginMs, delivery));
            expect(pacer.earliestReply(now, operation)).toBe(
              naive.earliest(now, pacer.guard.marginMs, { ...delivery, reply: true }),
            );
            if (what === 'settle') {
              const oldest = onWire.shift();
              if (oldest === undefined) continue;
              const [charge, call] = oldest;
              now = Math.max(now, charge.at);
              pacer.settle(charge, now);
              call.latest = charge.latest;
            } else if (what === 'reply') {
              pacer.chargeReply(now, conversation, now + timeoutMs, operation);
              naive.calls.push({
                ...delivery,
                reply: true,
                latest: now + Math.max(timeoutMs, pacer.guard.spreadMs),
              });
            } else {
              if (what === 'obey') now = earliest;
              const charge = pacer.charge(now, conversation, now + timeoutMs, operation);
              const call = { ...delivery, latest: charge.latest };
              naive.calls.push(call);
              onWire.push([charge, call]);
            }
          }
        }),
      );
    },
  );

  it('is not held up by another operation, conversation or kind', () => {
    const pacer = new LanePacer({ limits: small, kindOf, guard: { capMs: 0, marginMs: 0 } });
    pacer.charge(0, 'g1');
    expect(pacer.earliest(0, 'g1')).toBe(1_000);
    expect(pacer.earliest(0, 'g1', 'create')).toBe(0);
    expect(pacer.earliest(0, 'g2')).toBe(0);
    expect(pacer.earliest(0, 'p1')).toBe(0);
    expect(pacer.earliest(0, 'p1', 'nobody limits this')).toBe(0);
  });
});

/** How many deliveries to different people may go at once. */
function free(pacer: LanePacer): number {
  let sent = 0;
  while (sent < 100 && pacer.earliest(0, `p${sent}`) === 0) {
    pacer.charge(0, `p${sent}`);
    sent += 1;
  }
  return sent;
}

describe('replies', () => {
  const limits = teams.limits;

  test('within the reserve go at once, and together with deliveries never exceed the window', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(700), { minLength: 60, maxLength: 60 }), (gaps) => {
        const pacer = new LanePacer({ limits });
        const times: number[] = [];
        const replies: number[] = [];
        let now = 0;
        let conversation = 0;
        for (const gap of gaps) {
          for (const end = now + gap; times.length < 3_000; ) {
            conversation += 1;
            const earliest = pacer.earliest(now, `p${conversation}`);
            if (earliest > end) {
              now = end;
              break;
            }
            now = earliest;
            pacer.charge(now, `p${conversation}`);
            times.push(now);
          }
          const recent = replies.filter((at) => at + 1_055 > now);
          if (recent.length < 3) expect(pacer.earliestReply(now)).toBe(now);
          else if (pacer.earliestReply(now) > now) continue;
          pacer.chargeReply(now, `p${conversation}`);
          replies.push(now);
        }
        expect(mostWithin([...times, ...replies], 1_000)).toBeLessThanOrEqual(30);
        expect(mostWithin(times, 1_000)).toBeLessThanOrEqual(27);
      }),
      { numRuns: 50 },
    );
  });

  it('beyond the reserve take from what is left to deliveries, and nothing else does', () => {
    const after = (replies: number) => {
      const pacer = new LanePacer({ limits });
      for (let one = 0; one < replies; one += 1) pacer.chargeReply(0, null);
      return free(pacer);
    };
    expect([0, 3, 4, 10, 29, 30, 40].map(after)).toEqual([27, 27, 26, 20, 1, 0, 0]);
  });

  it('of the log are told from deliveries', () => {
    const logged = Array.from({ length: 10 }, () => ({ conversation: 'q', at: -10, latest: -5 }));
    const rebuilt = (calls: number, replies: number) => {
      const pacer = new LanePacer({ limits });
      pacer.rebuild(0, logged.slice(0, calls), logged.slice(0, replies));
      return free(pacer);
    };
    expect([rebuilt(10, 0), rebuilt(0, 10), rebuilt(10, 3), rebuilt(10, 10)]).toEqual([17, 20, 17, 10]);
  });

  it('delay deliveries in their conversation', () => {
    const pacer = new LanePacer({ limits: slack.limits, guard: { marginMs: 0, capMs: 0 } });
    pacer.chargeReply(500, 'C1');
    expect(pacer.earliest(600, 'C1')).toBe(1_500);
    expect(pacer.earliest(600, 'C2')).toBe(600);
  });
});

describe('a throttle', () => {
  const pacerOf = () => new LanePacer({ limits: slack.limits });

  it('blocks its conversation alone, and the lane at the third conversation within ten seconds', () => {
    const pacer = pacerOf();
    expect(pacer.block(0, 'conversation', 'C1', 30_000)).toBe('conversation');
    expect(pacer.earliest(0, 'C1')).toBe(30_000);
    expect(pacer.earliest(0, 'C4')).toBe(0);
    expect(pacer.block(1, 'conversation', 'C1', 20_000)).toBe('conversation');
    expect(pacer.earliest(0, 'C1')).toBe(30_000);
    expect(pacer.block(2, 'conversation', 'C2', 20_000)).toBe('conversation');
    expect(pacer.block(9_000, 'conversation', 'C3', 40_000)).toBe('lane');
    expect(pacer.earliest(9_000, 'C4')).toBe(40_000);
    expect(pacer.earliestReply(9_000)).toBe(40_000);
  });

  it('of conversations far apart stays with them', () => {
    const pacer = pacerOf();
    for (const [index, conversation] of ['C1', 'C2', 'C3', 'C4'].entries()) {
      const now = index * 6_000;
      expect(pacer.block(now, 'conversation', conversation, now + 1_000)).toBe('conversation');
    }
  });

  it('of the lane blocks all of it', () => {
    const pacer = pacerOf();
    expect(pacer.block(0, 'lane', '', 5_000)).toBe('lane');
    expect(pacer.earliest(0, 'C1')).toBe(5_000);
  });
});

describe('memory', () => {
  it('holds no conversation that has been idle for longer than the longest window', () => {
    const pacer = new LanePacer({ limits: teams.limits });
    for (let one = 0; one < 90_000; one += 1) pacer.charge(one * 37, `p${one}`);
    const lastHour = Math.ceil(3_600_000 / 37);
    expect(pacer.remembered).toBeLessThanOrEqual(Math.min(90_000, lastHour + 100));
    pacer.forgetIdle(90_000 * 37 + 3_700_000);
    expect(pacer.remembered).toBe(0);
  });

  it('forgets by itself while others send', () => {
    const pacer = new LanePacer({ limits: slack.limits });
    for (let one = 0; one < 50_000; one += 1) pacer.charge(one * 10, `C${one}`);
    // A second's window, the guard and the second ahead, at 100 a second.
    expect(pacer.remembered).toBeLessThan(300);
  });

  it('counts a call again that is answered after it was forgotten', () => {
    const pacer = new LanePacer({ limits: slack.limits });
    const slow = pacer.charge(0, 'C1');
    pacer.charge(2_100, 'C1');
    pacer.settle(slow, 2_200);
    expect(slow.latest).toBe(2_200);
    expect(pacer.earliest(2_200, 'C1')).toBe(3_205);
  });

  it('is judged by a log of the longest window, with intents as late as they may arrive', () => {
    const limits = slack.limits;
    const pacer = new LanePacer({ limits });
    expect(pacer.longestMs).toBe(60_000);
    pacer.rebuild(
      10_000,
      [
        { conversation: 'C1', at: 9_000, latest: 14_000 },
        { conversation: 'C2', at: 100, latest: 160 },
      ],
      [{ conversation: null, at: 9_900, latest: 9_950 }],
    );
    expect(pacer.earliest(10_000, 'C1')).toBe(15_005);
    expect(pacer.earliest(10_000, 'C2')).toBe(10_000);
  });
});
