/** Structured logs: JSON lines to stdout, pretty on a terminal. */
import { pino } from 'pino';
import type { Log } from '../kernel/ports.ts';

/** Field names that must never reach a log, whatever the caller passes. */
const redacted = ['authorization', 'password', 'token', 'client_secret', 'body', 'text', 'credentials'];

export function createLogger(options: { level: string; pretty: boolean }): Log {
  return pino({
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: redacted.flatMap((name) => [name, `*.${name}`]), remove: true },
    serializers: { err: describeError },
    ...(options.pretty
      ? { transport: { target: 'pino-pretty', options: { colorize: true, ignore: 'pid,hostname' } } }
      : {}),
  });
}

/** Code, name, message and stack; of a database error the code alone, since its message may quote values. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: typeof error };
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  if (severity !== undefined) return { name: 'DatabaseError', code };
  return { name: error.name, message: error.message.slice(0, 500), code, stack: error.stack };
}
