/**
 * Durations as people type them: `1h 30m`, `90m`, `1.5h`, `1h30`, `90 min`, `半小时`, with the units and the words of
 * every language.
 */
import { foldWidth } from '../words/fold-width.ts';
import { languages, type Say } from '../words/index.ts';

/** The longest working time that one entry may hold: a day. */
export const maxMinutes = 1440;

const typed = languages.map((language) => language.typed);
const hourUnits = anyOf(typed.flatMap(({ units }) => units.hour));
const halfUnits = anyOf(typed.flatMap(({ units }) => units.hourAndHalf));
const minuteUnits = anyOf(typed.flatMap(({ units }) => units.minute));
const named = new Map(typed.flatMap(({ durations }) => Object.entries(durations)));
const hours = `(\\d{1,4}(?:[.,]\\d{1,2})?)\\s{0,3}${hourUnits}`;
const minutes = `(\\d{1,4})\\s{0,3}${minuteUnits}`;
/** As many digits as no ticket number has: `1小时 1002 分析日志` ends before the 1002. */
const fewMinutes = `(\\d{1,3})\\s{0,3}${minuteUnits}`;
/** After hours: minutes with their unit, or the bare two digits of `1h30`, which no space may part. */
const duration = new RegExp(
  [
    `(\\d{1,2})\\s{0,3}${halfUnits}`,
    `${hours}(?:\\s{0,3}${fewMinutes}|([0-5]?\\d)(?!\\d))?`,
    minutes,
    `(${anyOf([...named.keys()])})`,
  ].join('|'),
  'y',
);

/**
 * The duration that begins at a position of a text that is lower case and folded (`foldWidth`).
 * @returns whole minutes (fractions of an hour are rounded) and the position after it; null where there is none, or
 * it is not within 1 and `maxMinutes`
 */
export function matchDuration(text: string, at: number): { minutes: number; end: number } | null {
  duration.lastIndex = at;
  const match = duration.exec(text);
  if (match === null) return null;
  const [, hoursBeforeHalf, wholeHours, minutesAfterHours, bareMinutes, onlyMinutes, name] = match;
  const total = Math.round(
    Number(wholeHours?.replace(',', '.') ?? 0) * 60 +
      Number(minutesAfterHours ?? bareMinutes ?? onlyMinutes ?? 0) +
      (hoursBeforeHalf === undefined ? 0 : Number(hoursBeforeHalf) * 60 + 30) +
      (name === undefined ? 0 : (named.get(name) ?? 0)),
  );
  return total >= 1 && total <= maxMinutes ? { minutes: total, end: duration.lastIndex } : null;
}

/** Whole minutes, 1 to `maxMinutes`; null for anything else, e.g. a bare number, which could mean either unit. */
export function parseDuration(text: string): number | null {
  const folded = foldWidth(text).trim().toLowerCase();
  const found = matchDuration(folded, 0);
  return found?.end === folded.length ? found.minutes : null;
}

/** Whole minutes in a person's language, e.g. `1h 30m`; `parseDuration` reads it again. */
export function formatDuration(total: number, say: Say): string {
  const wholeHours = Math.floor(total / 60);
  const rest = total % 60;
  if (wholeHours === 0) return say('duration.minutes', { minutes: rest });
  if (rest === 0) return say('duration.hours', { hours: wholeHours });
  return say('duration.hours_minutes', { hours: wholeHours, minutes: rest });
}

/** Longest first: in a script without spaces a word that begins another one (`分`, `分钟`) would leave a rest behind. */
function anyOf(words: readonly string[]): string {
  const longestFirst = [...words].sort((a, b) => b.length - a.length);
  const ends = longestFirst.map((word) => (/[a-z]$/.test(word) ? `${word}(?![a-z])` : word));
  // Without a word nothing matches; an empty group would match everywhere.
  return ends.length === 0 ? '(?!)' : `(?:${ends.join('|')})`;
}
