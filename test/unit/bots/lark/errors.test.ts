/** What each answer of the Open API means for a send; the outcome is never claimed to be known when it is not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isNotRepliable,
  isTokenRefused,
  retryAfterMs,
  outcomeOf as wholeOutcomeOf,
  outcomeOfTokenFailure as wholeOutcomeOfTokenFailure,
} from '../../../../bots/lark/errors.ts';
import type { HttpResult } from '../../../../bots/shared/http-call.ts';

const now = new Date('2026-11-20T09:00:00Z');

/** Without what is said for people alone. */
function withoutDetail<T extends object>(outcome: T): Omit<T, 'detail'> {
  const { detail: _, ...rest } = outcome as T & { detail?: string };
  return rest;
}
const outcomeOf = (...call: Parameters<typeof wholeOutcomeOf>) => withoutDetail(wholeOutcomeOf(...call));
const outcomeOfTokenFailure = (...call: Parameters<typeof wholeOutcomeOfTokenFailure>) =>
  withoutDetail(wholeOutcomeOfTokenFailure(...call));

function answered(status: number, body: unknown = '', headers: Record<string, string> = {}): HttpResult {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'answered', status, headers, body: text };
}

const coded = (code: number, status = 400, msg = 'x') => answered(status, { code, msg });
const unknown = { result: 'unknown', code: 'outcome_unknown' };

describe('a send', () => {
  it('is sent with the id, or without one', () => {
    const sent = answered(200, { code: 0, msg: 'ok', data: { message_id: 'om_1' } });
    expect(outcomeOf(sent, null, now)).toEqual({ result: 'sent', messageId: 'om_1' });
    for (const data of [undefined, {}, { message_id: 7 }, null]) {
      expect(outcomeOf(answered(200, { code: 0, data }), null, now)).toEqual({
        result: 'sent',
        messageId: null,
      });
    }
  });

  it('of an update keeps the id, which the answer does not tell', () => {
    const answer = answered(200, { code: 0, data: {} });
    expect(outcomeOf(answer, 'om_7', now)).toEqual({ result: 'sent', messageId: 'om_7' });
  });

  it.each([500, 502, 503, 504, 408])('is unknown after %i', (status) => {
    expect(outcomeOf(answered(status), null, now)).toEqual(unknown);
    expect(outcomeOf(coded(0, status), null, now)).toEqual(unknown);
  });

  it('is unknown after a success that is none of the Open API', () => {
    for (const body of ['', '<html>', '{}', 'null', '{"code":"0"}']) {
      expect(outcomeOf(answered(200, body), null, now)).toEqual(unknown);
    }
  });

  it.each([230049, 18121, 2200, 1500])('is unknown after code %i, whatever the status', (code) => {
    expect(outcomeOf(coded(code), null, now)).toEqual(unknown);
    expect(outcomeOf(coded(code, 200), null, now)).toEqual(unknown);
  });

  it('is unknown when the request may have left, else it can be repeated', () => {
    const reset = { kind: 'failed', code: 'ECONNRESET' } as const;
    expect(outcomeOf({ ...reset, mayHaveLeft: true }, null, now)).toEqual(unknown);
    expect(outcomeOf({ ...reset, mayHaveLeft: false }, null, now)).toEqual({
      result: 'rejected',
      code: 'transient',
      retryable: true,
    });
  });

  it.each([
    [400, 99991400],
    [429, 99991400],
    [200, 230020],
    [400, 230020],
    [400, 11232],
    [429, 0],
  ])('can be repeated after %i with code %i', (status, code) => {
    const rejected = { result: 'rejected', code: 'throttled', retryable: true };
    expect(outcomeOf(coded(code, status), null, now)).toEqual(rejected);
    const waiting = answered(status, { code }, { 'x-ogw-ratelimit-reset': '52' });
    expect(outcomeOf(waiting, null, now)).toEqual({ ...rejected, retryAfterMs: 52_000 });
  });

  it('can be repeated while somebody uses the card', () => {
    const msg = 'Failed to create card content, ext=ErrCode: 11310; ErrMsg: card action is lock';
    expect(outcomeOf(coded(230099, 400, msg), 'om_1', now)).toEqual({
      result: 'rejected',
      code: 'transient',
      retryable: true,
    });
  });

  it.each([
    [99991663, 'unauthorized', undefined],
    [99991672, 'unauthorized', undefined],
    [230027, 'unauthorized', undefined],
    [230006, 'registration_misconfigured', undefined],
    [99991403, 'throttled', undefined],
    [230002, 'not_in_conversation', true],
    [230013, 'not_in_conversation', undefined],
    [230053, 'blocked_by_user', undefined],
    [232009, 'not_found', true],
    [230034, 'not_found', true],
    [230011, 'not_found', undefined],
    [230025, 'payload_rejected', undefined],
    [230099, 'payload_rejected', undefined],
    [424242, 'payload_rejected', undefined],
  ])('is refused for good after code %i: %s', (code, expected, referenceGone) => {
    const rejected = { result: 'rejected', code: expected, retryable: false };
    const outcome = outcomeOf(coded(code), null, now);
    expect(outcome).toEqual(referenceGone ? { ...rejected, referenceGone } : rejected);
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'not_found'],
    [413, 'payload_rejected'],
    [302, 'unknown'],
    [418, 'unknown'],
  ])('is refused for good after a bare %i: %s', (status, code) => {
    expect(outcomeOf(answered(status), null, now)).toEqual({ result: 'rejected', code, retryable: false });
  });

  it('names nobody who can be written to, which is no fault of the message', () => {
    const msg = 'Your request contains an invalid request parameter, ext=invalid receive_id';
    expect(outcomeOf(coded(230001, 400, msg), null, now)).toEqual({
      result: 'rejected',
      code: 'not_found',
      retryable: false,
      referenceGone: true,
    });
    expect(outcomeOf(coded(230001, 400, 'ext=invalid receive_id_type'), null, now)).toMatchObject({
      code: 'payload_rejected',
    });
  });

  it.each<[HttpResult, object]>([
    [coded(230025), { detail: '230025' }],
    [coded(2200, 200), { detail: '2200' }],
    [answered(502, '<html>secret'), { detail: 'HTTP 502' }],
    [coded(0, 503), { detail: 'HTTP 503' }],
    [{ kind: 'failed', mayHaveLeft: true, code: 'ECONNRESET' }, { detail: 'ECONNRESET' }],
    [
      answered(400, { code: 230002 }, { 'x-tt-logid': '2025A-1' }),
      { detail: '230002', requestId: '2025A-1' },
    ],
    [answered(200, { code: 0, request_id: 'r-1' }), { requestId: 'r-1' }],
    [answered(200, { code: 0 }, { 'x-tt-logid': 'a b\u0000' }), {}],
  ])('says the code and the id of the request: %o', (result, said) => {
    const { detail, requestId } = wholeOutcomeOf(result, null, now) as Record<string, unknown>;
    expect({ detail, requestId }).toEqual(said);
  });

  it('is never called known after a 5xx, and never sent without code 0', () => {
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ code: fc.integer({ min: 1 }) }).map((x) => JSON.stringify(x)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), body, (status, text) => {
        const { result } = outcomeOf(answered(status, text), null, now);
        if (status >= 500) expect(result).toBe('unknown');
        else expect(result).not.toBe('sent');
      }),
    );
  });
});

