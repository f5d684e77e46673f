/** SQL of the audit rows, their head and their keys. */
import { type Sql, statement, type Transaction } from '../infra/database.ts';
import type { AuditRow } from './audit-chain.ts';

const lockHeadSql = statement(
  'audit_lock_head',
  'select seq, row_hash from audit_heads where tenant_id = $1 for update',
);

const moveHeadSql = statement(
  'audit_move_head',
  'update audit_heads set seq = $2, row_hash = $3, seal = $4 where tenant_id = $1',
);

const insertSql = statement(
  'audit_insert',
  `insert into audit_events (tenant_id, seq, event_id, created_at, actor_kind, actor_id, actor_user_id,
     platform_user_id, platform, surface, action, target_kind, target_id, source_id, payload_hash, hash_algorithm,
     hash_key_id, result, error_code, previous_hash, row_hash)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
);

/** Locks the tenant's chain until the transaction ends, and reads where it stands. */
export async function lockHead(tx: Transaction): Promise<{ seq: number; rowHash: string }> {
  const [head] = await tx.query<{ seq: number; row_hash: string }>(lockHeadSql, [tx.tenantId]);
  if (head === undefined) throw new Error('the tenant has no audit head');
  return { seq: head.seq, rowHash: head.row_hash };
}

/** Appends a row and moves the head on; the answers arrive with the commit. */
export function appendRow(tx: Transaction, row: AuditRow, seal: string): void {
  tx.enqueue(insertSql, [
    tx.tenantId,
    row.seq,
    row.eventId,
    row.createdAt,
    row.actorKind,
    row.actorId,
    row.actorUserId,
    row.platformUserId,
    row.platform,
    row.surface,
    row.action,
    row.targetKind,
    row.targetId,
    row.sourceId,
    row.payloadHash,
    row.hashAlgorithm,
    row.hashKeyId,
    row.result,
    row.errorCode,
    row.previousHash,
    row.rowHash,
  ]);
  tx.enqueue(moveHeadSql, [tx.tenantId, row.seq, row.rowHash, seal]);
}

/** Starts the chain of a new tenant. */
export function insertHead(tx: Transaction, head: { rowHash: string; seal: string }): void {
  tx.enqueue('insert into audit_heads (tenant_id, seq, row_hash, seal) values ($1, 0, $2, $3)', [
    tx.tenantId,
    head.rowHash,
    head.seal,
  ]);
}

export function insertKey(tx: Transaction, key: { keyId: string; sealed: string; createdAt: Date }): void {
  tx.enqueue('insert into audit_keys (tenant_id, key_id, sealed, created_at) values ($1, $2, $3, $4)', [
    tx.tenantId,
    key.keyId,
    key.sealed,
    key.createdAt,
  ]);
}

/** The tenant's keys, the newest first. */
export function readKeys(tx: Sql & { tenantId: string }): Promise<{ key_id: string; sealed: string }[]> {
  return tx.query('select key_id, sealed from audit_keys where tenant_id = $1 order by created_at desc', [
    tx.tenantId,
  ]);
}
