/** SQL of accepting notifications: the rows themselves, the callers' keys, and whether the recipients exist. */
import { type Statement, statement, type Transaction } from '../infra/database.ts';
import type {
  Category,
  NotificationContent,
  NotificationTarget,
  Priority,
  UnknownPolicy,
} from './records.ts';

/** A notification as it is accepted. */
export interface NotificationRow {
  notificationId: string;
  category: Category;
  content: NotificationContent;
  target: NotificationTarget | null;
  actorUserId: string | null;
  onUnknown: UnknownPolicy;
  priority: Priority;
  collapseKey: string | null;
  sendAt: Date | null;
  sendAtLocal: string | null;
  expiresAt: Date | null;
  recipients: number;
  createdBy: { kind: string; id: string | null };
  createdAt: Date;
  /** Null: recipients wait. */
  expandedAt: Date | null;
}

const insertSql = statement(
  'notification_insert',
  `insert into notifications (tenant_id, notification_id, category, content, target_kind, target_id, actor_user_id,
     on_unknown, priority, collapse_key, send_at, send_at_local, expires_at, recipients, created_by_kind, created_by,
     created_at, expanded_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
);

/** Writes the notification; travels with the next statements. */
export function insertNotification(tx: Transaction, row: NotificationRow): void {
  tx.enqueue(insertSql, [
    tx.tenantId,
    row.notificationId,
    row.category,
    JSON.stringify(row.content),
    row.target?.kind ?? null,
    row.target?.id ?? null,
    row.actorUserId,
    row.onUnknown,
    row.priority,
    row.collapseKey,
    row.sendAt,
    row.sendAtLocal,
    row.expiresAt,
    row.recipients,
    row.createdBy.kind,
    row.createdBy.id,
    row.createdAt,
    row.expandedAt,
  ]);
}

const countSql = statement(
  'notification_count',
  'update notifications set recipients = $3 where tenant_id = $1 and notification_id = $2',
);

/** Puts down how many recipients were found; travels with the next statements. */
export function writeRecipientCount(tx: Transaction, notificationId: string, recipients: number): void {
  tx.enqueue(countSql, [tx.tenantId, notificationId, recipients]);
}

/** Takes the caller's key. @returns false when it was used before; two at once wait for each other */
export async function claimRequest(
  tx: Transaction,
  request: { key: string; fingerprint: string; notificationId: string },
  now: Date,
): Promise<boolean> {
  const claimed = await tx.execute(
    `insert into notification_requests (tenant_id, key, fingerprint, notification_id, created_at)
     values ($1, $2, $3, $4, $5) on conflict (tenant_id, key) do nothing`,
    [tx.tenantId, request.key, request.fingerprint, request.notificationId, now],
  );
  return claimed === 1;
}

/** What a key was used for. */
export async function readRequest(
  tx: Transaction,
  key: string,
): Promise<{ fingerprint: string; notificationId: string; recipients: number } | null> {
  const [row] = await tx.query<{ fingerprint: string; notificationId: string; recipients: number | null }>(
    `select r.fingerprint, r.notification_id as "notificationId", n.recipients
       from notification_requests r
       left join notifications n on n.tenant_id = $1 and n.notification_id = r.notification_id
      where r.tenant_id = $1 and r.key = $2`,
    [tx.tenantId, key],
  );
  return row === undefined ? null : { ...row, recipients: row.recipients ?? 0 };
}

/** By the table whose rows a request names, and the column of their id. */
const unknownSql = {
  user: unknownIn('users', 'user_id'),
  conversation: unknownIn('conversations', 'conversation_id'),
  registration: unknownIn('registration_read', 'registration_id'),
  group: unknownIn('user_groups', 'group_id'),
};

function unknownIn(table: string, column: string): Statement {
  return statement(
    `enqueue_unknown_${table}`,
    `select n.ordinal from unnest($2::uuid[]) with ordinality as n (id, ordinal)
      where not exists (select 1 from ${table} t where t.tenant_id = $1 and t.${column} = n.id)
      order by n.ordinal limit $3`,
  );
}

/**
 * Which of the ids are none of the tenant's.
 * @param ids UUIDs
 * @returns their indexes, at most `limit`, in order
 */
export async function findUnknown(
  tx: Transaction,
  kind: keyof typeof unknownSql,
  ids: readonly string[],
  limit: number,
): Promise<number[]> {
  if (ids.length === 0) return [];
  const rows = await tx.query<{ ordinal: number }>(unknownSql[kind], [tx.tenantId, ids, limit]);
  return rows.map(({ ordinal }) => ordinal - 1);
}