describe('what may be done about a refusal', () => {
  it.each([
    [coded(99991663), true],
    [coded(99991664, 401), true],
    [answered(401), true],
    [coded(99991672, 401), false],
    [coded(99991663, 500), false],
    [coded(0, 200), false],
    [{ kind: 'failed', mayHaveLeft: false, code: 'x' } as HttpResult, false],
  ])('another token, after %o: %s', (result, expected) => {
    expect(isTokenRefused(result)).toBe(expected);
  });

  it.each([
    [coded(230011), true],
    [coded(230110), true],
    [coded(230002), false],
    [coded(230011, 502), false],
    [answered(404), false],
  ])('a message of its own, after %o: %s', (result, expected) => {
    expect(isNotRepliable(result)).toBe(expected);
  });
});

describe('the wait', () => {
  it.each<[Record<string, string>, number | null]>([
    [{ 'x-ogw-ratelimit-reset': '3' }, 3000],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'x-ogw-ratelimit-reset': '3', 'retry-after': '9' }, 9000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 09:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 08:00:00 GMT' }, 0],
    [{ 'x-ogw-ratelimit-reset': '999999' }, 3_600_000],
    [{ 'x-ogw-ratelimit-reset': 'soon' }, null],
    [{}, null],
  ])('of %o', (headers, expected) => {
    expect(retryAfterMs(headers, now)).toBe(expected);
  });
});

describe('without a token nothing was posted', () => {
  it.each<[HttpResult, string, boolean]>([
    [{ kind: 'failed', mayHaveLeft: true, code: 'ECONNRESET' }, 'transient', true],
    [answered(503), 'server_error', true],
    [answered(200, '<html>'), 'server_error', true],
    [coded(2200, 200), 'server_error', true],
    [coded(99991400), 'throttled', true],
    [coded(10015, 200), 'unauthorized', false],
    [coded(10003, 200), 'unauthorized', false],
    [answered(404), 'unauthorized', false],
  ])('%o', (result, code, retryable) => {
    expect(outcomeOfTokenFailure(result, now)).toEqual({ result: 'rejected', code, retryable });
  });
});
