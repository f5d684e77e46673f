/** What each answer of the connector means for a send; the outcome is never claimed to be known when it is not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpResult } from '../../../../bots/shared/http-call.ts';
import {
  isOtherRegion,
  outcomeOf,
  outcomeOfTokenFailure,
  repeatable,
  retryAfterMs,
} from '../../../../bots/teams/errors.ts';

const now = new Date('2026-11-20T09:00:00Z');

function answered(status: number, body: unknown = '', headers: Record<string, string> = {}): HttpResult {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'answered', status, headers, body: text };
}

function named(status: number, code: string): HttpResult {
  return answered(status, { error: { code, message: 'x' } });
}

describe('a send', () => {
  it('is sent with the id, or without one', () => {
    expect(outcomeOf(answered(201, { id: '17' }), false, now)).toEqual({ result: 'sent', messageId: '17' });
    for (const body of ['', '{}', 'no json', '{"id":7}', 'null']) {
      expect(outcomeOf(answered(200, body), false, now)).toEqual({ result: 'sent', messageId: null });
    }
  });

  it.each([500, 502, 503, 504, 599, 408])('is unknown after %i', (status) => {
    expect(outcomeOf(answered(status), false, now)).toEqual({ result: 'unknown', code: 'outcome_unknown' });
  });

  it('is unknown when the request may have left, else it can be repeated', () => {
    const reset = { kind: 'failed', code: 'ECONNRESET' } as const;
    expect(outcomeOf({ ...reset, mayHaveLeft: true }, false, now).result).toBe('unknown');
    expect(outcomeOf({ ...reset, mayHaveLeft: false }, false, now)).toEqual({
      result: 'rejected',
      code: 'transient',
      retryable: true,
      detail: 'ECONNRESET',
    });
  });

  it.each([
    [429, 'throttled'],
    [412, 'transient'],
  ])('can be repeated after %i', (status, code) => {
    const rejected = { result: 'rejected', code, retryable: true };
    expect(outcomeOf(answered(status), false, now)).toEqual(rejected);
    const waiting = outcomeOf(answered(status, '', { 'retry-after': '7' }), false, now);
    expect(waiting).toEqual({ ...rejected, retryAfterMs: 7000 });
  });

  it.each([
    [403, 'ConversationBlockedByUser', 'blocked_by_user', undefined],
    [403, 'BotNotInConversationRoster', 'not_in_conversation', true],
    [403, 'BotDisabledByAdmin', 'not_in_conversation', undefined],
    [403, 'SomethingNew', 'unauthorized', undefined],
    [401, 'Unauthorized', 'unauthorized', undefined],
    [404, 'ConversationNotFound', 'not_found', true],
    [404, 'ActivityNotFoundInConversation', 'not_found', undefined],
    [404, 'SomethingNew', 'not_found', true],
    [400, 'BadSyntax', 'payload_rejected', undefined],
    [400, '__proto__', 'payload_rejected', undefined],
    [413, 'MessageSizeTooBig', 'payload_rejected', undefined],
    [418, 'Teapot', 'unknown', undefined],
    [302, '', 'unknown', undefined],
  ])('is refused for good after %i %s', (status, name, code, referenceGone) => {
    const detail = name === '' ? {} : { detail: name };
    const expected = { result: 'rejected', code, retryable: false, ...detail };
    const outcome = outcomeOf(named(status, name), false, now);
    expect(outcome).toEqual(referenceGone ? { ...expected, referenceGone } : expected);
  });

  it('of an update does not lose the conversation for a message that is gone', () => {
    expect(outcomeOf(answered(404), true, now)).not.toHaveProperty('referenceGone');
    expect(outcomeOf(named(404, 'ConversationNotFound'), true, now)).toHaveProperty('referenceGone', true);
  });

  it('names the error and the request only where they look like names', () => {
    const ids = { 'x-ms-request-id': 'a1-b2', 'request-id': 'c3' };
    const error = (code: string) => ({ error: { code, message: 'Printer is broken' } });
    expect(outcomeOf(answered(403, error('Forbidden'), ids), false, now)).toMatchObject({
      detail: 'Forbidden',
      requestId: 'a1-b2',
    });
    expect(outcomeOf(answered(200, { id: '17' }, { 'request-id': 'c3' }), false, now)).toEqual({
      result: 'sent',
      messageId: '17',
      requestId: 'c3',
    });
    const odd = outcomeOf(answered(403, error('Your text "Printer"'), { 'request-id': 'a b' }), false, now);
    expect(odd).toEqual({ result: 'rejected', code: 'unauthorized', retryable: false });
  });

  it('knows an answer that means another region', () => {
    const other = (message: string) => answered(403, { error: { code: 'BadArgument', message } });
    expect(isOtherRegion(other('User is from different region'))).toBe(true);
    expect(isOtherRegion(other('Incoming request was redirected to the wrong geo! Current geo: EMEA'))).toBe(
      true,
    );
    expect(isOtherRegion(other('Something else'))).toBe(false);
    expect(isOtherRegion(answered(500, { error: { code: 'BadArgument', message: 'wrong geo' } }))).toBe(
      false,
    );
    expect(isOtherRegion({ kind: 'failed', mayHaveLeft: true, code: 'ECONNRESET' })).toBe(false);
  });

  it('that can be repeated is never unknown', () => {
    expect(repeatable(outcomeOf(answered(500), false, now))).toEqual({
      result: 'rejected',
      code: 'server_error',
      retryable: true,
    });
    const gone = outcomeOf(named(404, 'ConversationNotFound'), false, now);
    expect(repeatable(gone)).toBe(gone);
  });

  it('is never called known after a 5xx, whatever the body', () => {
    fc.assert(
      fc.property(fc.integer({ min: 500, max: 599 }), fc.oneof(fc.json(), fc.string()), (status, body) => {
        expect(outcomeOf(answered(status, body), false, now).result).toBe('unknown');
      }),
    );
  });
});

describe('the wait', () => {
  it.each<[string, string, number | null]>([
    ['3', '', 3000],
    ['0', '', 0],
    ['1.5', '', 1500],
    ['Fri, 20 Nov 2026 09:00:30 GMT', '', 30_000],
    ['Fri, 20 Nov 2026 08:00:00 GMT', '', 0],
    ['999999', '', 3_600_000],
    ['soon', '', null],
  ])('of header %s', (header, body, expected) => {
    expect(retryAfterMs({ 'retry-after': header }, body, now)).toBe(expected);
  });

  it.each<[string, number | null]>([
    ['Too many requests, retry after 4 seconds', 4000],
    ['Retry in 250 ms', 250],
    ['please try again in 2s.', 2000],
    ['slow down', null],
  ])('of message %s', (message, expected) => {
    const body = JSON.stringify({ error: { code: 'TooManyRequests', message } });
    expect(retryAfterMs({}, body, now)).toBe(expected);
  });
});

describe('without a token nothing was posted', () => {
  it.each<[HttpResult, string, boolean]>([
    [{ kind: 'failed', mayHaveLeft: true, code: 'ECONNRESET' }, 'transient', true],
    [answered(503), 'server_error', true],
    [answered(302), 'server_error', true],
    [answered(429), 'throttled', true],
    [answered(401, { error: 'invalid_client' }), 'unauthorized', false],
    [answered(400, { error: 'unauthorized_client' }), 'unauthorized', false],
  ])('%o', (result, code, retryable) => {
    expect(outcomeOfTokenFailure(result, now)).toEqual({ result: 'rejected', code, retryable });
  });
});
