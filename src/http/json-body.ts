/** Parses the body of the admin API, and refuses JSON that has no canonical form or cannot be walked safely. */
import express, { type RequestHandler } from 'express';
import { DeskbridgeError } from '../kernel/errors.ts';

/** Of most bodies, and of notifications, which may name 100,000 recipients. */
export const bodyLimits = { usual: '1mb', notifications: '16mb' };
/** Nothing that the API takes is nested deeper; recursive code must not meet the depth that 1 MB allows. */
export const maxDepth = 64;

/** Bodies of any other content type are left unparsed. */
export function jsonBody(limit = bodyLimits.usual): RequestHandler {
  return express.json({ limit, strict: true });
}

/** Looks at every part of the body, hence only for known callers. @throws DeskbridgeError malformed_json */
export function requirePortable(body: unknown): void {
  const detail = unportable(body);
  if (detail !== null) throw new DeskbridgeError('malformed_json', { detail });
}

/**
 * Why the parsed value is no I-JSON (RFC 7493) of a sane depth; null when it is. Only such values have the canonical
 * form that is hashed.
 */
export function unportable(value: unknown, depth = 0): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'A number is out of range.';
  if (typeof value === 'string') return value.isWellFormed() ? null : 'A text holds half a character.';
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= maxDepth) return 'It is nested too deeply.';
  for (const part of partsOf(value)) {
    const fault = unportable(part, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

/** Whether a text in the value holds U+0000, which PostgreSQL cannot store; the value is a portable one. */
export function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  return partsOf(value).some(holdsNul);
}

/** Elements of a list; names and values of an object. */
function partsOf(value: object): unknown[] {
  return Array.isArray(value) ? value : [...Object.keys(value), ...Object.values(value)];
}
