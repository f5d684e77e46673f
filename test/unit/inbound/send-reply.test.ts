/** When an unsent reply is tried again: by what the platform said, and never for ever. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextTry } from '../../../src/inbound/send-reply.ts';

const now = new Date('2026-11-21T10:00:00Z');
const fresh = { ambiguous: false, claimedAt: new Date(now.getTime() - 1_000) };
const waitOf = (next: { at: Date } | null) => (next === null ? null : next.at.getTime() - now.getTime());

describe('nextTry', () => {
  it('waits as long as the platform says', () => {
    const outcome = { result: 'rejected', code: 'throttled', retryable: true, retryAfterMs: 7_000 } as const;
    expect(waitOf(nextTry(fresh, outcome, now))).toBe(7_000);
  });

  it('sends once more after an ambiguous outcome, and never a third time', () => {
    const outcome = { result: 'unknown', code: 'outcome_unknown' } as const;
    const next = nextTry(fresh, outcome, now);
    expect(next?.ambiguous).toBe(true);
    expect(nextTry({ ...fresh, ambiguous: true }, outcome, now)).toBeNull();
  });

  it('keeps in mind that an earlier try was ambiguous', () => {
    const outcome = { result: 'rejected', code: 'throttled', retryable: true } as const;
    expect(nextTry({ ...fresh, ambiguous: true }, outcome, now)?.ambiguous).toBe(true);
  });

  it('gives up what is refused for good, and everything after a day', () => {
    expect(nextTry(fresh, { result: 'rejected', code: 'blocked_by_user', retryable: false }, now)).toBeNull();
    const old = { ...fresh, claimedAt: new Date(now.getTime() - 86_400_001) };
    expect(nextTry(old, { result: 'rejected', code: 'throttled', retryable: true }, now)).toBeNull();
  });

  it('waits an eighth of its age, from a second to an hour, however often a crash cut it off', () => {
    const outcome = { result: 'rejected', code: 'transient', retryable: true } as const;
    fc.assert(
      fc.property(fc.nat(86_400_000), (age) => {
        const reply = { ambiguous: false, claimedAt: new Date(now.getTime() - age) };
        expect(waitOf(nextTry(reply, outcome, now))).toBe(
          Math.floor(Math.min(Math.max(age / 8, 1_000), 3_600_000)),
        );
      }),
    );
  });
});
