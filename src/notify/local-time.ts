/** Local times of people's time zones, daylight saving included (pure). */

const minuteMs = 60_000;
const hourMs = 3_600_000;
/** Zones lie between 12 hours behind and 14 hours ahead of UTC. */
const aheadMs = 14 * hourMs;
const behindMs = 12 * hourMs;

/** Dates beyond it are none. */
const lastMs = 8.64e15;

/** A wall-clock time as if it were UTC, in milliseconds. */
type LocalMs = number;

const localForm = /^([1-9]\d{3}-\d{2}-\d{2})T(\d{2}:\d{2})(:\d{2})?$/;

/** Null for anything but an existing `YYYY-MM-DDTHH:MM[:SS]`. */
function parseLocal(local: string): LocalMs | null {
  const [, date, time, seconds = ':00'] = localForm.exec(local) ?? [];
  if (date === undefined || time === undefined) return null;
  const text = `${date}T${time}${seconds}`;
  const ms = Date.parse(`${text}Z`);
  // Dates such as 30 February roll over, and 24:00 is another day's.
  return Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text) ? null : ms;
}

/** The first instant at which it is that local time anywhere; null when it is no local time. */
export function earliestInstant(local: string): Date | null {
  const ms = parseLocal(local);
  return ms === null ? null : new Date(ms - aheadMs);
}

/**
 * The instant of a local time. One that exists twice is the first of both; one that is left out when clocks go forward is
 * as much later as they go, as RFC 5545 (section 3.3.5) reads it. Null when it is no local time.
 * @param zone IANA name; an unknown one is read as UTC
 */
export function instantOfLocal(local: string, zone: string): Date | null {
  const ms = parseLocal(local);
  if (ms === null) return null;
  const [first] = occurrences(ms, zone);
  return new Date(first ?? ms - offsetAt(ms - aheadMs, zone));
}

/** Minutes since local midnight, 0 to 1439. */
export function minuteOfDay(at: Date, zone: string): number {
  const local = new Date(localAt(at.getTime(), zone));
  return local.getUTCHours() * 60 + local.getUTCMinutes();
}

/** The first instant after `at` from which the local clock shows that minute of the day, or a later one after a leap over it. */
export function nextMinuteOfDay(at: Date, minute: number, zone: string): Date {
  const start = at.getTime();
  const midnight = Math.floor(localAt(start, zone) / (24 * hourMs)) * 24 * hourMs;
  // The day before too: clocks may just have been put back over midnight.
  const days = [-1, 0, 1, 2].map((day) => midnight + day * 24 * hourMs + minute * minuteMs);
  const times = days.flatMap((local) => {
    const shown = occurrences(local, zone);
    return shown.length === 0 ? [leapOver(local, zone)] : shown;
  });
  return new Date(times.find((time) => time > start) ?? start);
}

/** The instants at which it is that local time: none, one or two, the first one first. */
function occurrences(local: LocalMs, zone: string): number[] {
  const offsets = new Set([offsetAt(local - aheadMs, zone), offsetAt(local + behindMs, zone)]);
  return [...offsets]
    .map((offset) => local - offset)
    .filter((time) => localAt(time, zone) === local)
    .sort((a, b) => a - b);
}

/** The instant at which the clocks leap over a local time that does not exist. */
function leapOver(local: LocalMs, zone: string): number {
  let before = local - aheadMs;
  let after = local + behindMs;
  while (after - before > 1_000) {
    const middle = Math.floor((before + after) / 2_000) * 1_000;
    if (localAt(middle, zone) < local) before = middle;
    else after = middle;
  }
  return after;
}

function localAt(time: number, zone: string): LocalMs {
  return time + offsetAt(time, zone);
}

/** Milliseconds that the zone is ahead of UTC. */
function offsetAt(time: number, zone: string): number {
  const format = formatOf(zone);
  if (format === null || !(Math.abs(time) < lastMs)) return 0;
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(time)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1_000) * 1_000;
}

const formats = new Map<string, Intl.DateTimeFormat | null>();

/** Null for UTC and for what is no time zone; making a format is dear, so that each is kept. */
function formatOf(zone: string): Intl.DateTimeFormat | null {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = makeFormat(zone);
  // There are about 600 zones; a flood of other names must not stay.
  if (formats.size > 2_000) formats.clear();
  formats.set(zone, format);
  return format;
}

function makeFormat(zone: string): Intl.DateTimeFormat | null {
  if (zone === 'UTC') return null;
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      calendar: 'iso8601',
      numberingSystem: 'latn',
    });
  } catch {
    return null;
  }
}
