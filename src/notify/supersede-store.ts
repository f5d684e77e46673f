/** SQL of superseding: finds and ends unsent deliveries that a newer notification replaces. */
import { statement, type Transaction } from '../infra/database.ts';

/** So many notifications of one collapse key are looked at on either side; only the last ones can have anything unsent. */
const maxNotifications = 32;

const lockSql = statement(
  'collapse_lock',
  `select pg_advisory_xact_lock(o.lock)
     from (select distinct hashtextextended(k, 0) as lock from unnest($1::text[]) k order by 1 offset 0) o`,
);

/** Lets only one transaction at a time work on notifications of these keys; all lock them in one order. */
export async function lockCollapseKeys(tx: Transaction, collapseKeys: readonly string[]): Promise<void> {
  await tx.query(lockSql, [collapseKeys.map((key) => `${tx.tenantId} ${key}`)]);
}

/** The place of a notification among those of its key. */
export interface Position {
  notificationId: string;
  collapseKey: string;
  acceptedAt: Date;
}

const olderSql = statement(
  'collapse_older',
  `select notification_id from notifications
    where tenant_id = $1 and collapse_key = $2 and (created_at, notification_id) < ($3::timestamptz, $4::uuid)
    order by created_at desc, notification_id desc limit ${maxNotifications}`,
);

const newerSql = statement(
  'collapse_newer',
  `select notification_id from notifications
    where tenant_id = $1 and collapse_key = $2 and (created_at, notification_id) > ($3::timestamptz, $4::uuid)
    order by created_at, notification_id limit ${maxNotifications}`,
);

/** Ids of the other notifications of the key. */
export async function readNeighbours(
  tx: Transaction,
  position: Position,
): Promise<{ older: string[]; newer: string[] }> {
  const values = [tx.tenantId, position.collapseKey, position.acceptedAt, position.notificationId];
  const [older, newer] = await Promise.all([
    tx.query<{ notification_id: string }>(olderSql, values),
    tx.query<{ notification_id: string }>(newerSql, values),
  ]);
  const id = (row: { notification_id: string }) => row.notification_id;
  return { older: older.map(id), newer: newer.map(id) };
}

const existingSql = statement(
  'collapse_existing',
  `select k.idempotency_key as key from delivery_idempotency k
     join deliveries d on d.tenant_id = $1 and d.delivery_id = k.delivery_id and d.created_at = k.created_at
    where k.tenant_id = $1 and k.idempotency_key = any($2::text[]) and d.status <> 'skipped'`,
);

/** Those of the attempt keys whose deliveries exist and were not skipped. */
export async function findExisting(tx: Transaction, keys: readonly string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set();
  const rows = await tx.query<{ key: string }>(existingSql, [tx.tenantId, keys]);
  return new Set(rows.map(({ key }) => key));
}

const deliveriesSql = statement(
  'collapse_deliveries',
  'select delivery_id from delivery_idempotency where tenant_id = $1 and idempotency_key = any($2::text[])',
);

// By itself, without a join, as in `outcome-store.ts`.
const unsentSql = statement(
  'collapse_unsent',
  `select delivery_id, created_at from delivery_ready
    where tenant_id = $1 and delivery_id = any($2::uuid[]) and phase = 'ready'
    order by delivery_id for update`,
);

const takeOffSql = statement(
  'collapse_take_off',
  'delete from delivery_ready where tenant_id = $1 and delivery_id = any($2::uuid[])',
);

const markSql = statement(
  'collapse_mark',
  `update deliveries set status = 'skipped', reason = 'superseded'
    where tenant_id = $1 and delivery_id = any($2::uuid[]) and created_at >= $3 and created_at <= $4
      and status = 'queued'`,
);

/** Skips the deliveries of these attempt keys that wait. One on the wire is left to its end. @returns how many */
export async function supersedeUnsent(tx: Transaction, keys: readonly string[]): Promise<number> {
  if (keys.length === 0) return 0;
  const made = await tx.query<{ delivery_id: string }>(deliveriesSql, [tx.tenantId, keys]);
  if (made.length === 0) return 0;
  const rows = await tx.query<{ delivery_id: string; created_at: Date }>(unsentSql, [
    tx.tenantId,
    made.map((row) => row.delivery_id),
  ]);
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => row.delivery_id);
  const times = rows.map((row) => row.created_at.getTime());
  const bounds = [new Date(Math.min(...times)), new Date(Math.max(...times))];
  tx.enqueue(takeOffSql, [tx.tenantId, ids]);
  tx.enqueue(markSql, [tx.tenantId, ids, ...bounds]);
  return rows.length;
}
