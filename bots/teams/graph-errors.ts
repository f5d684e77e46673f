/** What Graph's answers, and the lack of one, mean for an entry of the activity feed and for reading messages. */
import type { LookUp } from '../../src/kernel/notification.ts';
import type { SendErrorCode, SendOutcome } from '../../src/kernel/platform.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { unanswered } from '../shared/outcomes.ts';
import { detail, readError, requestIdOf, retryAfterMs } from './errors.ts';

/**
 * Statuses that say that there is no entry. 403: the app is not installed for the person, or in a version without the
 * permission for its feed. Neither says anything about the app elsewhere
 * (https://learn.microsoft.com/graph/teams-send-activityfeednotifications: the app must be installed for the recipient).
 */
const rejections: Readonly<Record<number, SendErrorCode>> = {
  400: 'payload_rejected',
  401: 'unauthorized',
  403: 'not_in_conversation',
  404: 'not_found',
  413: 'payload_rejected',
};

/** The outcome of one `sendActivityNotification`, which gives no id. */
export function outcomeOfFeed(result: HttpResult, now: Date): SendOutcome {
  if (result.kind === 'failed') return { ...unanswered(result.mayHaveLeft), ...detail(result.code) };
  const { status, headers, body } = result;
  if (status >= 200 && status < 300) return { result: 'sent', messageId: null, ...requestIdOf(headers) };
  const said = { ...detail(readError(body)?.code), ...requestIdOf(headers) };
  if (status >= 500 || status === 408) return { result: 'unknown', code: 'outcome_unknown', ...said };
  if (status === 429) {
    const wait = retryAfterMs(headers, body, now);
    const rejected = { result: 'rejected', code: 'throttled', retryable: true, ...said } as const;
    return wait === null ? rejected : { ...rejected, retryAfterMs: wait };
  }
  return { result: 'rejected', code: rejections[status] ?? 'unknown', retryable: false, ...said };
}

/**
 * What a refused or failed read says.
 * @param permission what has to be granted, as a sentence names it
 */
export function lookUpOfRefusal(result: HttpResult, permission: string, now: Date): LookUp {
  if (result.kind === 'failed') return { result: 'later' };
  const { status, headers, body } = result;
  switch (status) {
    case 401:
      return { result: 'unknowable', detail: "Microsoft Graph refused the app's token." };
    case 403:
      return {
        result: 'unknowable',
        detail: `Microsoft Graph does not let the app read there without ${permission}.`,
      };
    case 404:
      return { result: 'unknowable', detail: 'Microsoft Graph knows no such conversation.' };
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return { result: 'unknowable', detail: `Microsoft Graph refused to read the conversation (${status}).` };
  }
  const wait = retryAfterMs(headers, body, now);
  return wait === null ? { result: 'later' } : { result: 'later', retryAfterMs: wait };
}

/** The same where no request was made. */
export function lookUpOfOutcome(outcome: SendOutcome): LookUp {
  if (outcome.result !== 'rejected' || !outcome.retryable) {
    const code = outcome.result === 'sent' ? 'unknown' : outcome.code;
    return { result: 'unknowable', detail: `There is no token for Microsoft Graph (${code}).` };
  }
  const { retryAfterMs: wait } = outcome;
  return wait === undefined ? { result: 'later' } : { result: 'later', retryAfterMs: wait };
}
