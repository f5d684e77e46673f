/** The choice of what goes next, against a naive model, and its cost. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { teams } from '../../../bots/teams/index.ts';
import { type RateLimit, windows } from '../../../src/kernel/rate-limit.ts';
import { LaneQueue, type ReadyItem, type Start } from '../../../src/notify/lane-queue.ts';
import { LanePacer } from '../../../src/notify/pacing.ts';
import { NaiveQueue } from './naive-queue.ts';

const limits: readonly RateLimit[] = [
  {
    name: 'organization',
    scope: 'app_organization',
    operations: ['send'],
    counted: 'each',
    windows: windows([4, 1], [20, 30]),
    source: 'test',
  },
  {
    name: 'conversation',
    scope: 'bot_conversation',
    operations: ['send', 'update'],
    counted: 'each',
    windows: windows([1, 1], [5, 30]),
    source: 'test',
  },
];
const levelMs = 2_000;

function item(id: string, conversation: string, more: Partial<ReadyItem> = {}): ReadyItem {
  return { id, conversation, priority: 0, dueAt: 0, ...more };
}

function idsOf(starts: readonly Start<ReadyItem>[]): string[] {
  return starts.map((start) => start.item.id);
}

type Step =
  | { do: 'add'; conversation: string; priority: number; dueInMs: number; operation: string }
  | { do: 'take'; limit: number; aheadMs: number; timeoutMs: number }
  | { do: 'end'; which: number; again: boolean }
  | { do: 'remove'; which: number }
  | { do: 'block'; conversation: string; ms: number }
  | { do: 'reply'; conversation: string };

const conversation = fc.constantFrom('p1', 'p2', 'p3', 'p4');
const step: fc.Arbitrary<{ waitMs: number; step: Step }> = fc.record({
  waitMs: fc.constantFrom(0, 0, 10, 400, 1_500),
  step: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('add' as const),
        conversation,
        priority: fc.constantFrom(0, 0, 1, 2),
        dueInMs: fc.constantFrom(0, 0, -3_000, 700),
        operation: fc.constantFrom('send', 'send', 'update'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('take' as const),
        limit: fc.integer({ min: 0, max: 5 }),
        aheadMs: fc.constantFrom(0, 100),
        timeoutMs: fc.constantFrom(0, 5_000),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(9), again: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat(30) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('block' as const), conversation, ms: fc.nat(4_000) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reply' as const), conversation }) },
  ),
});

describe('lane queue', () => {
  test('chooses what the naive model chooses, and says as exactly when to look again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const pacer = new LanePacer({ limits });
        const queue = new LaneQueue<ReadyItem>(pacer, levelMs);
        const naive = new NaiveQueue(pacer, levelMs);
        const inFlight: Start<ReadyItem>[] = [];
        const added: ReadyItem[] = [];
        let now = 100_000;
        for (const { waitMs, step: one } of steps) {
          now += waitMs;
          if (one.do === 'add') {
            const { conversation: of, priority, dueInMs, operation } = one;
            const fresh = item(`${added.length}`, of, { priority, dueAt: now + dueInMs, operation });
            added.push(fresh);
            queue.add(now, fresh);
            naive.add(fresh);
          } else if (one.do === 'take') {
            const { limit, aheadMs, timeoutMs } = one;
            const opened = naive.opens(now);
            const taken = queue.take(now, { limit, until: now + aheadMs, timeoutMs });
            naive.expectSame(now, { limit, until: now + aheadMs }, taken, opened);
            inFlight.push(...taken.starts);
          } else if (one.do === 'end') {
            const [start] = inFlight.splice(one.which % Math.max(1, inFlight.length), 1);
            if (start === undefined) continue;
            now = Math.max(now, start.charge.at);
            pacer.settle(start.charge, now);
            const again = one.again ? { ...start.item, dueAt: now + 300 } : null;
            if (again === null) queue.done(now, start.item.conversation);
            else queue.putBack(now, again);
            naive.end(now, start.item.conversation, again);
          } else if (one.do === 'remove') {
            const victim = added[one.which];
            if (victim === undefined) continue;
            const removed = naive.remove(victim);
            expect(queue.remove(now, victim.conversation, victim.id)).toBe(removed);
          } else if (one.do === 'block') {
            pacer.block(now, 'conversation', one.conversation, now + one.ms);
          } else {
            pacer.chargeReply(now, one.conversation);
          }
          expect(queue.size).toBe(naive.size);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the order of a conversation, one in flight at a time, through retries', () => {
    const queue = new LaneQueue<ReadyItem>(new LanePacer({ limits: [] }));
    for (const id of ['a', 'b', 'c']) queue.add(0, item(id, 'p1'));
    expect(idsOf(queue.take(0, { limit: 9 }).starts)).toEqual(['a']);
    expect(idsOf(queue.take(0, { limit: 9 }).starts)).toEqual([]);
    queue.putBack(10, item('a', 'p1', { dueAt: 500 }));
    expect(queue.take(10, { limit: 9 })).toEqual({ starts: [], wakeAt: 500 });
    expect(idsOf(queue.take(500, { limit: 9 }).starts)).toEqual(['a']);
    queue.done(600, 'p1');
    expect(idsOf(queue.take(600, { limit: 9 }).starts)).toEqual(['b']);
    queue.done(700, 'p1');
    expect(idsOf(queue.take(700, { limit: 9 }).starts)).toEqual(['c']);
    queue.done(800, 'p1');
    expect(queue.take(800, { limit: 9 })).toEqual({ starts: [], wakeAt: Number.POSITIVE_INFINITY });
  });

  it('goes round the conversations', () => {
    const queue = new LaneQueue<ReadyItem>(new LanePacer({ limits: [] }));
    for (const one of ['p1', 'p2', 'p3']) {
      for (const id of ['1', '2', '3']) queue.add(0, item(`${one}.${id}`, one));
    }
    const order: string[] = [];
    for (let now = 1; now < 10; now += 1) {
      for (const start of queue.take(now, { limit: 1 }).starts) {
        order.push(start.item.id);
        queue.done(now, start.item.conversation);
      }
    }
    expect(order).toEqual(['p1.1', 'p2.1', 'p3.1', 'p1.2', 'p2.2', 'p3.2', 'p1.3', 'p2.3', 'p3.3']);
  });

  it('lets priority go first, also for what stands before it in its conversation, until others have waited long', () => {
    const queue = new LaneQueue<ReadyItem>(new LanePacer({ limits: [] }), 60_000);
    queue.add(0, item('old', 'p1', { dueAt: 0 }));
    queue.add(50_000, item('announcement', 'p2', { dueAt: 50_000 }));
    queue.add(50_000, item('before the alert', 'p3', { dueAt: 50_000 }));
    queue.add(59_000, item('alert', 'p3', { dueAt: 59_000, priority: 1 }));
    queue.add(61_000, item('late alert', 'p4', { dueAt: 61_000, priority: 1 }));
    const order: string[] = [];
    for (let now = 61_000; order.length < 5; now += 1) {
      const [start] = queue.take(now, { limit: 1 }).starts;
      if (start === undefined) break;
      order.push(start.item.id);
      queue.done(now, start.item.conversation);
    }
    expect(order).toEqual(['before the alert', 'old', 'late alert', 'alert', 'announcement']);
  });

  it('is not stopped by blocked conversations, however many come first', () => {
    const pacer = new LanePacer({ limits: teams.limits });
    const queue = new LaneQueue<ReadyItem>(pacer);
    for (let one = 0; one < 1_000; one += 1) {
      pacer.block(one * 6_000, 'conversation', `blocked${one}`, 100_000_000);
      queue.add(6_000_000, item(`${one}`, `blocked${one}`));
    }
    queue.add(6_000_000, item('free', 'p1'));
    expect(idsOf(queue.take(6_000_000, { limit: 1 }).starts)).toEqual(['free']);
  });

  it('plans a little ahead, each start at its own time', () => {
    const queue = new LaneQueue<ReadyItem>(new LanePacer({ limits, guard: { marginMs: 0, capMs: 0 } }));
    for (let one = 0; one < 6; one += 1) queue.add(0, item(`${one}`, `p${one}`));
    expect(queue.take(0, { limit: 9 }).starts.map(({ charge }) => charge.at)).toEqual([0, 0, 0]);
    const { starts, wakeAt } = queue.take(900, { limit: 2, until: 1_000 });
    expect(starts.map(({ charge }) => charge.at)).toEqual([1_000, 1_000]);
    expect(wakeAt).toBe(1_000);
  });

  it('looks at as many conversations with 100,000 as with a few', () => {
    let looks = 0;
    class CountingPacer extends LanePacer {
      override conversationEarliest(now: number, conversation: string, operation?: string): number {
        looks += 1;
        return super.conversationEarliest(now, conversation, operation);
      }
    }
    const looksWith = (conversations: number) => {
      const queue = new LaneQueue<ReadyItem>(new CountingPacer({ limits: teams.limits }));
      for (let one = 0; one < conversations; one += 1) {
        for (const id of ['a', 'b']) queue.add(0, item(`${one}.${id}`, `p${one}`));
      }
      looks = 0;
      let started = 0;
      for (let now = 0; now < 20_000; now += 10) {
        for (const start of queue.take(now, { limit: 10 }).starts) {
          started += 1;
          queue.done(now, start.item.conversation);
        }
      }
      expect(started).toBeGreaterThan(500);
      return looks;
    };
    // A scan would look at fifty times as many.
    expect(looksWith(100_000)).toBeLessThan(2 * looksWith(2_000));
  });

  it('sends nothing to a conversation that somebody else is sending to', () => {
    const queue = new LaneQueue<ReadyItem>(new LanePacer({ limits }));
    queue.occupy('p1');
    queue.add(0, item('after', 'p1'));
    queue.add(0, item('elsewhere', 'p2'));
    expect(queue.take(0, { limit: 9 }).starts.map(({ item: { id } }) => id)).toEqual(['elsewhere']);
    queue.done(0, 'p1');
    expect(queue.take(2_000, { limit: 9 }).starts.map(({ item: { id } }) => id)).toEqual(['after']);
  });
});
