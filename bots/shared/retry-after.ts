/** How long an HTTP answer asks to wait before the next try. */

/** The longest wait that is believed. */
const maxWaitMs = 3_600_000;

/** Milliseconds, from 0 to an hour, of a header that gives seconds or an HTTP date; null for any other, and without one. */
export function waitOf(header: string | undefined, now: Date): number | null {
  const text = header?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isNaN(ms) ? null : clampWait(ms);
}

/** Whole milliseconds, from 0 to an hour. */
export function clampWait(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), maxWaitMs);
}
