/** What a person types for a record: a place in a list (`1`), a number (`#1002`, `1002`) or an id. */
import { isUuid } from '../kernel/ids.ts';
import { foldWidth } from '../words/fold-width.ts';

export type Reference =
  /** A place in the list that the person last saw; whether the list has it is for the caller to check. */
  | { kind: 'ordinal'; value: number }
  | { kind: 'number'; value: number }
  /** A UUID, lower case. */
  | { kind: 'id'; value: string };

/** Tickets are numbered from here on, hence a bare number from here on is one. */
const firstTicketNumber = 1001;
/** Numbers are stored as PostgreSQL integers. */
const maxNumber = 2_147_483_647;

/** Null for anything else, such as zero, leading zeros, or a number beyond what a ticket can have. */
export function parseReference(text: string): Reference | null {
  const plain = foldWidth(text).trim();
  if (isUuid(plain)) return { kind: 'id', value: plain.toLowerCase() };
  const match = /^(#?)([1-9]\d{0,9})$/.exec(plain);
  if (match === null) return null;
  const value = Number(match[2]);
  if (value > maxNumber) return null;
  return { kind: match[1] === '#' || value >= firstTicketNumber ? 'number' : 'ordinal', value };
}
