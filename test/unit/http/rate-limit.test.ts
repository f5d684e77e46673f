/** The rate limiter against the definition of a token bucket. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RateLimiter } from '../../../src/http/rate-limit.ts';

/** A clock that a test moves. */
class Clock {
  ms = 0;
  now = () => new Date(this.ms);
}

const limits = fc.record({
  perSecond: fc.integer({ min: 1, max: 200 }),
  burst: fc.integer({ min: 1, max: 100 }),
});
/** Milliseconds between one request and the next. */
const pauses = fc.array(
  fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3_000 })),
  {
    minLength: 1,
    maxLength: 300,
  },
);

describe('the rate limiter', () => {
  test('grants in no window more than the burst and the rate, and nothing less than it could', () => {
    fc.assert(
      fc.property(limits, pauses, (limit, waits) => {
        const clock = new Clock();
        const limiter = new RateLimiter(limit, clock);
        const granted: number[] = [];
        for (const wait of waits) {
          clock.ms += wait;
          const seconds = limiter.take('key');
          if (seconds === 0) granted.push(clock.ms);
          // Refused: with one more, some window that ends now would hold too many.
          else expect(mostInWindows([...granted, clock.ms], limit)).toBeGreaterThan(-1e-6);
        }
        expect(mostInWindows(granted, limit)).toBeLessThanOrEqual(1e-6);
      }),
    );
  });

  test('says truly when there is room again', () => {
    fc.assert(
      fc.property(limits, pauses, (limit, waits) => {
        const clock = new Clock();
        const limiter = new RateLimiter(limit, clock);
        for (const wait of waits) {
          clock.ms += wait;
          const seconds = limiter.take('key');
          expect(Number.isInteger(seconds)).toBe(true);
          if (seconds === 0) continue;
          clock.ms += seconds * 1_000;
          expect(limiter.take('key')).toBe(0);
        }
      }),
    );
  });

  test('keeps keys apart, however many there are', () => {
    const clock = new Clock();
    const limiter = new RateLimiter({ perSecond: 1, burst: 2 }, clock);
    const keys = Array.from({ length: 12_000 }, (_, index) => `key ${index}`);
    for (const turn of [0, 0, 1]) expect(keys.filter((key) => limiter.take(key) !== turn)).toEqual([]);
    expect(limiter.size).toBe(keys.length);
    clock.ms += 2_000;
    expect([limiter.take('key 0'), limiter.take('key 0'), limiter.take('key 0')]).toEqual([0, 0, 1]);
  });

  test('forgets keys that were quiet for long enough to be full again, and no others', () => {
    const clock = new Clock();
    const limiter = new RateLimiter({ perSecond: 1, burst: 2 }, clock);
    for (const key of ['a', 'b', 'c']) limiter.take(key);
    clock.ms += 1_500;
    limiter.take('b');
    clock.ms += 1_000;
    limiter.take('d');
    expect(limiter.size).toBe(2);
    // b was not full yet: its second token since is the last.
    expect([limiter.take('b'), limiter.take('b'), limiter.take('b')]).toEqual([0, 0, 1]);
  });

  test('gives no credit for a clock that goes backwards', () => {
    const clock = new Clock();
    const limiter = new RateLimiter({ perSecond: 10, burst: 1 }, clock);
    clock.ms = 10_000;
    expect(limiter.take('key')).toBe(0);
    clock.ms = 0;
    expect(limiter.take('key')).toBe(1);
  });
});

/** By how many the fullest window of these instants exceeds what burst and rate allow; at most 0 when none does. */
function mostInWindows(
  instants: readonly number[],
  { perSecond, burst }: { perSecond: number; burst: number },
): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const [first, start] of instants.entries()) {
    for (const [offset, end] of instants.slice(first).entries()) {
      most = Math.max(most, offset + 1 - burst - ((end - start) / 1_000) * perSecond);
    }
  }
  return most;
}
