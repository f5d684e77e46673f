/** Keyset paging, newest first: pages stay stable while rows are inserted. */
import { DeskbridgeError } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';

/** The place of a row in a list ordered by (created_at, id) descending. */
export interface KeysetPosition {
  createdAt: Date;
  id: string;
}

/** What a list is asked for. */
export interface PageRequest {
  /** Rows of the page, at least 1. */
  limit: number;
  /** Rows after this place only; null: from the newest on. */
  after: KeysetPosition | null;
}

export interface Page<Row> {
  items: Row[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/**
 * The opaque cursor of a place. Times are written from Date, so they have whole milliseconds and the text form
 * loses nothing.
 */
export function encodeCursor(position: KeysetPosition): string {
  return Buffer.from(`${position.createdAt.toISOString()} ${position.id}`).toString('base64url');
}

/** @throws DeskbridgeError malformed_cursor for anything that `encodeCursor` did not write */
export function decodeCursor(cursor: string): KeysetPosition {
  const [time = '', id = '', ...rest] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const createdAt = new Date(time);
  const known = rest.length === 0 && isUuid(id) && !Number.isNaN(createdAt.getTime());
  if (!known || encodeCursor({ createdAt, id }) !== cursor) throw new DeskbridgeError('malformed_cursor');
  return { createdAt, id };
}

/** Makes a page of the rows that a query for one more than `limit` found. */
export function toPage<Row>(rows: Row[], limit: number, position: (row: Row) => KeysetPosition): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(position(last)) : null };
}

/** Conditions of a list as SQL, with the values of their numbered parameters; `$1` is the tenant. */
export class ListConditions {
  readonly values: unknown[];
  readonly #conditions: string[] = [];

  constructor(tenantId: string) {
    this.values = [tenantId];
  }

  /** @param condition SQL around the parameter that stands for the value, e.g. `(p) => \`status = ${p}\`` */
  add(condition: (parameter: string) => string, value: unknown): void {
    this.#conditions.push(condition(this.parameter(value)));
  }

  /** A condition without a value. */
  addFixed(condition: string): void {
    this.#conditions.push(condition);
  }

  /** Binds a value and returns its parameter. */
  parameter(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /** Begins the list after a place; the columns are those of the ordering. */
  startAfter(after: KeysetPosition | null, createdAt: string, id: string): void {
    if (after === null) return;
    const parameters = `${this.parameter(after.createdAt)}::timestamptz, ${this.parameter(after.id)}::uuid`;
    this.#conditions.push(`(${createdAt}, ${id}) < (${parameters})`);
  }

  /** The conditions, each behind `and`. */
  get sql(): string {
    return this.#conditions.map((condition) => ` and ${condition}`).join('');
  }
}

/** A pattern for `ilike` that finds the text anywhere; its own wildcards stand for themselves. */
export function containsPattern(text: string): string {
  return `%${escapePattern(text)}%`;
}

/** A pattern for `ilike` that finds what begins with the text. */
export function prefixPattern(text: string): string {
  return `${escapePattern(text)}%`;
}

function escapePattern(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
