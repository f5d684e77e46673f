/** The one error class and the one table of error codes that outsiders may rely on. */

interface ErrorEntry {
  /** HTTP status of the answer. */
  status: number;
  /** Whether the same request may succeed later without a change. */
  retryable: boolean;
  title: string;
  /** What the caller can do about it. */
  remedy: string;
}

/** Codes are append-only: programs match on them. */
export const errorTable = {
  validation_error: entry(
    400,
    false,
    'The request is not valid',
    'Correct the fields that are named and send it again.',
  ),
  malformed_json: entry(
    400,
    false,
    'The body is not valid JSON',
    'Send a JSON object with Content-Type: application/json.',
  ),
  malformed_cursor: entry(
    400,
    false,
    'The cursor is not valid',
    'Use next_cursor of the previous page as it is, or none.',
  ),
  unauthorized: entry(
    401,
    false,
    'Authentication is missing or not valid',
    'Send Authorization: Bearer with a live key.',
  ),
  forbidden: entry(
    403,
    false,
    'A permission is missing',
    'Ask an administrator of the tenant for the permission.',
  ),
  not_found: entry(404, false, 'Not found', 'Check the id and the tenant.'),
  method_not_allowed: entry(
    405,
    false,
    'The method is not allowed here',
    'See /openapi.json for the methods of this path.',
  ),
  not_linked: entry(409, false, 'The chat account is not linked', 'Link the account with a code.'),
  not_configured: entry(409, false, 'Not configured', 'Enrol the organization with a registration.'),
  surface_disabled: entry(
    403,
    false,
    'Switched off on this surface',
    'Ask an administrator, or use another surface.',
  ),
  action_disabled: entry(
    403,
    false,
    'The action is switched off',
    'Ask an administrator to allow the action.',
  ),
  ambiguous: entry(409, false, 'More than one record matches', 'Name the record by its number or id.'),
  conflict: entry(409, false, 'The record is in another state', 'Read the record again and decide anew.'),
  duplicate_submission: entry(409, false, 'Already submitted', 'Nothing more to do.'),
  stale_card: entry(409, false, 'The card is out of date', 'Use the fresh card.'),
  execution_failed: entry(
    500,
    true,
    'The action failed',
    'Try again; if it goes on, give the request id to support.',
  ),
  idempotency_key_reused: entry(
    409,
    false,
    'The Idempotency-Key was used for another request',
    'Use a new key.',
  ),
  registration_taken: entry(
    409,
    false,
    'The organization is enrolled with this app already',
    'Check app_id and organization.',
  ),
  platform_unsupported: entry(
    409,
    false,
    'The platform is not supported',
    'See the documentation for the platforms.',
  ),
  registration_misconfigured: entry(
    409,
    false,
    'The registration is misconfigured',
    'Run registration doctor.',
  ),
  payload_too_large: entry(413, false, 'The body is too large', 'Send a smaller body.'),
  unsupported_media_type: entry(
    415,
    false,
    'The content type is not supported',
    'Send Content-Type: application/json.',
  ),
  rate_limited: entry(429, true, 'Too many requests', 'Wait as long as Retry-After says.'),
  internal: entry(500, true, 'Internal error', 'Try again; if it goes on, give the request id to support.'),
  unavailable: entry(503, true, 'Temporarily unavailable', 'Try again in a few seconds.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;

/** One field of the input that was refused. `path` is dotted, `message` is for people. */
export interface FieldError {
  path: string;
  /** English, for programs; or in the person's language where an action wrote it. */
  message: string;
  /** Why a schema refused it, for those who say it in another language. */
  rule?: { kind: 'required' | 'too_long' | 'invalid'; limit?: number };
}

export interface ErrorOptions {
  /** For people; must hold no secret and nothing of another tenant. */
  detail?: string;
  fields?: FieldError[];
  /** Seconds after which the caller may try again. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An expected failure with a stable code. Anything else that is thrown becomes `internal`. */
export class DeskbridgeError extends Error {
  readonly code: ErrorCode;
  readonly fields: FieldError[];
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: ErrorOptions = {}) {
    super(options.detail ?? errorTable[code].title, { cause: options.cause });
    this.name = 'DeskbridgeError';
    this.code = code;
    this.fields = options.fields ?? [];
    this.detail = options.detail;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

function entry(status: number, retryable: boolean, title: string, remedy: string): ErrorEntry {
  return { status, retryable, title, remedy };
}
