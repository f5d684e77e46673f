/** What outcomes and look-ups make of a delivery. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SendErrorCode, SendOutcome } from '../../../src/kernel/platform.ts';
import {
  afterLookUp,
  afterOutcome,
  backoffMs,
  opensFallback,
  type PendingDelivery,
  settleMs,
} from '../../../src/notify/delivery.ts';

const now = Date.UTC(2026, 10, 21, 12);

function pending(over: Partial<PendingDelivery> = {}): PendingDelivery {
  return {
    id: '01a1feaa-3848-7131-876c-51cb56de8ef6',
    conversation: 'p:U1',
    priority: 0,
    dueAt: now,
    createdAt: new Date(now),
    queuedAt: now,
    notificationId: '01a1feaa-3848-7131-876c-51cb56de8ef7',
    category: 'announcement',
    userId: null,
    destination: { type: 'slack_dm', id: 'U1' },
    fallback: [],
    onUnknown: 'hold',
    expiresAt: null,
    phase: 'ready',
    attemptNo: 1,
    tryNo: 1,
    reduced: false,
    firstStartedAt: new Date(now),
    startedAt: new Date(now),
    notAfter: new Date(now + 5_000),
    locale: null,
    timeZone: null,
    quietHours: null,
    reference: null,
    openings: 0,
    repeatUntil: null,
    ...over,
  };
}

function rejected(
  code: SendErrorCode,
  over: Partial<Extract<SendOutcome, { result: 'rejected' }>> = {},
): SendOutcome {
  return { result: 'rejected', code, retryable: false, ...over };
}

const codes: SendErrorCode[] = [
  'throttled',
  'unauthorized',
  'not_found',
  'server_error',
  'transient',
  'blocked_by_user',
  'not_in_conversation',
  'payload_rejected',
  'registration_misconfigured',
  'outcome_unknown',
  'unknown',
];

const outcomes: fc.Arbitrary<SendOutcome> = fc.oneof(
  fc.record({ result: fc.constant('sent' as const), messageId: fc.option(fc.string()) }),
  fc.record({ result: fc.constant('unknown' as const), code: fc.constant('outcome_unknown' as const) }),
  fc.record(
    {
      result: fc.constant('rejected' as const),
      code: fc.constantFrom(...codes),
      retryable: fc.boolean(),
      retryAfterMs: fc.nat(600_000),
    },
    { requiredKeys: ['result', 'code', 'retryable'] },
  ),
);

describe('an outcome', () => {
  it('is `sent` only where the platform accepted it, and what nobody knows is never settled', () => {
    fc.assert(
      fc.property(
        outcomes,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        (outcome, random, repeats) => {
          const delivery = pending(repeats ? { repeatUntil: now + 1 } : {});
          const { to } = afterOutcome(delivery, outcome, now, random);
          expect(to === 'sent').toBe(outcome.result === 'sent');
          if (outcome.result === 'unknown') expect(to).toBe('unknown');
        },
      ),
    );
  });

  it('of a repeat says nothing about the try before, unless it was accepted', () => {
    fc.assert(
      fc.property(outcomes, (outcome) => {
        const { to } = afterOutcome(pending({ repeatUntil: now + 1 }), outcome, now, 0.5);
        expect(to).toBe(outcome.result === 'sent' ? 'sent' : 'unknown');
      }),
    );
  });

  it('that is unknown is looked up only once nothing can arrive any more', () => {
    const transition = afterOutcome(pending(), { result: 'unknown', code: 'outcome_unknown' }, now + 10, 0);
    expect(transition).toEqual({ to: 'unknown', at: now + 5_000 + settleMs, detail: null });
  });

  it('that is throttled waits as long as the platform asks, and spends no attempt', () => {
    const asked = rejected('throttled', { retryable: true, retryAfterMs: 7_000 });
    expect(afterOutcome(pending(), asked, now, 0)).toMatchObject({
      to: 'ready',
      at: now + 7_000,
      spent: false,
    });
    const unasked = rejected('throttled', { retryable: true });
    const transition = afterOutcome(pending({ tryNo: 4 }), unasked, now, 1);
    expect(transition).toMatchObject({ to: 'ready', at: now + 8_000, spent: false });
  });

  it('that refuses the payload brings a smaller rendering once', () => {
    const first = afterOutcome(pending(), rejected('payload_rejected'), now, 0);
    expect(first).toMatchObject({ to: 'ready', at: now, spent: true, reduced: true });
    const second = afterOutcome(pending({ reduced: true }), rejected('payload_rejected'), now, 0);
    expect(second).toMatchObject({ to: 'failed', code: 'payload_rejected', definite: true });
  });

  it.each(['blocked_by_user', 'not_in_conversation', 'registration_misconfigured'] as const)(
    'that says %s is skipped with that reason',
    (code) =>
      expect(afterOutcome(pending(), rejected(code), now, 0)).toMatchObject({ to: 'skipped', reason: code }),
  );

  it('that refuses the app waits for an administrator for an hour; a test says so at once', () => {
    const refused = rejected('unauthorized');
    expect(afterOutcome(pending(), refused, now, 0)).toMatchObject({ to: 'ready', spent: false });
    expect(afterOutcome(pending({ queuedAt: now - 3_600_001 }), refused, now, 0).to).toBe('failed');
    expect(afterOutcome(pending({ category: 'test' }), refused, now, 0).to).toBe('failed');
  });

  it('that may pass is tried for a day', () => {
    const failing = rejected('server_error', { retryable: true });
    expect(afterOutcome(pending(), failing, now, 0)).toMatchObject({ to: 'ready', spent: true });
    const old = pending({ queuedAt: now - 86_400_001 });
    expect(afterOutcome(old, failing, now, 0)).toMatchObject({ to: 'failed', code: 'server_error' });
  });
});

describe('a look-up', () => {
  it('that finds it proves it', () => {
    expect(afterLookUp(pending(), { result: 'found', messageId: 'm1' }, now, 0)).toMatchObject({
      to: 'sent',
      messageId: 'm1',
      proof: true,
    });
  });

  it('that does not find it lets it go again, as another attempt', () => {
    expect(afterLookUp(pending(), { result: 'absent' }, now, 0)).toMatchObject({ to: 'ready', spent: true });
  });

  it('lets the same attempt go on where the platform dedupes', () => {
    expect(afterLookUp(pending(), { result: 'repeatable' }, now, 0)).toEqual({ to: 'repeat', at: now });
  });

  it('that can tell nothing holds, or resends an alert at most twice', () => {
    const unknowable = { result: 'unknowable', detail: 'No permission.' } as const;
    expect(afterLookUp(pending(), unknowable, now, 0)).toMatchObject({
      to: 'failed',
      code: 'outcome_unknown',
      definite: false,
    });
    const alert = (attemptNo: number) =>
      afterLookUp(pending({ onUnknown: 'resend', attemptNo }), unknowable, now, 0).to;
    expect([1, 2, 3].map(alert)).toEqual(['ready', 'ready', 'failed']);
  });

  it('that cannot be made now is made later, for an hour', () => {
    expect(afterLookUp(pending(), { result: 'later' }, now, 0)).toMatchObject({
      to: 'unknown',
      at: now + 2_000,
    });
    const asked = { result: 'later', retryAfterMs: 30_000 } as const;
    expect(afterLookUp(pending(), asked, now, 0)).toMatchObject({ to: 'unknown', at: now + 30_000 });
    const old = pending({ notAfter: new Date(now - 3_600_001) });
    expect(afterLookUp(old, { result: 'later' }, now, 0)).toMatchObject({
      to: 'failed',
      code: 'outcome_unknown',
    });
  });
});

describe('a fallback', () => {
  it('is opened by a definite failure, or by a channel that cannot reach the person', () => {
    const failed = { to: 'failed', code: 'not_found', detail: null, requestId: null } as const;
    expect(opensFallback({ ...failed, definite: true })).toBe(true);
    expect(opensFallback({ ...failed, code: 'outcome_unknown', definite: false })).toBe(false);
    const skipped = { to: 'skipped', code: null, detail: null } as const;
    expect(opensFallback({ ...skipped, reason: 'blocked_by_user' })).toBe(true);
    expect(opensFallback({ ...skipped, reason: 'expired' })).toBe(false);
  });
});

describe('the wait between tries', () => {
  it('is between a quarter of a second and five minutes, and never more than doubles', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (tries, random) => {
          const wait = backoffMs(tries, random);
          expect(wait).toBeGreaterThanOrEqual(250);
          expect(wait).toBeLessThanOrEqual(300_000);
          expect(backoffMs(tries + 1, random)).toBeLessThanOrEqual(Math.max(500, 2 * wait + 1));
        },
      ),
    );
  });
});
