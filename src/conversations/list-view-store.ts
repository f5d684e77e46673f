/** SQL of the lists that people last saw. */
import { statement, type Transaction } from '../infra/database.ts';

export type ListKind = 'ticket' | 'approval';

/** Whose list, and where. */
export interface ListViewer {
  conversationId: string;
  registrationId: string;
  /** Others see the conversation too: its lists are apart from those of the person's own conversations with the bot. */
  isGroup: boolean;
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
  `select v.item_ids[$5::integer] as "itemId", cardinality(v.item_ids) as length
     from list_views v join conversations c on c.tenant_id = $1 and c.conversation_id = v.conversation_id
    where v.tenant_id = $1 and v.platform_user_id = $3 and v.kind = $4 and v.shown_at > $6
      and (v.conversation_id = $2 or (not $8 and c.type = 'personal' and c.registration_id = $7))
    order by v.shown_at desc limit 1`,
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

/**
 * The item at a place (from 1 on) of a list shown since then, null beyond its end; null when there is no list. A person
 * alone with the bot has one conversation, whatever the platform calls it: a menu or a slash command shows its list under
 * the person's id, and what is typed next comes under the chat's.
 */
export async function readListItem(
  tx: Transaction,
  viewer: ListViewer,
  wanted: { kind: ListKind; ordinal: number; since: Date },
): Promise<{ itemId: string | null; length: number } | null> {
  const { conversationId, platformUserId, registrationId, isGroup } = viewer;
  const { kind, ordinal, since } = wanted;
  const values = [tx.tenantId, conversationId, platformUserId, kind, ordinal, since, registrationId, isGroup];
  const [view] = await tx.query<{ itemId: string | null; length: number }>(findItem, values);
  return view ?? null;
}
