/** What Slack's answers, and the lack of one, mean for a send: our code, repeatable or not, outcome known or not. */
import type { IncomingHttpHeaders } from 'node:http';
import type { SendErrorCode, SendOutcome } from '../../src/kernel/platform.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { rejections, unanswered } from '../shared/outcomes.ts';
import { waitOf } from '../shared/retry-after.ts';
import { answerOf, errorOf } from './web-api.ts';

type Verdict = { code: SendErrorCode; retryable?: true; referenceGone?: true } | 'unknown';

const gone = { code: 'not_found', referenceGone: true } as const;
const absent = { code: 'not_in_conversation', referenceGone: true } as const;
const mayNotPost = { code: 'not_in_conversation' } as const;
const unauthorized = { code: 'unauthorized' } as const;
const misconfiguredApp = { code: 'registration_misconfigured' } as const;
const rejectedPayload = { code: 'payload_rejected' } as const;
const throttled = { code: 'throttled', retryable: true } as const;
const passing = { code: 'transient', retryable: true } as const;
const noMessage = { code: 'not_found' } as const;
/** Slack holds our client_msg_id for a repeat and finds no first one: nothing was posted. */
const falseRepeat = { code: 'transient', retryable: true } as const;

/**
 * Errors by name, with what they say about the send. Sources: the error tables of chat.postMessage, chat.update,
 * chat.delete, conversations.open, views.open and views.publish below https://docs.slack.dev/reference/methods.
 */
const namedErrors: Record<string, Verdict> = {
  ...each(throttled, 'ratelimited rate_limited message_limit_exceeded'),
  // Parts of the operation may have succeeded, says Slack.
  ...each('unknown', 'fatal_error internal_error update_failed'),
  ...each({ code: 'server_error', retryable: true }, 'service_unavailable'),
  // Truncated on its way, or the workspace moves into an organization, which ends.
  ...each(passing, 'request_timeout team_added_to_org org_login_required external_channel_migrating'),
  ...each(passing, 'streaming_state_conflict hash_conflict'),
  ...each(falseRepeat, 'duplicate_message_not_found duplicate_channel_not_found'),
  ...each(unauthorized, 'not_authed invalid_auth account_inactive token_revoked token_expired'),
  ...each(unauthorized, 'access_denied accesslimited ekm_access_denied two_factor_setup_required'),
  ...each(unauthorized, 'team_access_not_granted enterprise_is_restricted'),
  ...each(misconfiguredApp, 'missing_scope not_allowed_token_type as_user_not_supported not_enabled'),
  ...each(misconfiguredApp, 'messages_tab_disabled metadata_must_be_sent_from_app'),
  ...each(gone, 'channel_not_found is_archived is_inactive team_not_found'),
  ...each(absent, 'not_in_channel user_not_in_channel'),
  ...each(absent, 'cannot_dm_bot user_disabled user_not_found users_not_found user_not_visible'),
  ...each(mayNotPost, 'no_permission restricted_action restricted_action_read_only_channel'),
  ...each(mayNotPost, 'restricted_action_thread_locked'),
  ...each(mayNotPost, 'restricted_action_thread_only_channel restricted_action_non_threadable_channel'),
  ...each(noMessage, 'cant_delete_message compliance_exports_prevent_deletion'),
  ...each(noMessage, 'message_not_found cant_update_message edit_window_closed cannot_reply_to_message'),
  ...each(noMessage, 'not_found view_not_found expired_trigger_id exchanged_trigger_id invalid_trigger_id'),
  ...each(noMessage, 'trigger_expired trigger_exchanged invalid_trigger'),
  ...each(rejectedPayload, 'msg_too_long no_text invalid_blocks invalid_blocks_format msg_blocks_too_long'),
  ...each(
    rejectedPayload,
    'invalid_arguments invalid_arg_name invalid_array_arg invalid_charset invalid_json',
  ),
  ...each(rejectedPayload, 'json_not_object invalid_form_data invalid_post_type missing_post_type'),
  ...each(rejectedPayload, 'metadata_too_large invalid_metadata_format invalid_metadata_schema'),
  ...each(rejectedPayload, 'too_many_attachments invalid_attachments attachment_payload_limit_exceeded'),
  ...each(
    rejectedPayload,
    'block_mismatch markdown_text_conflict view_too_large invalid_payload missing_charset',
  ),
};

function each(verdict: Verdict, names: string): Record<string, Verdict> {
  return Object.fromEntries(names.split(' ').map((name) => [name, verdict]));
}

/** Errors that a new token may mend. */
const tokenErrors = new Set([
  'invalid_auth',
  'token_revoked',
  'token_expired',
  'not_authed',
  'account_inactive',
]);

/** Whether Slack refused the token, and thus certainly did nothing; no server error is such an answer. */
export function isTokenRefused(result: HttpResult): boolean {
  if (result.kind === 'failed' || result.status >= 500 || result.status === 408) return false;
  const error = errorOf(result);
  return error !== null && tokenErrors.has(error);
}

/** What a call was about, as far as errors mean something else then. */
export interface Asked {
  /** It refers to a message: that it cannot be updated does not mean that the conversation is gone. */
  isUpdate: boolean;
  /** The conversation was named by a person's id, which chat.update does not take. */
  byPerson: boolean;
}

/** The outcome of one call of a Web API method that posts, updates or shows. Slack answers most errors with status 200. */
export function outcomeOf(result: HttpResult, asked: Asked, now: Date): SendOutcome {
  if (result.kind === 'failed') return unanswered(result.mayHaveLeft);
  const { status } = result;
  // A 5xx or 408 can come from behind a Slack that has posted; nothing in the answer tells.
  if (status >= 500 || status === 408) return unknownOutcome;
  if (status === 429) return throttledFor(result.headers, now);
  const error = errorOf(result);
  if (error !== null) return outcomeOfError(error, result.headers, asked, now);
  if (status >= 200 && status < 300) return accepted(result);
  return rejected({ code: rejections[status] ?? 'unknown' });
}

