/** JSON from the wire, which may be none. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import { isObject } from '../../shared/interaction.ts';

/** The value of a text; null when it is no JSON. */
export function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The object of a text; null when it is none. */
export function parseObject(text: string): JsonObject | null {
  const value = parseJson(text);
  return isObject(value) ? value : null;
}
