/** Local times and quiet hours over every kind of clock change. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { earliestInstant, instantOfLocal } from '../../../src/notify/local-time.ts';
import { endOfQuietHours } from '../../../src/notify/quiet-hours.ts';

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Etc/GMT+12',
  'America/Santiago',
];
const zone = fc.constantFrom(...zones);
const minuteMs = 60_000;

/** Whole minutes, half of them within a day of a change of Berlin's clocks. */
const instant = fc
  .oneof(
    fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2037, 11) }),
    fc
      .tuple(
        fc.constantFrom(Date.UTC(2026, 2, 29), Date.UTC(2026, 9, 25)),
        fc.integer({ min: -1440, max: 1440 }),
      )
      .map(([day, minutes]) => day + minutes * minuteMs),
  )
  .map((time) => new Date(Math.floor(time / minuteMs) * minuteMs));

const clock = fc
  .integer({ min: 0, max: 1439 })
  .map(
    (minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`,
  );

/** What a clock on the wall shows, by another way than the code under test. */
function wallClock(at: Date, timeZone: string): string {
  return at.toLocaleString('sv-SE', { timeZone }).replace(' ', 'T');
}

function isQuiet(at: Date, { from, to }: { from: string; to: string }, timeZone: string): boolean {
  const time = wallClock(at, timeZone).slice(11, 16);
  return from < to ? from <= time && time < to : from !== to && (from <= time || time < to);
}

describe('local times', () => {
  it('are shown by the clock at their instant, and at no earlier one', () => {
    fc.assert(
      fc.property(instant, zone, (at, timeZone) => {
        const local = wallClock(at, timeZone);
        const found = instantOfLocal(local, timeZone);
        expect(found && wallClock(found, timeZone)).toBe(local);
        expect(found?.getTime()).toBeLessThanOrEqual(at.getTime());
        expect(at.getTime() - (found?.getTime() ?? 0)).toBeLessThanOrEqual(180 * minuteMs);
      }),
      { numRuns: 30_000 },
    );
  });

  it.each([
    ['2026-03-29T02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z', 'left out: an hour later'],
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z', 'twice: the first'],
    ['2026-10-04T02:15:10', 'Australia/Lord_Howe', '2026-10-03T15:45:10.000Z', 'half an hour left out'],
    ['2026-11-21T09:00', 'Asia/Kathmandu', '2026-11-21T03:15:00.000Z', 'a quarter of an hour'],
    ['2011-12-30T12:00', 'Pacific/Apia', '2011-12-30T22:00:00.000Z', 'a day left out'],
    ['2026-11-21T09:00', 'Nowhere/Else', '2026-11-21T09:00:00.000Z', 'no such zone: UTC'],
  ])('%s in %s is %s (%s)', (local, timeZone, expected) => {
    expect(instantOfLocal(local, timeZone)?.toISOString()).toBe(expected);
  });

  it.each(['2026-02-30T09:00', '2026-11-21T24:00', '2026-11-21', '2026-11-21T09:00Z', '2026-11-21T9:00', ''])(
    '%j is none',
    (local) => {
      expect(instantOfLocal(local, 'UTC')).toBeNull();
      expect(earliestInstant(local)).toBeNull();
    },
  );

  it('begin nowhere before the earliest instant', () => {
    fc.assert(
      fc.property(instant, zone, (at, timeZone) => {
        const local = wallClock(at, timeZone);
        expect(earliestInstant(local)?.getTime()).toBeLessThanOrEqual(
          instantOfLocal(local, timeZone)?.getTime() ?? 0,
        );
      }),
    );
    expect(earliestInstant('2026-11-21T09:00')).toEqual(
      instantOfLocal('2026-11-21T09:00', 'Pacific/Kiritimati'),
    );
  });
});

describe('quiet hours', () => {
  test('end at the first minute that is not quiet', () => {
    fc.assert(
      fc.property(instant, zone, clock, clock, (at, timeZone, from, to) => {
        const quiet = { from, to };
        const end = endOfQuietHours(at, quiet, timeZone);
        expect(end !== null).toBe(isQuiet(at, quiet, timeZone));
        if (end === null) return;
        expect(isQuiet(end, quiet, timeZone)).toBe(false);
        for (let time = at.getTime(); time < end.getTime(); time += 10 * minuteMs) {
          expect(isQuiet(new Date(time), quiet, timeZone)).toBe(true);
        }
        expect(isQuiet(new Date(end.getTime() - minuteMs), quiet, timeZone)).toBe(true);
      }),
      { numRuns: 30_000 },
    );
  });

  it.each([
    [
      '2026-03-29T00:30:00.000Z',
      '22:00',
      '02:30',
      '2026-03-29T01:00:00.000Z',
      'the end is left out: when clocks leap',
    ],
    ['2026-10-25T00:15:00.000Z', '22:00', '02:30', '2026-10-25T00:30:00.000Z', 'the first of two ends'],
    ['2026-10-25T01:15:00.000Z', '22:00', '02:30', '2026-10-25T01:30:00.000Z', 'the second of two ends'],
    ['2026-11-21T22:30:30.500Z', '22:00', '07:00', '2026-11-22T06:00:00.000Z', 'over midnight'],
  ])('at %s from %s to %s in Berlin end at %s (%s)', (at, from, to, end) => {
    expect(endOfQuietHours(new Date(at), { from, to }, 'Europe/Berlin')?.toISOString()).toBe(end);
  });

  it('end on the day before when clocks are put back over midnight', () => {
    // At 00:01 in Newfoundland it was 23:01 again.
    const at = new Date('2010-11-07T02:30:30.000Z');
    const end = endOfQuietHours(at, { from: '23:45', to: '23:30' }, 'America/St_Johns');
    expect(end?.toISOString()).toBe('2010-11-07T03:00:00.000Z');
  });

  it('end a day later when clocks leap from their end into the next ones', () => {
    const at = new Date('2026-03-29T00:30:00.000Z');
    const end = endOfQuietHours(at, { from: '02:45', to: '02:30' }, 'Europe/Berlin');
    expect(end?.toISOString()).toBe('2026-03-30T00:30:00.000Z');
  });

  it('are none where they begin when they end, or are no times', () => {
    const at = new Date('2026-11-21T22:30:00.000Z');
    expect(endOfQuietHours(at, { from: '22:00', to: '22:00' }, 'UTC')).toBeNull();
    expect(endOfQuietHours(at, { from: '22:00', to: '25:00' }, 'UTC')).toBeNull();
    expect(endOfQuietHours(new Date(Number.NaN), { from: '22:00', to: '07:00' }, 'UTC')).toBeNull();
  });
});
