/** The list that a person last saw in a conversation, so that `assign 1` means its first row, and nobody else's. */
import { statement, type Transaction } from '../infra/database.ts';

export type ListKind = 'ticket' | 'approval';

/** Whose list, and where. */
export interface ListViewer {
  conversationId: string;
  /** The chat identity, not the user: two accounts of one person see different lists. */
  platformUserId: string;
}

/** How long an ordinal means something. */
const freshMs = 30 * 60 * 1000;

const upsertView = statement(
  'list-views-remember',
  `insert into list_views (tenant_id, conversation_id, platform_user_id, kind, item_ids, shown_at)
   values ($1, $2, $3, $4, $5, $6)
   on conflict (tenant_id, conversation_id, platform_user_id, kind)
   do update set item_ids = excluded.item_ids, shown_at = excluded.shown_at`,
);

const findItem = statement(
  'list-views-item',
  `select item_ids[$5::integer] as "itemId", cardinality(item_ids) as length from list_views
    where tenant_id = $1 and conversation_id = $2 and platform_user_id = $3 and kind = $4 and shown_at > $6`,
);

/** Remembers what was just shown; travels with the next statements. */
export function rememberList(
  tx: Transaction,
  viewer: ListViewer,
  list: { kind: ListKind; ids: readonly string[]; now: Date },
): void {
  const { conversationId, platformUserId } = viewer;
  tx.enqueue(upsertView, [tx.tenantId, conversationId, platformUserId, list.kind, [...list.ids], list.now]);
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
  const { conversationId, platformUserId } = viewer;
  const values = [tx.tenantId, conversationId, platformUserId, wanted.kind, wanted.ordinal, since];
  const [view] = await tx.query<{ itemId: string | null; length: number }>(findItem, values);
  if (view === undefined) return { found: false, reason: 'no_list' };
  if (view.itemId === null) return { found: false, reason: 'out_of_range', length: view.length };
  return { found: true, id: view.itemId };
}
