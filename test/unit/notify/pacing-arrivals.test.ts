/** Pacing against what arrives at a platform: with slow calls, after crashes, and without waste. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lark } from '../../../bots/lark/index.ts';
import { slack } from '../../../bots/slack/index.ts';
import { teams } from '../../../bots/teams/index.ts';
import { type RateLimit, windows } from '../../../src/kernel/rate-limit.ts';
import { type Charge, LanePacer, type LoggedCall } from '../../../src/notify/pacing.ts';
import { mostWithin } from './naive-pacer.ts';

describe.each([teams, slack, lark].map((platform) => [platform.id, platform] as const))(
  'on %s',
  (_, { limits }) => {
    const sending = limits.filter(({ operations }) => operations.includes('send'));

    test('no window is exceeded by what arrives, however slow single calls are, and after a crash at any point', () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 0, max: 4_990 }), { minLength: 400, maxLength: 400 }),
          fc.integer({ min: 1, max: 399 }),
          fc.integer({ min: 1, max: 60 }),
          (jitter, crashAt, spread) => {
            const sent = sendAll(limits, { jitter, crashAt, conversations: spread });
            expectKept(sending, sent);
          },
        ),
        // This example has a slow call among the first that the successor sees, before it knows what is usual.
        {
          numRuns: 60,
          examples: [[slowOnes({ 7: 1_022, 47: 3_599, 79: 2_518, 135: 50, 143: 1_643 }), 119, 57]],
        },
      );
    });
  },
);

function slowOnes(late: Record<number, number>): number[] {
  return Array.from({ length: 400 }, (_, index) => late[index] ?? 0);
}

interface Sent {
  conversation: string;
  arrival: number;
}

/**
 * As fast as allowed, one call in flight a conversation, until the jitter is used up. Usual calls vary by less than the
 * margin, every eighth by up to five seconds. After call `crashAt` the owner dies: what it had on the wire still
 * arrives, and a successor that knows the log alone goes on.
 */
function sendAll(
  limits: readonly RateLimit[],
  { jitter, crashAt, conversations: spread }: { jitter: number[]; crashAt: number; conversations: number },
): Sent[] {
  const timeoutMs = 5_100;
  const sent: Sent[] = [];
  const log: (LoggedCall & { conversation: string })[] = [];
  let wire: { charge: Charge; endedAt: number; line: LoggedCall }[] = [];
  let pacer = new LanePacer({ limits });
  let now = 1_000_000;
  const settleUntil = (time: number) => {
    for (const { charge, endedAt, line } of wire.toSorted((a, b) => a.endedAt - b.endedAt)) {
      if (endedAt > time) continue;
      pacer.settle(charge, endedAt);
      line.latest = endedAt;
    }
    wire = wire.filter(({ endedAt }) => endedAt > time);
  };
  jitter.forEach((late, index) => {
    const conversation = `p${index % spread}`;
    // Each turn waits for an answer or a window: more of them than calls and answers means that time stands still.
    for (let turns = 0; turns < 1_000; turns += 1) {
      settleUntil(now);
      const busy = wire.find(({ charge }) => charge.conversation === conversation);
      const earliest = busy === undefined ? pacer.earliest(now, conversation) : busy.endedAt;
      if (earliest <= now) break;
      // Any answer may open something sooner.
      now = Math.min(earliest, ...wire.map(({ endedAt }) => endedAt));
    }
    const took = 60 + (index % 8 === 7 ? late : late % 5);
    const charge = pacer.charge(now, conversation, now + timeoutMs);
    const line = { conversation, at: now, latest: now + timeoutMs };
    log.push(line);
    // All that a call takes longer than others may be lost on the way there.
    sent.push({ conversation, arrival: now + took - 20 });
    wire.push({ charge, endedAt: now + took, line });
    if (index !== crashAt) return;
    wire = [];
    pacer = new LanePacer({ limits });
    now += 1_000;
    pacer.rebuild(now, log, []);
  });
  return sent;
}

function expectKept(limits: readonly RateLimit[], sent: readonly Sent[]): void {
  for (const { scope, conversations: kind, windows: each } of limits) {
    if (kind === 'group') continue;
    const groups =
      scope === 'app_organization'
        ? [sent]
        : [...Map.groupBy(sent, ({ conversation }) => conversation).values()];
    for (const group of groups) {
      for (const { calls, seconds } of each) {
        const arrivals = group.map(({ arrival }) => arrival);
        expect(mostWithin(arrivals, seconds * 1_000)).toBeLessThanOrEqual(calls);
      }
    }
  }
}

describe('utilisation of limit less reserve, with enough ready', () => {
  const only = (calls: number, seconds: number, scope: RateLimit['scope']): RateLimit[] => [
    {
      name: 'one',
      scope,
      operations: ['send'],
      counted: 'each',
      windows: windows([calls, seconds]),
      source: 'test',
    },
  ];

  test.each<[calls: number, seconds: number, scope: RateLimit['scope'], least: number]>([
    [30, 1, 'app_organization', 0.95],
    [50, 1, 'app_organization', 0.95],
    [1, 1, 'bot_conversation', 0.95],
    [7, 1, 'bot_conversation', 0.95],
    [8, 2, 'bot_conversation', 0.95],
    [60, 30, 'bot_conversation', 0.99],
    [300, 60, 'app_organization', 0.99],
    [1000, 60, 'app_organization', 0.99],
    [1800, 3600, 'bot_conversation', 0.99],
  ])('%i in %i s, %s', (calls, seconds, scope, least) => {
    const pacer = new LanePacer({ limits: only(calls, seconds, scope) });
    const lengthMs = seconds * 1_000 * 20;
    const onWire: { charge: Charge; endedAt: number }[] = [];
    let sent = 0;
    const left = scope === 'app_organization' ? calls - Math.ceil(calls / 10) : calls;
    const possible = (left * lengthMs) / (seconds * 1_000);
    for (let now = 0; now < lengthMs && sent <= 2 * possible; ) {
      while ((onWire[0]?.endedAt ?? Number.POSITIVE_INFINITY) <= now) {
        const ended = onWire.shift();
        if (ended !== undefined) pacer.settle(ended.charge, ended.endedAt);
      }
      const next = Math.min(pacer.earliest(now, 'one'), onWire[0]?.endedAt ?? Number.POSITIVE_INFINITY);
      if (next > now) {
        now = next;
        continue;
      }
      onWire.push({ charge: pacer.charge(now, 'one', now + 5_000), endedAt: now + 60 + (sent % 8) });
      onWire.sort((a, b) => a.endedAt - b.endedAt);
      sent += 1;
    }
    const share = sent / possible;
    expect(share).toBeGreaterThanOrEqual(least);
    // The first window is full at once, the last may have begun: one more than time allows for.
    expect(share).toBeLessThanOrEqual(1 + 1 / 20);
  });
});
