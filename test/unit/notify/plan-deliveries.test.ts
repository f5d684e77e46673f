/** How one recipient is told, from their facts alone. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  type DeliveryPlan,
  planDeliveries,
  type RecipientFacts,
  type Way,
} from '../../../src/notify/plan-deliveries.ts';
import type { CategoryPreference } from '../../../src/notify/preference-store.ts';
import { type Category, categories, type DestinationType } from '../../../src/notify/records.ts';

const now = new Date('2026-11-21T12:00:00.000Z');
const hourMs = 3_600_000;
const inHours = (hours: number) => new Date(now.getTime() + hours * hourMs);

function plan(over: Partial<DeliveryPlan> = {}): DeliveryPlan {
  let made = 0;
  return {
    notificationId: 'n1',
    category: 'announcement',
    priority: 0,
    onUnknown: 'hold',
    acceptedAt: now,
    sendAt: null,
    sendAtLocal: null,
    expiresAt: null,
    skipAll: null,
    now,
    newId: () => {
      made += 1;
      return `d${made}`;
    },
    ...over,
  };
}

function way(type: DestinationType, over: Partial<Way> = {}): Way {
  const platform = type.split('_')[0] ?? '';
  const channel = { type, id: `${type}-ann`, registrationId: `r-${platform}`, platform };
  return { channel, state: 'open', usual: type !== 'teams_feed', lastActivityAt: null, ...over };
}

const three = [way('teams_chat'), way('teams_feed'), way('slack_dm'), way('lark_user')];

function ann(
  ways: readonly Way[],
  preference: CategoryPreference = {},
  over: Partial<NonNullable<RecipientFacts['person']>> & { quietHours?: { from: string; to: string } } = {},
): RecipientFacts {
  const { quietHours = null, ...person } = over;
  const preferences = { quietHours, categories: { announcement: preference, test: preference } };
  return {
    userId: 'ann',
    fixed: false,
    ways,
    person: { active: true, timeZone: null, preferences, ...person },
  };
}

/** What is planned, in short. */
function shape(recipient: RecipientFacts, over: Partial<DeliveryPlan> = {}) {
  return planDeliveries(recipient, plan(over)).map(({ channel, skipped, fallback, fallbackOf }) => ({
    to: channel?.type ?? null,
    ...(skipped === null ? {} : { skipped }),
    ...(fallback.length === 0 ? {} : { fallback: fallback.map(({ type }) => type) }),
    ...(fallbackOf === null ? {} : { fallbackOf }),
  }));
}

