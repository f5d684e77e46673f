/** Writes the one audit row of a mutation attempt, as the last statements of its transaction. */
import type { Transaction } from '../infra/database.ts';
import { newId } from '../kernel/ids.ts';
import {
  type AuditPayload,
  type AuditRecord,
  hashAlgorithm,
  headSeal,
  payloadHash,
  rowHash,
} from './audit-chain.ts';
import type { AuditKeys } from './audit-keys.ts';
import { appendRow, lockHead } from './audit-store.ts';

/** An attempt: who, where, what, with which result. The payload itself is never stored, only its keyed hash. */
export interface AuditEntry
  extends Omit<
    AuditRecord,
    'eventId' | 'createdAt' | 'payloadHash' | 'hashKeyId' | 'targetKind' | 'targetId' | 'action'
  > {
  payload: AuditPayload;
}

/**
 * Appends the row to the tenant's chain. The head's lock queues a tenant's mutations behind one another until the
 * commit, hence: call it last, with everything else of the transaction already sent.
 * @returns the id of the audit event
 */
export async function recordAudit(
  tx: Transaction,
  keys: AuditKeys,
  entry: AuditEntry,
  now: Date,
): Promise<string> {
  const { payload, ...attempt } = entry;
  const key = await keys.current(tx);
  const hash = payloadHash(key.key, payload);
  const head = await lockHead(tx);
  const row = {
    ...attempt,
    eventId: newId(),
    createdAt: now,
    action: payload.action,
    targetKind: payload.target?.kind ?? null,
    targetId: payload.target?.id ?? null,
    payloadHash: hash,
    hashAlgorithm,
    hashKeyId: key.keyId,
    seq: head.seq + 1,
    previousHash: head.rowHash,
  };
  const sealed = { ...row, rowHash: rowHash(key.key, tx.tenantId, row) };
  appendRow(tx, sealed, headSeal(key.key, tx.tenantId, sealed));
  return row.eventId;
}
