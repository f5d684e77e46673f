/** Hours in which a person is not disturbed (pure). */
import { minuteOfDay, nextMinuteOfDay } from './local-time.ts';
import type { Category } from './records.ts';

/** `HH:MM` on the person's clock; over midnight where `from` is the later one. The same twice: never. */
export interface QuietHours {
  from: string;
  to: string;
}

/** When somebody may be told again; null: they may be told then. Tests always go at once. */
export function endOfQuiet(
  reader: { quietHours: QuietHours | null; timeZone: string | null },
  category: Category,
  at: Date,
): Date | null {
  const { quietHours, timeZone } = reader;
  return category === 'test' || quietHours === null
    ? null
    : endOfQuietHours(at, quietHours, timeZone ?? 'UTC');
}

/** The end of the quiet hours that `at` lies in; null when it lies in none. @param zone IANA name */
export function endOfQuietHours(at: Date, quiet: QuietHours, zone: string): Date | null {
  const from = minutes(quiet.from);
  const to = minutes(quiet.to);
  if (from === null || to === null || from === to) return null;
  const isQuiet = (time: Date) => {
    const minute = minuteOfDay(time, zone);
    return from < to ? from <= minute && minute < to : from <= minute || minute < to;
  };
  if (!isQuiet(at)) return null;
  const end = nextMinuteOfDay(at, to, zone);
  // Clocks that leap over the end may leap into the next quiet hours at once.
  return isQuiet(end) ? nextMinuteOfDay(end, to, zone) : end;
}

function minutes(time: string): number | null {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  return hour === undefined ? null : Number(hour) * 60 + Number(minute);
}
