/** Parses the body of the admin API, and refuses JSON that has no canonical form or cannot be walked safely. */
import express, { type RequestHandler } from 'express';
import { DeskbridgeError } from '../kernel/errors.ts';

const limit = '1mb';
/** Nothing that the API takes is nested deeper; recursive code must not meet the depth that 1 MB allows. */
export const maxDepth = 64;

/** Bodies of any other content type are left unparsed. */
export function jsonBody(): RequestHandler[] {
  return [express.json({ limit, strict: true }), (request, _response, next) => next(faultOf(request.body))];
}

function faultOf(body: unknown): DeskbridgeError | undefined {
  const detail = unportable(body);
  return detail === null ? undefined : new DeskbridgeError('malformed_json', { detail });
}

/**
 * Why the parsed value is no I-JSON (RFC 7493) of a sane depth; null when it is. Only such values have the canonical
 * form that is hashed.
 */
export function unportable(value: unknown): string | null {
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: part, depth } = next;
    if (typeof part === 'number' && !Number.isFinite(part)) return 'A number is out of range.';
    if (typeof part === 'string' && !part.isWellFormed()) return 'A text holds half a character.';
    if (typeof part !== 'object' || part === null) continue;
    if (depth >= maxDepth) return 'It is nested too deeply.';
    for (const [key, member] of Object.entries(part)) {
      if (!key.isWellFormed()) return 'A name holds half a character.';
      open.push({ value: member, depth: depth + 1 });
    }
  }
  return null;
}

/** Whether a text in the value holds U+0000, which PostgreSQL cannot store; the value is a portable one. */
export function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, member]) => key.includes('\0') || holdsNul(member));
}
