/** Published limits of every platform, and how a registration overrides them. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { platforms } from '../../../bots/index.ts';
import { overrideLimits, type RateLimit, unknownLimits, windows } from '../../../src/kernel/rate-limit.ts';

const limits: readonly RateLimit[] = [
  {
    name: 'conversation_messages',
    scope: 'bot_conversation',
    operations: ['send', 'create'],
    counted: 'each',
    windows: windows([7, 1], [8, 2], [60, 30], [1800, 3600]),
    source: 'test',
  },
  {
    name: 'organization_messages',
    scope: 'app_organization',
    operations: ['send'],
    counted: 'each',
    windows: windows([300, 60]),
    source: 'test',
  },
];

const windowsOf = (overrides: unknown) => overrideLimits(limits, overrides).map((limit) => limit.windows);

describe('an override', () => {
  it("takes the place of the first window's calls, and the other windows change in proportion", () => {
    expect(windowsOf({ conversation_messages: 14 })).toEqual([
      windows([14, 1], [16, 2], [120, 30], [3600, 3600]),
      windows([300, 60]),
    ]);
    expect(windowsOf({ organization_messages: 600 })[1]).toEqual(windows([600, 60]));
  });

  it('is rounded down', () => {
    expect(windowsOf({ conversation_messages: 5 })[0]).toEqual(
      windows([5, 1], [5, 2], [42, 30], [1285, 3600]),
    );
    expect(windowsOf({ conversation_messages: 2.9 })[0]?.[0]).toEqual({ calls: 2, seconds: 1 });
  });

  it('below one call lengthens the window', () => {
    expect(windowsOf({ conversation_messages: 0.5 })[0]?.[0]).toEqual({ calls: 1, seconds: 2 });
  });

  it.each([
    undefined,
    null,
    5,
    'x',
    [],
    { conversation_messages: '7' },
    { conversation_messages: -1 },
    { other: 3 },
  ])('that is none changes nothing: %j', (overrides) => {
    expect(windowsOf(overrides)).toEqual(limits.map((limit) => limit.windows));
  });

  test('never allows more than its number in proportion, takes a platform’s own number as it is, and never throws', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1_000_000, noNaN: true }), (rate) => {
        const [before] = limits;
        const [after] = overrideLimits(limits, { conversation_messages: rate });
        if (before === undefined || after === undefined) throw new Error('no limit');
        after.windows.forEach(({ calls, seconds }, index) => {
          const published = before.windows[index] ?? { calls: 0, seconds: 0 };
          const asked = (published.calls * rate) / 7 / published.seconds;
          expect(calls).toBeGreaterThanOrEqual(1);
          expect(Number.isInteger(calls)).toBe(true);
          expect(calls / seconds).toBeLessThanOrEqual(asked * (1 + 1e-9) + 1e-9);
        });
      }),
    );
    fc.assert(fc.property(fc.anything(), (overrides) => void overrideLimits(limits, overrides)));
    expect(windowsOf({ conversation_messages: 7 })[0]).toEqual(limits[0]?.windows);
  });

  it('of an unknown name can be found out', () => {
    expect(unknownLimits(limits, ['per_second', 'organization_messages'])).toEqual(['per_second']);
  });
});

/** Registrations rely on them. */
const names: Record<string, string[]> = {
  teams: [
    'conversation_messages',
    'conversation_reads',
    'shared_conversation_messages',
    'shared_conversation_reads',
    'organization_requests',
    'feed_notifications',
    'app_feed_notifications',
    'graph_message_reads',
    'graph_channel_reads',
  ],
  slack: ['conversation_messages', 'organization_messages', 'organization_tier_3', 'organization_tier_4'],
  lark: ['organization_messages', 'user_messages', 'group_messages', 'message_updates'],
};

describe.each(platforms.map((platform) => [platform.id, platform.limits] as const))(
  'limits of %s',
  (id, own) => {
    it('have names of their own, which never change once they are published', () => {
      expect(new Set(own.map(({ name }) => name)).size).toBe(own.length);
      expect(own.map(({ name }) => name)).toEqual(names[id]);
    });

    it('limit sending in the organization and in a conversation', () => {
      const scopes = own.filter(({ operations }) => operations.includes('send')).map(({ scope }) => scope);
      expect(scopes).toContain('app_organization');
      expect(scopes).toContain('bot_conversation');
    });

    it('are positive whole numbers with a source', () => {
      for (const { windows: each, source } of own) {
        for (const { calls, seconds } of each) {
          expect(Number.isInteger(calls) && calls > 0 && Number.isInteger(seconds) && seconds > 0).toBe(true);
        }
        expect(source).toMatch(/^https:\/\//);
      }
    });
  },
);
