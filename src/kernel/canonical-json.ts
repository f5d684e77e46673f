/** Canonical JSON (RFC 8785): one byte sequence per value, so that it can be hashed and compared. */
import canonicalize from 'canonicalize';

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | JsonValue[]
  | { [key: string]: JsonValue | undefined };
export type JsonObject = { [key: string]: JsonValue | undefined };

/**
 * The canonical form of a JSON value. Members whose value is undefined are left out, as in JSON.stringify.
 * @throws TypeError for values outside JSON (functions, NaN, cycles).
 */
export function canonicalJson(value: JsonValue): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('value has no JSON form');
  return text;
}
