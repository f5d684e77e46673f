/** What the database's errors and the driver's mean: try again, unavailable, or neither. */
import { DeskbridgeError } from '../kernel/errors.ts';

/** PostgreSQL's codes after which the same transaction may succeed (serialization, deadlock, lock timeout). */
export const retryableCodes = new Set(['40001', '40P01', '55P03']);
/** Connection trouble: nothing was committed, or nobody knows; the caller's platform or client repeats. */
export const unavailableCodes =
  /^(08...|25P03|57P0[123]|57014|53...|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|ENOENT|EAI_AGAIN)$/;

/** SQLSTATE or system error code; empty when there is none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : '';
}

/** Whether nothing can be asked of the database now; not where one statement took too long, or met others' locks. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof DeskbridgeError) || error.code !== 'unavailable') return false;
  const code = codeOf(error.cause);
  return code !== '57014' && !retryableCodes.has(code);
}

/** Errors that say that the database cannot be reached now become `unavailable`. */
export function asUnavailable(error: unknown): unknown {
  if (error instanceof DeskbridgeError) return error;
  const code = codeOf(error);
  // The driver has no codes for these.
  const lost =
    error instanceof Error &&
    /timeout exceeded|Connection terminated|Query read timeout|not queryable/.test(error.message);
  if (unavailableCodes.test(code) || retryableCodes.has(code) || lost) {
    return new DeskbridgeError('unavailable', { cause: error });
  }
  return error;
}
