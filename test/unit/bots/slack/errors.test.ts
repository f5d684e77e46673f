/** What each answer of Slack means for a send; the outcome is never claimed to be known when it is not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpResult } from '../../../../bots/shared/http-call.ts';
import {
  detailOf,
  isFalseRepeat,
  isTokenRefused,
  outcomeOf,
  outcomeOfPost,
  outcomeOfResponse,
  outcomeOfTokenFailure,
  retryAfterMs,
  scopeLackedIn,
  traced,
} from '../../../../bots/slack/errors.ts';

const now = new Date('2026-11-20T09:00:00Z');
const post = { isUpdate: false, byPerson: false };
const unknown = { result: 'unknown', code: 'outcome_unknown' };

function answered(status: number, body: unknown = '', headers: Record<string, string> = {}): HttpResult {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'answered', status, headers, body: text };
}

function named(error: string, status = 200): HttpResult {
  return answered(status, { ok: false, error });
}

describe('a call', () => {
  it('is sent with the id, or without one', () => {
    expect(outcomeOf(answered(200, { ok: true, ts: '17.1' }), post, now)).toEqual({
      result: 'sent',
      messageId: '17.1',
    });
    expect(outcomeOf(answered(200, { ok: true, view: {} }), post, now)).toEqual({
      result: 'sent',
      messageId: null,
    });
  });

  it.each(['', 'ok', '{}', '{"ok":"true"}', 'null', '{"ok":false}'])(
    'is unknown after a good status and %s',
    (body) => {
      expect(outcomeOf(answered(200, body), post, now)).toEqual(unknown);
    },
  );

  it.each([500, 502, 503, 504, 599, 408])('is unknown after %i, whatever the body', (status) => {
    expect(outcomeOf(answered(status), post, now)).toEqual(unknown);
    expect(outcomeOf(named('channel_not_found', status), post, now)).toEqual(unknown);
  });

  it.each(['fatal_error', 'internal_error'])(
    'is unknown after %s, which may come after the post',
    (error) => {
      expect(outcomeOf(named(error), post, now)).toEqual(unknown);
    },
  );

  it('is unknown when the request may have left, else it can be repeated', () => {
    const reset = { kind: 'failed', code: 'ECONNRESET' } as const;
    expect(outcomeOf({ ...reset, mayHaveLeft: true }, post, now)).toEqual(unknown);
    const before = outcomeOf({ ...reset, mayHaveLeft: false }, post, now);
    expect(before).toEqual({ result: 'rejected', code: 'transient', retryable: true });
  });

  it.each<[string, string, boolean, boolean]>([
    ['ratelimited', 'throttled', true, false],
    ['rate_limited', 'throttled', true, false],
    ['service_unavailable', 'server_error', true, false],
    ['request_timeout', 'transient', true, false],
    ['team_added_to_org', 'transient', true, false],
    ['org_login_required', 'transient', true, false],
    ['invalid_auth', 'unauthorized', false, false],
    ['token_revoked', 'unauthorized', false, false],
    ['account_inactive', 'unauthorized', false, false],
    ['team_access_not_granted', 'unauthorized', false, false],
    ['missing_scope', 'registration_misconfigured', false, false],
    ['messages_tab_disabled', 'registration_misconfigured', false, false],
    ['channel_not_found', 'not_found', false, true],
    ['is_archived', 'not_found', false, true],
    ['not_in_channel', 'not_in_conversation', false, true],
    ['cannot_dm_bot', 'not_in_conversation', false, true],
    ['user_disabled', 'not_in_conversation', false, true],
    ['restricted_action', 'not_in_conversation', false, false],
    ['msg_too_long', 'payload_rejected', false, false],
    ['msg_blocks_too_long', 'payload_rejected', false, false],
    ['invalid_blocks', 'payload_rejected', false, false],
    ['expired_trigger_id', 'not_found', false, false],
    ['duplicate_message_not_found', 'transient', true, false],
    ['cant_delete_message', 'not_found', false, false],
    ['something_new', 'unknown', false, false],
    ['__proto__', 'unknown', false, false],
  ])('is refused with %s: %s', (error, code, retryable, referenceGone) => {
    const expected = { result: 'rejected', code, retryable, ...(referenceGone ? { referenceGone } : {}) };
    expect(outcomeOf(named(error), post, now)).toEqual(expected);
  });

  it.each(['message_not_found', 'cant_update_message', 'edit_window_closed'])(
    'about a message (%s) does not lose the conversation',
    (error) => {
      const outcome = outcomeOf(named(error), { isUpdate: true, byPerson: false }, now);
      expect(outcome).toEqual({ result: 'rejected', code: 'not_found', retryable: false });
    },
  );

  it('that updates in a conversation named by a person, which Slack does not take, does not lose it either', () => {
    const asked = { isUpdate: true, byPerson: true };
    expect(outcomeOf(named('channel_not_found'), asked, now)).not.toHaveProperty('referenceGone');
    expect(outcomeOf(named('channel_not_found'), { ...asked, byPerson: false }, now)).toHaveProperty(
      'referenceGone',
    );
  });

  it('waits as long as Slack says', () => {
    const limited = answered(429, { ok: false, error: 'ratelimited' }, { 'retry-after': '30' });
    const throttled = { result: 'rejected', code: 'throttled', retryable: true };
    expect(outcomeOf(limited, post, now)).toEqual({ ...throttled, retryAfterMs: 30_000 });
    expect(outcomeOf(answered(429), post, now)).toEqual(throttled);
  });

  it('is never called known after a 5xx, nor sent without a word of Slack', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.json(), fc.string()), (status, body) => {
        const { result } = outcomeOf(answered(status, body), post, now);
        if (status >= 500) expect(result).toBe('unknown');
        else expect(result).not.toBe('sent');
      }),
    );
  });
});

describe('a post that must not be doubled', () => {
  it('is unknown where Slack is not available, which says nothing of what was done', () => {
    expect(outcomeOfPost(named('service_unavailable'), now)).toEqual(unknown);
    expect(outcomeOfPost(named('channel_not_found'), now)).toMatchObject({ code: 'not_found' });
  });

  it('was taken for a repeat by these errors alone', () => {
    expect(isFalseRepeat(named('duplicate_channel_not_found'))).toBe(true);
    expect(isFalseRepeat(named('team_added_to_org'))).toBe(false);
    expect(isFalseRepeat(named('__proto__'))).toBe(false);
    expect(isFalseRepeat(answered(200, { ok: true }))).toBe(false);
  });
});

describe('what support asks for', () => {
  it.each<[HttpResult, string]>([
    [named('is_archived'), 'is_archived'],
    [named('is_archived', 404), 'is_archived'],
    [answered(200, { ok: false, error: 'missing_scope', needed: 'im:write' }), 'missing_scope: im:write'],
    [answered(502, '<html>'), 'HTTP 502'],
    [named('something that was said'), 'HTTP 200'],
    [{ kind: 'failed', mayHaveLeft: true, code: 'ECONNRESET' }, 'ECONNRESET'],
  ])('%o', (result, detail) => {
    expect(detailOf(result)).toBe(detail);
    const refusal = { result: 'rejected', code: 'unknown', retryable: false } as const;
    expect(traced(refusal, result)).toEqual({ ...refusal, detail });
    expect(traced({ result: 'sent', messageId: '1' }, result)).toEqual({ result: 'sent', messageId: '1' });
  });

  it('is the id of the request too, where it is one', () => {
    const sent = { result: 'sent', messageId: '1' } as const;
    const withId = (id: string) => traced(sent, answered(200, { ok: true }, { 'x-slack-req-id': id }));
    expect(withId('6d2f')).toEqual({ ...sent, requestId: '6d2f' });
    expect(withId('a b')).toEqual(sent);
  });

  it('is short, and never a text of a message', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), fc.string(), (status, error) => {
        expect(detailOf(answered(status, { ok: false, error }))).toMatch(/^[\w.:, -]{1,110}$/);
      }),
    );
  });

  it('names the scope of that error alone', () => {
    expect(scopeLackedIn(answered(200, { ok: false, error: 'missing_scope', needed: 'a:b' }))).toBe('a:b');
    expect(scopeLackedIn(answered(200, { ok: false, error: 'other', needed: 'a:b' }))).toBeNull();
    expect(scopeLackedIn(named('missing_scope'))).toBeNull();
  });
});

describe('a response URL', () => {
  it.each<[HttpResult, object]>([
    [answered(200, 'ok'), { result: 'sent', messageId: null }],
    [answered(200, { ok: true }), { result: 'sent', messageId: null }],
    [answered(404, 'used_url'), { result: 'rejected', code: 'not_found', retryable: true }],
    [named('used_url'), { result: 'rejected', code: 'not_found', retryable: true }],
    [answered(410, ''), { result: 'rejected', code: 'not_found', retryable: true }],
    [answered(400, 'invalid_blocks'), { result: 'rejected', code: 'payload_rejected', retryable: false }],
    [
      answered(429, '', { 'retry-after': '1' }),
      { result: 'rejected', code: 'throttled', retryable: true, retryAfterMs: 1000 },
    ],
    [answered(500, 'no_service'), unknown],
    [{ kind: 'failed', mayHaveLeft: true, code: 'ECONNRESET' }, unknown],
  ])('%o', (result, outcome) => {
    expect(outcomeOfResponse(result, null, now)).toEqual(outcome);
  });
});

describe('without a token nothing was posted', () => {
  it.each<[HttpResult, string, boolean]>([
    [{ kind: 'failed', mayHaveLeft: true, code: 'ECONNRESET' }, 'transient', true],
    [answered(503), 'server_error', true],
    [answered(200, '<html>'), 'server_error', true],
    [answered(429), 'throttled', true],
    [named('ratelimited'), 'throttled', true],
    [named('internal_error'), 'server_error', true],
    [named('invalid_refresh_token'), 'unauthorized', false],
    [named('bad_client_secret'), 'unauthorized', false],
  ])('%o', (result, code, retryable) => {
    expect(outcomeOfTokenFailure(result, now)).toEqual({ result: 'rejected', code, retryable });
  });

  it('which the errors about tokens say', () => {
    expect(['token_expired', 'invalid_auth'].map((error) => isTokenRefused(named(error)))).toEqual([
      true,
      true,
    ]);
    expect(isTokenRefused(named('missing_scope'))).toBe(false);
    expect(isTokenRefused(named('invalid_auth', 500))).toBe(false);
    expect(isTokenRefused(answered(200, { ok: true }))).toBe(false);
  });
});

describe('the wait', () => {
  it.each<[string, number | null]>([
    ['3', 3000],
    ['0', 0],
    ['1.5', 1500],
    ['Fri, 20 Nov 2026 09:00:30 GMT', 30_000],
    ['Fri, 20 Nov 2026 08:00:00 GMT', 0],
    ['999999', 3_600_000],
    ['soon', null],
    ['', null],
  ])('of header %s', (header, expected) => {
    expect(retryAfterMs({ 'retry-after': header }, now)).toBe(expected);
  });
});
