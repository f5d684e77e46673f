/** JSON from the wire, which may be none. */
import type { JsonObject, JsonValue } from '../../src/kernel/canonical-json.ts';

/** Whether the value is a JSON object. Payloads come from JSON.parse, so that every object is one. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a JSON text; null when it is none. */
export function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The object of a JSON text; null for anything else. */
export function parseObject(text: string): JsonObject | null {
  const value = parseJson(text);
  return isObject(value) ? value : null;
}
