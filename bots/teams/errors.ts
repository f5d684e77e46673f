/** What the connector's answers, and the lack of one, mean for a send: our code, repeatable or not, outcome known or not. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { SendErrorCode, SendOutcome } from '../../src/kernel/platform.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { parseJson } from '../shared/json.ts';
import { rejections as commonRejections, unanswered } from '../shared/outcomes.ts';
import { clampWait, waitOf } from '../shared/retry-after.ts';

const errorSchema = z.object({
  error: z.object({ code: z.string().max(200).catch(''), message: z.string().max(2000).catch('') }),
});

const acceptedSchema = z.object({ id: z.string().min(1).max(300) });

type Verdict = { code: SendErrorCode; referenceGone?: boolean };

/**
 * Errors that the connector names in its body, whatever their status. Sources: Microsoft's list of status codes for
 * bot conversations (learn.microsoft.com, conversation-messages) and botframework-connector issues.
 */
const namedErrors: Record<string, Verdict> = {
  ConversationBlockedByUser: { code: 'blocked_by_user' },
  MessageWritesBlocked: { code: 'blocked_by_user' },
  BotNotInConversationRoster: { code: 'not_in_conversation', referenceGone: true },
  MemberNotFoundInConversation: { code: 'not_in_conversation', referenceGone: true },
  BotDisabledByAdmin: { code: 'not_in_conversation' },
  BotNotRegistered: { code: 'registration_misconfigured' },
  ConversationNotFound: { code: 'not_found', referenceGone: true },
  ActivityNotFoundInConversation: { code: 'not_found' },
  MessageSizeTooBig: { code: 'payload_rejected' },
  BadSyntax: { code: 'payload_rejected' },
};

/** Statuses that say that nothing was posted, without a name that says more. */
const rejections: Record<number, SendErrorCode> = { ...commonRejections, 422: 'payload_rejected' };

/**
 * The outcome of one call that posts or updates a message.
 * @param isUpdate an update refers to a message, so that a bare 404 does not mean that the conversation is gone.
 * @param now for a Retry-After that is a date.
 */
export function outcomeOf(result: HttpResult, isUpdate: boolean, now: Date): SendOutcome {
  if (result.kind === 'failed') return { ...unanswered(result.mayHaveLeft), ...detail(result.code) };
  const { status } = result;
  const said = { ...detail(readError(result.body)?.code), ...requestIdOf(result.headers) };
  if (status >= 200 && status < 300) {
    return { result: 'sent', messageId: messageIdOf(result.body), ...requestIdOf(result.headers) };
  }
  // A 5xx or 408 can come from behind a connector that has posted; nothing in the answer tells.
  if (status >= 500 || status === 408) return { result: 'unknown', code: 'outcome_unknown', ...said };
  if (status === 429 || status === 412) {
    // 412: another operation on the conversation was under way.
    const wait = retryAfterMs(result.headers, result.body, now);
    const code = status === 429 ? 'throttled' : 'transient';
    const rejected = { result: 'rejected', code, retryable: true, ...said } as const;
    return wait === null ? rejected : { ...rejected, retryAfterMs: wait };
  }
  const named = namedError(result.body);
  const code = named?.code ?? rejections[status] ?? 'unknown';
  const gone = named === null ? status === 404 && !isUpdate : named.referenceGone === true;
  const rejected = { result: 'rejected', code, retryable: false, ...said } as const;
  return gone ? { ...rejected, referenceGone: true } : rejected;
}

/**
 * Whether the connector says that the conversation lives in another region by now. Its name for that says nothing, its
 * message does (botbuilder-js#3280, BotFramework-Services#339). Nothing was posted.
 */
export function isOtherRegion(result: HttpResult): boolean {
  if (result.kind === 'failed' || result.status < 400 || result.status >= 500) return false;
  const error = readError(result.body);
  return error?.code === 'BadArgument' && /different region|wrong geo/i.test(error.message);
}

/** The outcome of a call that cannot post, and can be repeated: what is unknown of it does no harm. */
export function repeatable(outcome: SendOutcome): SendOutcome {
  if (outcome.result !== 'unknown') return outcome;
  const { detail: said } = outcome;
  return {
    result: 'rejected',
    code: 'server_error',
    retryable: true,
    ...(said === undefined ? {} : { detail: said }),
  };
}

/** The platform's own name of what happened, where it looks like a name: a text could quote the message. */
export function detail(name: string | undefined): { detail?: string } {
  return name !== undefined && name !== 'unknown' && /^[\w.:-]{1,100}$/.test(name) ? { detail: name } : {};
}

/** The platform's id of the request, by which its support finds it: the connector's or Graph's header. */
export function requestIdOf(headers: IncomingHttpHeaders): { requestId?: string } {
  const id = headers['x-ms-request-id'] ?? headers['request-id'];
  return typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id) ? { requestId: id } : {};
}

/** The outcome when no token could be had: nothing was posted. A refusal of the credentials does not pass by itself. */
export function outcomeOfTokenFailure(result: HttpResult, now: Date): SendOutcome {
  if (result.kind === 'failed') return unanswered(false);
  if (result.status === 429) {
    const wait = retryAfterMs(result.headers, result.body, now);
    const rejected = { result: 'rejected', code: 'throttled', retryable: true } as const;
    return wait === null ? rejected : { ...rejected, retryAfterMs: wait };
  }
  if (result.status >= 500 || result.status === 408 || result.status < 400) {
    return { result: 'rejected', code: 'server_error', retryable: true };
  }
  return { result: 'rejected', code: 'unauthorized', retryable: false };
}

/** How long the platform asks to wait: Retry-After in seconds or as a date, else a hint in the body's message. */
export function retryAfterMs(headers: IncomingHttpHeaders, body: string, now: Date): number | null {
  const wait = waitOf(headers['retry-after'], now);
  if (wait !== null) return wait;
  const hint = /(?:retry|try again)\D{0,20}(\d{1,6})\s*(ms|milliseconds?|s|secs?|seconds?)?\b/i.exec(
    messageOf(body),
  );
  if (hint === null) return null;
  const unit = hint[2]?.toLowerCase().startsWith('m') ? 1 : 1000;
  return clampWait(Number(hint[1]) * unit);
}

function namedError(body: string): Verdict | null {
  const error = readError(body);
  return error !== null && Object.hasOwn(namedErrors, error.code) ? (namedErrors[error.code] ?? null) : null;
}

function messageOf(body: string): string {
  return readError(body)?.message ?? '';
}

/** The error of the connector's or Graph's answer. */
export function readError(body: string): { code: string; message: string } | null {
  const parsed = errorSchema.safeParse(parseJson(body));
  return parsed.success ? parsed.data.error : null;
}

/** The id of the message; a success without one is a success all the same. */
function messageIdOf(body: string): string | null {
  const answer = acceptedSchema.safeParse(parseJson(body));
  return answer.success ? answer.data.id : null;
}
