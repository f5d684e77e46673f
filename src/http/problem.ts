/** The one translator from errors to application/problem+json (RFC 9457). */
import type { NextFunction, Request, Response } from 'express';
import { codeOf } from '../infra/database.ts';
import { DeskbridgeError, type ErrorCode, errorTable, type FieldError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Log } from '../kernel/ports.ts';

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail?: string;
  remedy: string;
  errors?: FieldError[];
  request_id: string;
  instance: string;
}

/** Express's error handler: every failure of a request ends here. */
export function problemHandler(log: Log) {
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const requestId = requestIdOf(response);
    const known = translate(error);
    if (known.code === 'internal') {
      log.error({ request_id: requestId, method: request.method, err: error }, 'a request failed');
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    sendProblem(response, known, request.path);
  };
}

export function sendProblem(response: Response, error: DeskbridgeError, path: string): void {
  const entry = errorTable[error.code];
  const problem: Problem = {
    type: `https://deskbridge.dev/problems/${error.code}`,
    title: entry.title,
    status: entry.status,
    code: error.code,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    remedy: entry.remedy,
    ...(error.fields.length === 0 ? {} : { errors: error.fields }),
    request_id: requestIdOf(response),
    instance: path,
  };
  if (error.retryAfterSeconds !== undefined)
    response.setHeader('Retry-After', String(error.retryAfterSeconds));
  if (entry.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  response.status(entry.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** The id of the request, also sent as `X-Request-Id`; made here when nothing made it before. */
export function requestIdOf(response: Response): string {
  const locals = response.locals as { requestId?: string };
  locals.requestId ??= newId();
  return locals.requestId;
}

/** Faults of the caller, by what threw them; anything else is `internal`. */
function translate(error: unknown): DeskbridgeError {
  const known = databaseFault(error) ?? requestFault(error);
  if (known !== null) return known;
  return error instanceof DeskbridgeError ? error : new DeskbridgeError('internal', { cause: error });
}

/**
 * What the database refused because of what the caller sent: a value that no column can hold, a unique field that is
 * taken, a record that others refer to or that is gone. Null for everything else.
 */
export function databaseFault(error: unknown): DeskbridgeError | null {
  const code = codeOf(error);
  if (/^22...$/.test(code)) return new DeskbridgeError('validation_error', { cause: error });
  if (code === '23505') {
    return new DeskbridgeError('conflict', { detail: 'A field that must be unique is taken.', cause: error });
  }
  if (code === '23503') {
    return new DeskbridgeError('conflict', { detail: 'A record that is referred to is gone.', cause: error });
  }
  return null;
}

/** What the body parser or the router refused. */
function requestFault(error: unknown): DeskbridgeError | null {
  // The router says so of a path that cannot be decoded.
  if (error instanceof URIError) return new DeskbridgeError('not_found');
  if (!(error instanceof Error)) return null;
  const { status } = error as { status?: unknown };
  if (status === 413) return new DeskbridgeError('payload_too_large');
  if (status === 415) return new DeskbridgeError('unsupported_media_type');
  if (typeof status !== 'number' || status < 400 || status > 499) return null;
  return new DeskbridgeError('malformed_json');
}
