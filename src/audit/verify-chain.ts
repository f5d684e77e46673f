/** Walks a tenant's audit chain and finds the first row that is altered, missing or out of order, or a cut tail. */
import type { Transaction } from '../infra/database.ts';
import { type AuditRow, genesisHash, headSeal, rowHash } from './audit-chain.ts';
import type { AuditKeys } from './audit-keys.ts';
import { readChain, readHead } from './audit-queries.ts';

export type ChainFault = 'altered' | 'missing' | 'reordered' | 'unknown_key' | 'tail_cut' | 'head_altered';

export interface ChainVerification {
  valid: boolean;
  /** Rows whose hash was recomputed. */
  checked: number;
  /** Sequence number of the last good row. */
  lastSeq: number;
  /** The first fault and where it is; null when the chain is whole. */
  fault: { kind: ChainFault; seq: number; eventId: string | null } | null;
}

const pageSize = 1_000;

/**
 * Verifies the whole chain. The head is read first, inside the same snapshot's transaction, so rows appended
 * meanwhile are verified too but never mistaken for a fault.
 */
export async function verifyChain(tx: Transaction, keys: AuditKeys): Promise<ChainVerification> {
  const head = await readHead(tx);
  const known = new Map((await keys.all(tx)).map((key) => [key.keyId, key.key]));
  let last = { seq: 0, rowHash: genesisHash };
  let hashAtHead = head?.seq === 0 ? genesisHash : null;
  let checked = 0;
  for (;;) {
    const rows = await readChain(tx, last.seq, pageSize);
    for (const row of rows) {
      const kind = faultOf(row, last, known.get(row.hashKeyId), tx.tenantId);
      if (kind !== null) {
        const seq = kind === 'missing' ? last.seq + 1 : row.seq;
        return broken(checked, last.seq, kind, seq, kind === 'missing' ? null : row.eventId);
      }
      checked += 1;
      last = { seq: row.seq, rowHash: row.rowHash };
      if (row.seq === head?.seq) hashAtHead = row.rowHash;
    }
    if (rows.length < pageSize) break;
  }
  if (head === null) return broken(checked, last.seq, 'head_altered', last.seq, null);
  if (last.seq < head.seq) return broken(checked, last.seq, 'tail_cut', last.seq + 1, null);
  const sealed = [...known.values()].some((key) => headSeal(key, tx.tenantId, head) === head.seal);
  if (!sealed || hashAtHead !== head.rowHash)
    return broken(checked, last.seq, 'head_altered', head.seq, null);
  return { valid: true, checked, lastSeq: last.seq, fault: null };
}

function faultOf(
  row: AuditRow,
  last: { seq: number; rowHash: string },
  key: Buffer | undefined,
  tenantId: string,
): ChainFault | null {
  if (row.seq !== last.seq + 1) return 'missing';
  if (key === undefined) return 'unknown_key';
  const { rowHash: stored, ...columns } = row;
  if (rowHash(key, tenantId, columns) !== stored) return 'altered';
  // The row is genuine, yet not the successor of the row before it.
  return row.previousHash === last.rowHash ? null : 'reordered';
}

function broken(
  checked: number,
  lastSeq: number,
  kind: ChainFault,
  seq: number,
  eventId: string | null,
): ChainVerification {
  return { valid: false, checked, lastSeq, fault: { kind, seq, eventId } };
}
