/** Reads of the audit: pages for people and programs, and the whole chain for its verification. */
import type { Transaction } from '../infra/database.ts';
import type { AuditRow } from './audit-chain.ts';

interface AuditEventColumns {
  seq: number;
  event_id: string;
  created_at: Date;
  actor_kind: AuditRow['actorKind'];
  actor_id: string | null;
  actor_user_id: string | null;
  platform_user_id: string | null;
  platform: string | null;
  surface: string;
  action: string;
  target_kind: string | null;
  target_id: string | null;
  source_id: string | null;
  payload_hash: string;
  hash_algorithm: string;
  hash_key_id: string;
  result: AuditRow['result'];
  error_code: string | null;
  previous_hash: string;
  row_hash: string;
}

const columns = `seq, event_id, created_at, actor_kind, actor_id, actor_user_id, platform_user_id, platform, surface,
  action, target_kind, target_id, source_id, payload_hash, hash_algorithm, hash_key_id, result, error_code,
  previous_hash, row_hash`;

export interface AuditFilter {
  action?: string | undefined;
  /** Matches the acting user, key or operator. */
  actor?: string | undefined;
  target_kind?: string | undefined;
  target_id?: string | undefined;
  result?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
}

/** A page of rows, newest first, behind the given position. */
export async function listAuditEvents(
  tx: Transaction,
  filter: AuditFilter,
  page: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<AuditRow[]> {
  const values: unknown[] = [tx.tenantId];
  const conditions = ['tenant_id = $1'];
  const where = (condition: (n: string) => string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  where((n) => `action = ${n}`, filter.action);
  where((n) => `(actor_id = ${n} or actor_user_id::text = ${n})`, filter.actor);
  where((n) => `target_kind = ${n}`, filter.target_kind);
  where((n) => `target_id = ${n}`, filter.target_id);
  where((n) => `result = ${n}`, filter.result);
  where((n) => `created_at >= ${n}`, filter.since);
  where((n) => `created_at < ${n}`, filter.until);
  if (page.after !== null) {
    values.push(page.after.createdAt, page.after.id);
    conditions.push(`(created_at, event_id) < ($${values.length - 1}, $${values.length})`);
  }
  values.push(page.limit);
  const rows = await tx.query<AuditEventColumns>(
    `select ${columns} from audit_events where ${conditions.join(' and ')}
      order by created_at desc, event_id desc limit $${values.length}`,
    values,
  );
  return rows.map(toRow);
}

/** Rows with a sequence number above `afterSeq`, in the order of the chain. */
export async function readChain(tx: Transaction, afterSeq: number, limit: number): Promise<AuditRow[]> {
  const rows = await tx.query<AuditEventColumns>(
    `select ${columns} from audit_events where tenant_id = $1 and seq > $2 order by seq limit $3`,
    [tx.tenantId, afterSeq, limit],
  );
  return rows.map(toRow);
}

/** Where the chain says that it ends; null when the head itself is gone. */
export async function readHead(
  tx: Transaction,
): Promise<{ seq: number; rowHash: string; seal: string } | null> {
  const [head] = await tx.query<{ seq: number; row_hash: string; seal: string }>(
    'select seq, row_hash, seal from audit_heads where tenant_id = $1',
    [tx.tenantId],
  );
  return head === undefined ? null : { seq: head.seq, rowHash: head.row_hash, seal: head.seal };
}

function toRow(row: AuditEventColumns): AuditRow {
  return {
    seq: row.seq,
    eventId: row.event_id,
    createdAt: row.created_at,
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    actorUserId: row.actor_user_id,
    platformUserId: row.platform_user_id,
    platform: row.platform,
    surface: row.surface,
    action: row.action,
    targetKind: row.target_kind,
    targetId: row.target_id,
    sourceId: row.source_id,
    payloadHash: row.payload_hash,
    hashAlgorithm: row.hash_algorithm,
    hashKeyId: row.hash_key_id,
    result: row.result,
    errorCode: row.error_code,
    previousHash: row.previous_hash,
    rowHash: row.row_hash,
  };
}
