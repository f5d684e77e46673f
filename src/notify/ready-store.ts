/** SQL of the drain loop's reads and intents: what of a lane may go, and what was on the wire. */
import { type Sql, statement, type Transaction } from '../infra/database.ts';
import type { ConversationReference } from '../kernel/activity.ts';
import type { DestinationType } from '../kernel/notification.ts';
import {
  type Category,
  type Channel,
  type NotificationContent,
  type Priority,
  priorityMs,
  type UnknownPolicy,
} from './records.ts';

/** A row of `delivery_ready` with what is known of its recipient and conversation. */
export interface ReadyRow {
  delivery_id: string;
  created_at: Date;
  notification_id: string;
  category: Category;
  user_id: string | null;
  destination_type: DestinationType;
  destination_id: string;
  fallback: Channel[] | null;
  on_unknown: UnknownPolicy;
  priority: Priority;
  rank: number;
  due_at: Date;
  expires_at: Date | null;
  phase: 'ready' | 'sending' | 'unknown';
  attempt_no: number;
  try_no: number;
  reduced: boolean;
  first_started_at: Date | null;
  started_at: Date | null;
  not_after: Date | null;
  locale: string | null;
  time_zone: string | null;
  quiet_from: string | null;
  quiet_to: string | null;
  platform_conversation_id: string | null;
  conversation_type: ConversationReference['type'] | null;
  organization: string | null;
  platform_user_id: string | null;
  service_url: string | null;
  bot_id: string | null;
  channel_id: string | null;
  conversation_locale: string | null;
}

const columns = `r.delivery_id, r.created_at, r.notification_id, r.category, r.user_id, r.destination_type, r.destination_id,
  r.fallback, r.on_unknown, r.priority, r.rank, r.due_at, r.expires_at, r.phase, r.attempt_no, r.try_no, r.reduced,
  r.first_started_at, r.started_at, r.not_after, u.locale, u.time_zone, q.quiet_from, q.quiet_to, c.platform_conversation_id,
  c.type as conversation_type, c.organization, c.platform_user_id, c.service_url, c.bot_id, c.channel_id,
  c.locale as conversation_locale`;

// One by one, by their keys: where statistics are old, a join reads all of the tenant's people for a handful of rows.
// A person's conversation is found by the person, since the destination names the person. Of several the one that is
// live, then the one that spoke last.
const joins = `
  left join lateral (select * from users p where p.tenant_id = $1 and p.user_id = r.user_id limit 1) u on true
  left join lateral (
    select * from notification_preferences p where p.tenant_id = $1 and p.user_id = r.user_id limit 1) q on true
  left join lateral (
    select * from (
      (select * from conversations o
        where o.tenant_id = $1 and o.registration_id = $2 and o.platform_conversation_id = r.destination_id limit 1)
      union all
      (select * from conversations o
        where o.tenant_id = $1 and o.registration_id = $2 and o.platform_user_id = r.destination_id
          and o.type = 'personal'
        order by o.state = 'active' desc, o.last_activity_at desc limit 1)
    ) either order by state = 'active' desc, last_activity_at desc limit 1
  ) c on true`;

// What a notification says comes with its first delivery alone. `not in` of a subquery, since that is looked up in a hash:
// `<> all` compares every row with every id.
const dueSql = statement(
  'ready_due',
  `select n.next_due, d.*
     from (
       select min(n.due_at) as next_due from (values (0), (1)) as p (priority)
         cross join lateral (
           select r.due_at from delivery_ready r
            where r.tenant_id = $1 and r.lane_id = $2 and r.priority = p.priority and r.due_at > $3
              and r.rank > $7::bigint - p.priority * $8::bigint
            order by r.rank limit 1) n
     ) n
     left join lateral (
       select ${columns},
         case when row_number() over (partition by r.notification_id order by r.rank, r.delivery_id) = 1 then (
           select o.content from notifications o where o.tenant_id = $1 and o.notification_id = r.notification_id
         ) end as content
         from (select * from delivery_ready
                where tenant_id = $1 and lane_id = $2 and phase = 'ready' and due_at <= $3
                  and delivery_id not in (select unnest($4::uuid[])) and destination_id not in (select unnest($5::text[]))
                order by rank, delivery_id limit $6) r ${joins}
     ) d on true
    order by d.rank, d.delivery_id`,
);