describe('channels', () => {
  it('are those of the preference in its order', () => {
    const channels: DestinationType[] = ['slack_dm', 'lark_user', 'teams_chat'];
    expect(shape(ann(three, { channels }))).toEqual([
      { to: 'slack_dm', fallback: ['lark_user', 'teams_chat'] },
    ]);
    expect(shape(ann(three, { channels, both: true }))).toEqual([
      { to: 'slack_dm', fallback: ['teams_chat'] },
      { to: 'lark_user', fallback: ['teams_chat'] },
    ]);
    expect(shape(ann(three, { channels: ['teams_feed'] }))).toEqual([{ to: 'teams_feed' }]);
  });

  it('without a preference are the one of the latest activity, else of the first link; never the feed', () => {
    expect(shape(ann(three))).toEqual([{ to: 'teams_chat' }]);
    const active = [
      way('teams_chat', { lastActivityAt: inHours(-9) }),
      way('slack_dm', { lastActivityAt: inHours(-1) }),
    ];
    expect(shape(ann([...active, way('lark_user')]))).toEqual([{ to: 'slack_dm' }]);
    expect(shape(ann([way('teams_feed')]))).toEqual([{ to: null, skipped: 'user_not_mapped' }]);
  });

  it('that cannot reach the person are skipped with their cause, and the next is tried', () => {
    const retired = [way('slack_dm', { state: 'retired' }), way('teams_chat'), way('teams_feed')];
    expect(shape(ann(retired, { channels: ['lark_user', 'slack_dm', 'teams_feed', 'teams_chat'] }))).toEqual([
      { to: null, skipped: 'user_not_mapped' },
      { to: 'slack_dm', skipped: 'not_in_conversation', fallbackOf: 'd1' },
      { to: 'teams_feed', fallback: ['teams_chat'], fallbackOf: 'd2' },
    ]);
    expect(shape(ann(retired, { channels: ['teams_chat', 'slack_dm', 'lark_user'] }))).toEqual([
      { to: 'teams_chat' },
    ]);
    expect(shape(ann(retired, { channels: ['slack_dm'] }))).toEqual([
      { to: 'slack_dm', skipped: 'not_in_conversation' },
      { to: 'teams_chat', fallbackOf: 'd1' },
    ]);
    expect(shape(ann([way('slack_dm', { state: 'retired' })]))).toEqual([
      { to: 'slack_dm', skipped: 'not_in_conversation' },
    ]);
    expect(shape(ann([way('slack_dm', { state: 'inactive' })]))).toEqual([
      { to: 'slack_dm', skipped: 'registration_inactive' },
    ]);
    expect(shape(ann([]))).toEqual([{ to: null, skipped: 'user_not_mapped' }]);
  });

  it('of a named place are that place alone, whatever its person prefers', () => {
    const place = { ...ann([way('slack_dm')], { channels: ['teams_chat'] }), fixed: true };
    expect(shape(place)).toEqual([{ to: 'slack_dm' }]);
    expect(shape({ ...place, ...ann([way('slack_dm')], { muted: true }), fixed: true })).toEqual([
      { to: 'slack_dm', skipped: 'muted' },
    ]);
    const group = { userId: null, person: null, fixed: true, ways: [way('lark_chat')] };
    expect(shape(group)).toEqual([{ to: 'lark_chat' }]);
    expect(shape({ ...group, ways: [] })).toEqual([{ to: null, skipped: 'user_not_mapped' }]);
  });
});

describe('nobody is told', () => {
  it('who muted the category, or left', () => {
    expect(shape(ann(three, { muted: true, both: true, channels: ['slack_dm', 'teams_chat'] }))).toEqual([
      { to: 'slack_dm', skipped: 'muted' },
    ]);
    expect(shape(ann(three, {}, { active: false }))).toEqual([{ to: null, skipped: 'user_not_mapped' }]);
  });

  it('for a reason that holds for all', () => {
    expect(shape(ann(three, { muted: true }), { skipAll: 'tenant_suspended' })).toEqual([
      { to: 'teams_chat', skipped: 'tenant_suspended' },
    ]);
    expect(shape(ann([]), { skipAll: 'withdrawn' })).toEqual([{ to: null, skipped: 'withdrawn' }]);
  });

  it('after the expiry, or when quiet hours last beyond it', () => {
    const quietHours = { from: '11:00', to: '14:00' };
    expect(shape(ann(three), { expiresAt: now })).toEqual([{ to: 'teams_chat', skipped: 'expired' }]);
    expect(shape(ann(three), { expiresAt: inHours(1), sendAt: inHours(2) })).toEqual([
      { to: 'teams_chat', skipped: 'expired' },
    ]);
    expect(shape(ann(three, {}, { quietHours }), { expiresAt: inHours(2) })).toEqual([
      { to: 'teams_chat', skipped: 'quiet_hours_expired' },
    ]);
    expect(shape(ann(three, {}, { quietHours }), { expiresAt: inHours(2.1) })).toEqual([
      { to: 'teams_chat' },
    ]);
  });
});

describe('the time', () => {
  const dueAt = (recipient: RecipientFacts, over: Partial<DeliveryPlan> = {}) =>
    planDeliveries(recipient, plan(over))[0]?.dueAt;

  it('is that of the acceptance, or the one asked for, in the own zone where it is local', () => {
    expect(dueAt(ann(three), { acceptedAt: inHours(-1) })).toEqual(inHours(-1));
    expect(dueAt(ann(three), { sendAt: inHours(5) })).toEqual(inHours(5));
    const berlin = ann(three, {}, { timeZone: 'Europe/Berlin' });
    expect(dueAt(berlin, { sendAtLocal: '2026-11-22T09:00' })).toEqual(new Date('2026-11-22T08:00:00.000Z'));
    expect(dueAt(ann(three), { sendAtLocal: '2026-11-22T09:00' })).toEqual(
      new Date('2026-11-22T09:00:00.000Z'),
    );
  });

  it('is the end of quiet hours, but for tests', () => {
    const quiet = ann(three, {}, { timeZone: 'Europe/Berlin', quietHours: { from: '22:00', to: '07:00' } });
    const night = { now: new Date('2026-11-21T23:00:00.000Z') };
    expect(dueAt(quiet, night)).toEqual(new Date('2026-11-22T06:00:00.000Z'));
    expect(dueAt(quiet, { ...night, category: 'test' })).toEqual(now);
    expect(dueAt(quiet)).toEqual(now);
    expect(dueAt(quiet, { sendAt: night.now })).toEqual(new Date('2026-11-22T06:00:00.000Z'));
  });
});

