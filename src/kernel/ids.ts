/** Identifiers: time-ordered UUIDs, so that new rows land at the end of their indexes. */
import { v7, validate } from 'uuid';

/** A new identifier: UUID version 7 (RFC 9562), lower case. */
export function newId(): string {
  return v7();
}

/** Whether the text is a UUID of any version, in any case. */
export function isUuid(text: string): boolean {
  return validate(text);
}
