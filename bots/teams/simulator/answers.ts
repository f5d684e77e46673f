/** Errors as the connector and Graph name them. */
import type { Answer } from '../../shared/simulator/server.ts';

export type { Answer } from '../../shared/simulator/server.ts';

export function failure(status: number, code: string, message: string = code): Answer {
  return { status, body: { error: { code, message } } };
}

/** A call beyond the published limits. */
export function throttled(waitMs: number): Answer {
  const headers = { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) };
  return { ...failure(429, 'Throttled', 'Too many requests'), headers };
}
