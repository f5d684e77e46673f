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

/** Known errors as they are; body parser's errors by their type; anything else is `internal`. */
function translate(error: unknown): DeskbridgeError {
  if (error instanceof DeskbridgeError) return error;
  const type = (error as { type?: unknown }).type;
  if (type === 'entity.too.large') return new DeskbridgeError('payload_too_large');
  if (type === 'entity.parse.failed') return new DeskbridgeError('malformed_json');
  if (type === 'charset.unsupported' || type === 'encoding.unsupported') {
    return new DeskbridgeError('unsupported_media_type');
  }
  if (error instanceof URIError) return new DeskbridgeError('not_found');
  // Values that no column can hold (NUL in text, out of range) are the caller's.
  if (/^22/.test(codeOf(error))) return new DeskbridgeError('validation_error');
  return new DeskbridgeError('internal', { cause: error });
}
