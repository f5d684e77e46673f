/** Fields that inputs of actions share: trimmed, cleaned of control characters, bounded. */
import { z } from 'zod';
import { maxMinutes, parseDuration } from '../desk/duration.ts';
import type { Surface } from '../kernel/activity.ts';
import { cleanLine, cleanText } from '../kernel/plain-text.ts';

/** Limits of texts, in UTF-16 units. */
export const limits = { title: 200, name: 200, description: 4000, note: 4000, reference: 100, query: 200 };

/** A text on one line, not empty. */
export function requiredLine(max: number) {
  return z.string().min(1).max(max).transform(cleanLine).pipe(z.string().min(1).max(max));
}

/** A text on one line; empty counts as absent, since forms send their empty fields. */
export function optionalLine(max: number) {
  return z
    .string()
    .max(max)
    .transform((text) => cleanLine(text) || undefined)
    .optional();
}

/** A text whose line breaks stay, not empty. */
export function requiredText(max: number) {
  return z.string().min(1).max(max).transform(cleanBlock).pipe(z.string().min(1).max(max));
}

/** A text whose line breaks stay; empty counts as absent. */
export function optionalText(max: number) {
  return z
    .string()
    .max(max)
    .transform((text) => cleanBlock(text) || undefined)
    .optional();
}

/** A ticket or another record as a person names it: `1`, `#1002`, `1002` or an id; programs may send a number. */
export const reference = z.union([
  z.string().min(1).max(limits.reference).transform(cleanLine).pipe(z.string().min(1)),
  z.number().int().min(1).transform(String),
]);

/** Rows of a list. */
export const listLimit = z.int().min(1).max(25);

/** Rows of a list unless asked otherwise: few where people read, more for programs. */
export function defaultLimit(surface: Surface): number {
  return surface === 'api' ? 25 : 5;
}

/** Working time as typed (`1h 30m`) or in whole minutes. */
export const duration = z.union([
  z
    .string()
    .max(limits.reference)
    .transform((text, check) => {
      const minutes = parseDuration(text);
      if (minutes !== null) return minutes;
      check.addIssue({ code: 'custom', message: 'A time from 1 minute to 24 hours, such as 1h 30m' });
      return z.NEVER;
    }),
  z.int().min(1).max(maxMinutes),
]);

/** A switch; forms of some platforms send it as text. */
export const toggle = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/** The address of a chat message. It returns from the person's client, hence the check: it becomes a link. */
export const messageUrl = z.url({ protocol: /^https$/ }).max(2000);

function cleanBlock(text: string): string {
  return cleanText(text).trim();
}