/** What of a lane is due. */
export interface DueRows {
  /** In the order in which they should go. */
  rows: ReadyRow[];
  /** What their notifications say, by id. */
  contents: Map<string, NotificationContent>;
  /**
   * When the next falls due that is not due yet; null when there is none. Those that were put back are not looked for: their
   * owner holds them, and a new owner reads all that is due again and again.
   */
  nextDue: Date | null;
}

type DueRow = ReadyRow & { content: NotificationContent | null };

/**
 * Deliveries that may go; one statement.
 * @param options.held ids that the owner has already
 * @param options.full destinations of which it has enough: they must not hide the others
 */
export async function loadDue(
  tx: Transaction,
  laneId: string,
  options: { now: Date; held: readonly string[]; full: readonly string[]; limit: number },
): Promise<DueRows> {
  const { now, held, full, limit } = options;
  const values = [tx.tenantId, laneId, now, held, full, limit, now.getTime(), priorityMs];
  // One row without a delivery tells of the next alone.
  const found = await tx.query<{ next_due: Date | null } & (DueRow | { delivery_id: null })>(dueSql, values);
  const contents = new Map<string, NotificationContent>();
  const rows: ReadyRow[] = [];
  for (const row of found) {
    if (row.delivery_id === null) continue;
    if (row.content !== null) contents.set(row.notification_id, row.content);
    rows.push(row);
  }
  return { rows, contents, nextDue: found[0]?.next_due ?? null };
}

/** A place in the order of a lane. */
interface Place {
  /** A bigint. */
  rank: string | number;
  delivery_id: string;
}

const firstPlace: Place = {
  rank: '-9223372036854775808',
  delivery_id: '00000000-0000-0000-0000-000000000000',
};
const lastPlace: Place = { rank: '9223372036854775807', delivery_id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };

const placeSql = statement(
  'ready_place',
  `select rank, delivery_id from delivery_ready
    where tenant_id = $1 and lane_id = $2 and (rank, delivery_id) > ($3::bigint, $4::uuid)
    order by rank, delivery_id offset $5 limit 1`,
);

const unfinishedSql = statement(
  'ready_unfinished',
  `select ${columns}
     from (select * from delivery_ready
            where tenant_id = $1 and lane_id = $2 and (rank, delivery_id) > ($3::bigint, $4::uuid)
              and (rank, delivery_id) <= ($5::bigint, $6::uuid)
              and (phase <> 'ready' or (try_no > 0 and due_at > $7))) r ${joins}
    order by r.rank, r.delivery_id`,
);

/**
 * What an earlier owner may have had on the wire, or nobody knows of; and what it had put back for later, before which
 * nothing else goes to the same conversation. No index tells them from the others, since the intent would have to change it:
 * all of the lane is read, in parts, so that none takes as long as a statement may.
 * @param partSize rows of one statement
 */
export async function loadUnfinished(
  tx: Transaction,
  laneId: string,
  now: Date,
  partSize = 100_000,
): Promise<ReadyRow[]> {
  const unfinished: ReadyRow[] = [];
  for (let from = firstPlace; from !== lastPlace; ) {
    const [to = lastPlace] = await tx.query<Place>(placeSql, [
      tx.tenantId,
      laneId,
      from.rank,
      from.delivery_id,
      partSize - 1,
    ]);
    const bounds = [from.rank, from.delivery_id, to.rank, to.delivery_id];
    unfinished.push(...(await tx.query<ReadyRow>(unfinishedSql, [tx.tenantId, laneId, ...bounds, now])));
    from = to;
  }
  return unfinished;
}

/** One delivery as it is now; null when it is over. */
export async function loadReady(
  tx: Transaction,
  laneId: string,
  deliveryId: string,
): Promise<ReadyRow | null> {
  const [row] = await tx.query<ReadyRow>(
    `select ${columns} from delivery_ready r ${joins}
      where r.tenant_id = $1 and r.lane_id = $2 and r.delivery_id = $3`,
    [tx.tenantId, laneId, deliveryId],
  );
  return row ?? null;
}

