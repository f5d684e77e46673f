/** SQL of the lists that people last saw. */
import { statement, type Transaction } from '../infra/database.ts';

export type ListKind = 'ticket' | 'approval';

/** Whose list, and where. */
export interface ListViewer {
  conversationId: string;
  /** The chat identity, not the user: two accounts of one person see different lists. */
  platformUserId: string;
}

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

/** Writes the list over the one before; travels with the next statements. */
export function upsertListView(
  tx: Transaction,
  viewer: ListViewer,
  list: { kind: ListKind; ids: readonly string[]; now: Date },
): void {
  const { conversationId, platformUserId } = viewer;
  tx.enqueue(upsertView, [tx.tenantId, conversationId, platformUserId, list.kind, [...list.ids], list.now]);
}

/** The item at a place (from 1 on) of a list shown since then, null beyond its end; null when there is no list. */
export async function readListItem(
  tx: Transaction,
  viewer: ListViewer,
  wanted: { kind: ListKind; ordinal: number; since: Date },
): Promise<{ itemId: string | null; length: number } | null> {
  const { conversationId, platformUserId } = viewer;
  const values = [tx.tenantId, conversationId, platformUserId, wanted.kind, wanted.ordinal, wanted.since];
  const [view] = await tx.query<{ itemId: string | null; length: number }>(findItem, values);
  return view ?? null;
}
