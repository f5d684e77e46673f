/** What the Open API's answers, and the lack of one, mean for a send: our code, repeatable or not, outcome known or not. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { SendErrorCode, SendOutcome } from '../../src/kernel/platform.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { rejections, unanswered } from '../shared/outcomes.ts';
import { waitOf } from '../shared/retry-after.ts';
import { type ApiAnswer, readAnswer } from './open-api.ts';

const sentSchema = z.object({ data: z.object({ message_id: z.string().min(1).max(300) }) });

interface Verdict {
  code: SendErrorCode;
  retryable?: true;
  referenceGone?: true;
}

const throttled: Verdict = { code: 'throttled', retryable: true };
const unauthorized: Verdict = { code: 'unauthorized' };
const rejectedPayload: Verdict = { code: 'payload_rejected' };
const blocked: Verdict = { code: 'blocked_by_user' };
const gone: Verdict = { code: 'not_found', referenceGone: true };
const messageGone: Verdict = { code: 'not_found' };

/**
 * Codes of the Open API, whatever their HTTP status. Sources: the lists of codes on the pages of each call
 * (https://open.feishu.cn/document/server-docs/im-v1/message/create, …/reply, …/message-card/patch) and the general one
 * (https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code).
 */
const verdicts: Record<number, Verdict> = {
  // Too many requests; 11232, 11233 and 11247 inside the messaging service.
  99991400: throttled,
  230020: throttled,
  11232: throttled,
  11233: throttled,
  11247: throttled,
  // The month's quota of calls is used up: no wait that we would make helps.
  99991403: { code: 'throttled' },
  // Token missing, invalid or not a token; wrong kind of it.
  99991661: unauthorized,
  99991663: unauthorized,
  99991664: unauthorized,
  99991665: unauthorized,
  99991668: unauthorized,
  99991671: unauthorized,
  // The app: out of use, not installed here, called from an address that it does not allow, without permission.
  99991401: unauthorized,
  99991662: unauthorized,
  99991672: unauthorized,
  99991673: unauthorized,
  99991676: unauthorized,
  11207: unauthorized,
  11210: unauthorized,
  230027: unauthorized,
  230006: { code: 'registration_misconfigured' },
  // The bot is not in the group; the person, or the tenant's rules, keep it from speaking.
  230002: { code: 'not_in_conversation', referenceGone: true },
  230013: { code: 'not_in_conversation' },
  230038: { code: 'not_in_conversation' },
  230018: blocked,
  230035: blocked,
  230053: blocked,
  // The addressee does not exist, is somebody else's, has left; the group is dissolved.
  230029: gone,
  230034: gone,
  232009: gone,
  99992351: gone,
  99992355: gone,
  99992356: gone,
  99992361: gone,
  99992363: gone,
  99992364: gone,
  99992381: gone,
  // The message: recalled, deleted, not visible, about to destroy itself, too old; no such topic or message.
  230011: messageGone,
  230019: messageGone,
  230031: messageGone,
  230050: messageGone,
  230110: messageGone,
  230111: messageGone,
  99992354: messageGone,
  // The content: invalid, too long, refused by the tenant's filters, of a kind that the chat does not take.
  230001: rejectedPayload,
  230022: rejectedPayload,
  230025: rejectedPayload,
  230028: rejectedPayload,
  230054: rejectedPayload,
  230071: rejectedPayload,
  230072: rejectedPayload,
  230075: rejectedPayload,
  230099: rejectedPayload,
  9499: rejectedPayload,
  99992402: rejectedPayload,
};

/** The same uuid is being worked on; errors inside the service. The message may appear all the same. */
const undecided = new Set([
  230049, 18121, 1500, 1503, 1551, 1557, 1642, 1663, 1665, 1668, 2200, 4006, 5000, 10101, 10500,
]);

/** The token is refused, and another one may be accepted. */
const refusedTokens = new Set([99991661, 99991663, 99991664, 99991665, 99991668, 99991671]);

/** A message cannot be replied to, or not in its topic, but the conversation is there. */
const notRepliable = new Set([230011, 230019, 230050, 230071, 230072, 230110, 230111, 99992354]);

/**
 * The outcome of one call that posts, answers or updates a message.
 * @param updateMessageId the message that was updated: its id is not in the answer
 * @param now for a Retry-After that is a date
 */
