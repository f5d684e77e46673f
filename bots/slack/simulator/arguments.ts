/** The arguments of a Web API call, which come as a form or as JSON; https://docs.slack.dev/apis/web-api */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import { isObject, parseJson } from '../../shared/json.ts';

export class Arguments {
  readonly #values: JsonObject;

  private constructor(values: JsonObject) {
    this.#values = values;
  }

  /** Null when the body is not what its content type says. */
  static read(contentType: string, body: string, query: URLSearchParams): Arguments | null {
    const inQuery = Object.fromEntries(query);
    if (body === '') return new Arguments(inQuery);
    if (!contentType.startsWith('application/json')) {
      return new Arguments({ ...inQuery, ...Object.fromEntries(new URLSearchParams(body)) });
    }
    const parsed = parseJson(body);
    return isObject(parsed) ? new Arguments({ ...inQuery, ...parsed }) : null;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  /** Empty when it is missing. */
  text(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  }

  flag(name: string): boolean {
    return ['true', '1'].includes(String(this.#values[name]));
  }

  /** An object or array, which forms and some clients send as JSON text; null when it is missing or unreadable. */
  structure(name: string): JsonValue {
    const value = this.#values[name];
    return typeof value === 'string' ? parseJson(value) : (value ?? null);
  }
}