/** A call that the lane's limits have to count. */
export interface LoggedTry {
  conversationKey: string | null;
  operation: string | null;
  startedAt: Date;
  at: Date;
}

/** The lane's calls of the last while, from the attempt log. */
export async function loadTries(tx: Transaction, laneId: string, since: Date): Promise<LoggedTry[]> {
  return await tx.query<LoggedTry>(
    `select conversation_key as "conversationKey", operation, started_at as "startedAt", at from delivery_attempts
      where tenant_id = $1 and lane_id = $2 and started_at > $3 and at > $3`,
    [tx.tenantId, laneId, since],
  );
}

export interface LoggedReply {
  /** Null: an answer, or one that nobody knows of any more. */
  reference: ConversationReference | null;
  at: Date;
}

/** Replies that were sent by the same registration in the last while. */
export async function loadReplies(tx: Transaction, laneId: string, since: Date): Promise<LoggedReply[]> {
  return await tx.query<LoggedReply>(
    `select reference, replied_at as at from receipts
      where tenant_id = $1 and registration_id = $2 and replied_at > $3 and platform_message_id is not null`,
    [tx.tenantId, laneId, since],
  );
}

const expireSql = statement(
  'ready_expired',
  `select delivery_id, created_at, try_no, attempt_no from delivery_ready
    where tenant_id = $1 and lane_id = $2 and expires_at <= $3 and phase = 'ready' limit $4`,
);

/** Deliveries whose time is over before they were sent. */
export async function loadExpired(
  tx: Transaction,
  laneId: string,
  now: Date,
  limit: number,
): Promise<Pick<ReadyRow, 'delivery_id' | 'created_at' | 'try_no' | 'attempt_no'>[]> {
  return await tx.query(expireSql, [tx.tenantId, laneId, now, limit]);
}

/** Any deliveries of the lane that are not on the wire, for one that is not to send any more. */
export async function loadWaiting(
  tx: Transaction,
  laneId: string,
  limit: number,
): Promise<
  Pick<
    ReadyRow,
    | 'delivery_id'
    | 'created_at'
    | 'notification_id'
    | 'category'
    | 'user_id'
    | 'fallback'
    | 'on_unknown'
    | 'priority'
    | 'expires_at'
    | 'try_no'
    | 'attempt_no'
  >[]
> {
  return await tx.query(
    `select delivery_id, created_at, notification_id, category, user_id, fallback, on_unknown, priority, expires_at,
            try_no, attempt_no
       from delivery_ready where tenant_id = $1 and lane_id = $2 and phase = 'ready' order by rank, delivery_id limit $3`,
    [tx.tenantId, laneId, limit],
  );
}

const contentsSql = statement(
  'notification_contents',
  'select notification_id, content from notifications where tenant_id = $1 and notification_id = any($2::uuid[])',
);

/** What a notification says. */
export async function loadContents(
  tx: Transaction,
  notificationIds: readonly string[],
): Promise<{ notification_id: string; content: NotificationContent }[]> {
  return await tx.query(contentsSql, [tx.tenantId, notificationIds]);
}

/** How a tenant is spoken for: its language of last resort, and its name in links. */
export interface TenantVoice {
  slug: string;
  language: string;
}

export async function loadTenantVoice(tx: Transaction): Promise<TenantVoice> {
  const [row] = await tx.query<TenantVoice>(
    `select t.slug, s.language from tenants t join tenant_settings s on s.tenant_id = $1 where t.tenant_id = $1`,
    [tx.tenantId],
  );
  if (row === undefined) throw new Error('the tenant is gone');
  return row;
}

const statusSql = statement('tenant_status', 'select status from tenants where tenant_id = $1');

/** Whether the tenant is active; null when it is gone. */
export async function readTenantStatus(directory: Sql, tenantId: string): Promise<string | null> {
  const [row] = await directory.query<{ status: string }>(statusSql, [tenantId]);
  return row?.status ?? null;
}