/** Whether Slack refused our `client_msg_id`, and not the message. */
export function isFalseRepeat(result: HttpResult): boolean {
  const error = errorOf(result);
  return error !== null && namedErrors[error] === falseRepeat;
}

/** The outcome with what tells a support engineer more: Slack's error name, and its id of the request. */
export function traced(outcome: SendOutcome, result: HttpResult): SendOutcome {
  const id = result.kind === 'answered' ? result.headers['x-slack-req-id'] : undefined;
  const request = typeof id === 'string' && /^[\w.-]{1,100}$/.test(id) ? { requestId: id } : {};
  switch (outcome.result) {
    case 'sent':
      return { ...outcome, ...request };
    case 'rejected':
      return { ...outcome, ...request, detail: detailOf(result) };
    case 'unknown':
      return { ...outcome, detail: detailOf(result) };
  }
}

/** What went wrong in a word: Slack's error name, the status, or the error of the connection. */
export function detailOf(result: HttpResult): string {
  if (result.kind === 'failed') return wordOf(result.code) ?? 'no answer';
  const error = wordOf(errorOf(result));
  const scope = scopeLackedIn(result);
  if (error === null) return `HTTP ${result.status}`;
  return scope === null ? error : `${error}: ${scope}`;
}

/** The scope for want of which Slack refused the call; null when it refused for something else. */
export function scopeLackedIn(result: HttpResult): string | null {
  return errorOf(result) === 'missing_scope' ? wordOf(answerOf(result)?.needed) : null;
}

/** What came from outside, as far as it has the form of an error name or of scopes; null for anything else. */
function wordOf(value: unknown): string | null {
  return typeof value === 'string' && /^[\w.:,-]{1,100}$/.test(value) ? value : null;
}

/**
 * The outcome of a post that must not be doubled: that Slack is not available says nothing certain of it.
 */
export function outcomeOfPost(result: HttpResult, now: Date): SendOutcome {
  const outcome = outcomeOf(result, { isUpdate: false, byPerson: false }, now);
  return outcome.result === 'rejected' && outcome.code === 'server_error' ? unknownOutcome : outcome;
}

/** A success says so; anything else with a good status comes from something between Slack and us. */
function accepted(result: HttpResult): SendOutcome {
  const answer = answerOf(result);
  if (answer?.ok !== true) return unknownOutcome;
  const { ts } = answer;
  return { result: 'sent', messageId: typeof ts === 'string' && ts !== '' && ts.length <= 300 ? ts : null };
}

function outcomeOfError(error: string, headers: IncomingHttpHeaders, asked: Asked, now: Date): SendOutcome {
  const verdict = Object.hasOwn(namedErrors, error) ? namedErrors[error] : undefined;
  if (verdict === 'unknown') return unknownOutcome;
  if (verdict?.code === 'throttled') return throttledFor(headers, now);
  if (verdict === gone && asked.isUpdate && asked.byPerson) return rejected(noMessage);
  return rejected(verdict ?? { code: 'unknown' });
}

/**
 * Errors of response URLs, which answer with a status and a word. One that is used up or over says nothing about the
 * conversation: the next try, which has no such address any more, goes there.
 * https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
 */
export function outcomeOfResponse(result: HttpResult, replacedId: string | null, now: Date): SendOutcome {
  if (result.kind === 'failed') return unanswered(result.mayHaveLeft);
  const { status, headers } = result;
  if (status >= 500 || status === 408) return unknownOutcome;
  if (status === 429) return throttledFor(headers, now);
  const error = errorOf(result) ?? (status >= 300 ? result.body.trim() : null);
  if (error === null) return { result: 'sent', messageId: replacedId };
  const verdict = Object.hasOwn(namedErrors, error) ? namedErrors[error] : undefined;
  if (verdict === rejectedPayload) return rejected(rejectedPayload);
  return rejected({ code: 'not_found', retryable: true });
}

/** The outcome when no token could be had: nothing was posted. A refusal of the credentials does not pass by itself. */
export function outcomeOfTokenFailure(result: HttpResult, now: Date): SendOutcome {
  if (result.kind === 'failed') return rejected(passing);
  if (result.status === 429) return throttledFor(result.headers, now);
  const error = errorOf(result);
  if (error === null || result.status >= 500) return rejected({ code: 'server_error', retryable: true });
  const verdict = Object.hasOwn(namedErrors, error) ? namedErrors[error] : undefined;
  if (verdict === 'unknown') return rejected({ code: 'server_error', retryable: true });
  if (verdict?.code === 'throttled') return throttledFor(result.headers, now);
  return verdict?.retryable ? rejected(verdict) : rejected(unauthorized);
}

/** How long Slack asks to wait: Retry-After in seconds, or as a date from something in between; null without. */
export function retryAfterMs(headers: IncomingHttpHeaders, now: Date): number | null {
  return waitOf(headers['retry-after'], now);
}

const unknownOutcome: SendOutcome = { result: 'unknown', code: 'outcome_unknown' };

function throttledFor(headers: IncomingHttpHeaders, now: Date): SendOutcome {
  const wait = retryAfterMs(headers, now);
  const outcome = { result: 'rejected', ...throttled } as const;
  return wait === null ? outcome : { ...outcome, retryAfterMs: wait };
}

function rejected(verdict: Exclude<Verdict, string>): SendOutcome {
  const { code, retryable = false, referenceGone } = verdict;
  const outcome = { result: 'rejected', code, retryable } as const;
  return referenceGone === true ? { ...outcome, referenceGone } : outcome;
}
