/** SQL of the notifier's retention: what of a tenant is older than the cut-off and belongs to nothing that is left. */
import type { Sql, Transaction } from '../infra/database.ts';

/** Erases callers' keys and the keys of attempts whose delivery is gone. @returns how many, at most `limit` of each */
export async function eraseKeys(
  tx: Transaction,
  cutoff: Date,
  limit: number,
): Promise<{ requests: number; attemptKeys: number }> {
  const values = [tx.tenantId, cutoff, limit];
  const requests = await tx.execute(
    `delete from notification_requests where tenant_id = $1 and key in
       (select key from notification_requests where tenant_id = $1 and created_at < $2 limit $3)`,
    values,
  );
  const attemptKeys = await tx.execute(
    `delete from delivery_idempotency where tenant_id = $1 and idempotency_key in
       (select i.idempotency_key from delivery_idempotency i where i.tenant_id = $1 and i.created_at < $2
           and not exists (select 1 from deliveries d where d.tenant_id = $1 and d.delivery_id = i.delivery_id)
         limit $3)`,
    values,
  );
  return { requests, attemptKeys };
}

/**
 * Erases old notifications without deliveries, in the order of their ids, from `after` on; one whose audience is still to be
 * worked through stays.
 * @returns how many, and the id to go on from; null at the end of what is old
 */
export async function eraseNotifications(
  tx: Transaction,
  cutoff: Date,
  after: string,
  limit: number,
): Promise<{ erased: number; next: string | null }> {
  // Ids begin with their time: the oldest come first, and the first young one ends the walk.
  const page = await tx.query<{ id: string; old: boolean }>(
    `select notification_id as id, created_at < $2 as old from notifications
      where tenant_id = $1 and notification_id > $3 order by notification_id limit $4`,
    [tx.tenantId, cutoff, after, limit],
  );
  const old = page.filter((row) => row.old).map(({ id }) => id);
  const erased = await tx.execute(
    `delete from notifications n where n.tenant_id = $1 and n.notification_id = any($2::uuid[])
        and n.expanded_at is not null
        and not exists (select 1 from deliveries d where d.tenant_id = $1 and d.notification_id = n.notification_id)`,
    [tx.tenantId, old],
  );
  const last = page.at(-1);
  return { erased, next: page.length === limit && last?.old === true ? last.id : null };
}

/** Whether something of those months still waits to be sent; the small table alone is asked. */
export async function isAwaited(sql: Pick<Sql, 'query'>, from: Date, to: Date): Promise<boolean> {
  const rows = await sql.query(
    'select 1 from delivery_ready where created_at >= $1 and created_at < $2 limit 1',
    [from, to],
  );
  return rows.length > 0;
}

/** Deliveries of those months that are still queued; reads the whole partition. */
export async function countQueued(sql: Pick<Sql, 'query'>, from: Date, to: Date): Promise<number> {
  const [row] = await sql.query<{ queued: number }>(
    `select count(*)::integer as queued from deliveries where status = 'queued' and created_at >= $1 and created_at < $2`,
    [from, to],
  );
  return row?.queued ?? 0;
}
