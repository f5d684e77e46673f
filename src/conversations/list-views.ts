/** The list that a person last saw in a conversation, so that `assign 1` means its first row, and nobody else's. */
import type { Transaction } from '../infra/database.ts';
import { type ListKind, type ListViewer, readListItem, upsertListView } from './list-view-store.ts';

export type { ListKind, ListViewer } from './list-view-store.ts';

/** How long an ordinal means something. */
const freshMs = 30 * 60 * 1000;

/** Remembers what was just shown; travels with the next statements. */
export function rememberList(
  tx: Transaction,
  viewer: ListViewer,
  list: { kind: ListKind; ids: readonly string[]; now: Date },
): void {
  upsertListView(tx, viewer, list);
}

export type OrdinalOutcome =
  | { found: true; id: string }
  /** `no_list`: none within 30 minutes; `out_of_range`: the list is shorter, by `length`. */
  | { found: false; reason: 'no_list' }
  | { found: false; reason: 'out_of_range'; length: number };

/** The record behind an ordinal (from 1 on) of the list that this person last saw in this conversation. */
export async function ordinalTarget(
  tx: Transaction,
  viewer: ListViewer,
  wanted: { kind: ListKind; ordinal: number; now: Date },
): Promise<OrdinalOutcome> {
  const since = new Date(wanted.now.getTime() - freshMs);
  const view = await readListItem(tx, viewer, { kind: wanted.kind, ordinal: wanted.ordinal, since });
  if (view === null) return { found: false, reason: 'no_list' };
  if (view.itemId === null) return { found: false, reason: 'out_of_range', length: view.length };
  return { found: true, id: view.itemId };
}