export function outcomeOf(result: HttpResult, updateMessageId: string | null, now: Date): SendOutcome {
  const detail = detailOf(result);
  if (result.kind === 'failed') return { ...unanswered(result.mayHaveLeft), ...detail };
  const { status } = result;
  const answer = readAnswer(result);
  // A 5xx or 408 can come from behind a service that has posted; so can a success that something in between wrote over.
  if (status >= 500 || status === 408) return { result: 'unknown', code: 'outcome_unknown', ...detail };
  if (answer?.code === 0 && status < 300) {
    return { result: 'sent', messageId: messageIdOf(answer) ?? updateMessageId, ...requestIdOf(result) };
  }
  if (answer === null ? status < 300 : undecided.has(answer.code)) {
    return { result: 'unknown', code: 'outcome_unknown', ...detail };
  }
  return { ...rejection(verdictOf(status, answer), result.headers, now), ...detail, ...requestIdOf(result) };
}

/** The outcome when no token could be had: nothing was posted. A refusal of the app's secret does not pass by itself. */
export function outcomeOfTokenFailure(result: HttpResult, now: Date): SendOutcome {
  const detail = detailOf(result);
  if (result.kind === 'failed') return { ...unanswered(false), ...detail };
  const answer = readAnswer(result);
  const verdict = verdictOf(result.status, answer);
  if (verdict.code === 'throttled') return { ...rejection(verdict, result.headers, now), ...detail };
  const ours = result.status >= 400 && result.status < 500 && result.status !== 408;
  const refused =
    answer === null ? ours : answer.code !== 0 && !undecided.has(answer.code) && result.status < 500;
  return refused
    ? { result: 'rejected', code: 'unauthorized', retryable: false, ...detail }
    : { result: 'rejected', code: 'server_error', retryable: true, ...detail };
}

/** Whether the token was refused, so that nothing was posted and another token may be accepted. */
export function isTokenRefused(result: HttpResult): boolean {
  if (result.kind === 'failed' || result.status >= 500) return false;
  const answer = readAnswer(result);
  return answer === null ? result.status === 401 : refusedTokens.has(answer.code);
}

/** Whether the message that was to be replied to is gone, so that nothing was posted and a plain message may be. */
export function isNotRepliable(result: HttpResult): boolean {
  if (result.kind === 'failed' || result.status >= 500) return false;
  const answer = readAnswer(result);
  return answer !== null && notRepliable.has(answer.code);
}

/** How long the platform asks to wait, in milliseconds: the longer of its own header and Retry-After. */
export function retryAfterMs(headers: IncomingHttpHeaders, now: Date): number | null {
  const waits = [headers['x-ogw-ratelimit-reset'], headers['retry-after']].flatMap((header) => {
    const wait = typeof header === 'string' ? waitOf(header, now) : null;
    return wait === null ? [] : [wait];
  });
  return waits.length === 0 ? null : Math.max(...waits);
}

function verdictOf(status: number, answer: ApiAnswer | null): Verdict {
  if (status === 429) return throttled;
  // Somebody is using the card at this moment (230099, in it 11310).
  if (answer?.code === 230099 && answer.msg.includes('card action is lock')) {
    return { code: 'transient', retryable: true };
  }
  // The same code as for a malformed request (https://github.com/openclaw/openclaw/pull/35312).
  if (answer?.code === 230001 && /invalid receive.?id\b/i.test(answer.msg)) return gone;
  const known = answer === null ? undefined : verdicts[answer.code];
  return known ?? { code: rejections[status] ?? 'unknown' };
}

function rejection(verdict: Verdict, headers: IncomingHttpHeaders, now: Date): SendOutcome {
  const { code, retryable = false, referenceGone } = verdict;
  const wait = retryable ? retryAfterMs(headers, now) : null;
  return {
    result: 'rejected',
    code,
    retryable,
    ...(wait === null ? {} : { retryAfterMs: wait }),
    ...(referenceGone ? { referenceGone } : {}),
  };
}

/** The platform's own code, else the HTTP status or what broke. The message beside the code may quote what was sent. */
function detailOf(result: HttpResult): { detail: string } {
  if (result.kind === 'failed') return { detail: result.code.slice(0, 50) };
  const code = readAnswer(result)?.code ?? 0;
  return { detail: code === 0 ? `HTTP ${result.status}` : String(code) };
}

/** What the platform's support asks for. Source: https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code */
function requestIdOf(result: HttpResult): { requestId?: string } {
  if (result.kind === 'failed') return {};
  const body = readAnswer(result)?.body;
  const ids = [result.headers['x-tt-logid'], result.headers['x-request-id'], body?.request_id];
  const requestId = ids.find((id) => typeof id === 'string' && /^[\w.:-]{1,200}$/.test(id));
  return typeof requestId === 'string' ? { requestId } : {};
}

/** The id of the message; a success without one is a success all the same. */
function messageIdOf(answer: ApiAnswer): string | null {
  const sent = sentSchema.safeParse(answer.body);
  return sent.success ? sent.data.data.message_id : null;
}