const types: DestinationType[] = ['teams_chat', 'teams_feed', 'slack_dm', 'lark_user'];
const anyWay = fc
  .record({
    type: fc.constantFrom(...types),
    registration: fc.constantFrom('a', 'b'),
    state: fc.constantFrom<Way['state']>('open', 'retired', 'inactive'),
    active: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
  })
  .map(({ type, registration, state, active }) => {
    const plain = way(type, { state, lastActivityAt: active === null ? null : inHours(-active) });
    return {
      ...plain,
      channel: { ...plain.channel, id: `${type}-${registration}`, registrationId: registration },
    };
  });
const anyPerson = fc.record({
  active: fc.boolean(),
  timeZone: fc.constantFrom(null, 'Europe/Berlin', 'Pacific/Apia'),
  preferences: fc.record({
    quietHours: fc.constantFrom(null, { from: '22:00', to: '07:00' }, { from: '06:00', to: '18:00' }),
    categories: fc.dictionary(
      fc.constantFrom(...categories),
      fc.record(
        { channels: fc.uniqueArray(fc.constantFrom(...types)), both: fc.boolean(), muted: fc.boolean() },
        { requiredKeys: [] },
      ),
    ),
  }),
});
const anyRecipient: fc.Arbitrary<RecipientFacts> = fc.record({
  userId: fc.constantFrom('ann', null),
  person: fc.option(anyPerson, { nil: null }),
  fixed: fc.boolean(),
  ways: fc.array(anyWay, { maxLength: 5 }),
});
const anyTime = fc.option(
  fc.integer({ min: -48, max: 48 }).map((hours) => inHours(hours)),
  { nil: null },
);

test('whatever is known, everybody gets an answer, and nobody is told twice at one place', () => {
  fc.assert(
    fc.property(
      anyRecipient,
      fc.constantFrom<Category>(...categories),
      anyTime,
      anyTime,
      (recipient, category, sendAt, expiresAt) => {
        const deliveries = planDeliveries(recipient, plan({ category, sendAt, expiresAt }));
        const going = deliveries.filter(({ skipped }) => skipped === null);
        expect(deliveries.length).toBeGreaterThan(0);
        expect(going.length).toBeLessThanOrEqual(2);
        expect(new Set(deliveries.map(({ deliveryId }) => deliveryId)).size).toBe(deliveries.length);
        const places = going.flatMap(({ channel }) =>
          channel === null ? [] : [`${channel.type} ${channel.id}`],
        );
        expect(new Set(places).size).toBe(going.length);
        for (const { channel, fallback } of going) {
          const tried = [channel, ...fallback].map((each) => `${each?.type} ${each?.id}`);
          expect(new Set(tried).size).toBe(tried.length);
          for (const each of [channel, ...fallback]) {
            const known = recipient.ways.filter((candidate) => candidate.channel === each);
            expect(known.map(({ state }) => state)).toContain('open');
          }
        }
        for (const { dueAt } of going) {
          if (expiresAt !== null) expect(dueAt.getTime()).toBeLessThan(expiresAt.getTime());
          if (sendAt !== null) expect(dueAt.getTime()).toBeGreaterThanOrEqual(sendAt.getTime());
        }
        const muted = recipient.person?.preferences.categories[category]?.muted === true;
        if (muted || recipient.person?.active === false) expect(going).toEqual([]);
        if (going.length === 0) expect(deliveries.every(({ skipped }) => skipped !== null)).toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
});
