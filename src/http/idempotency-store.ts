/** SQL of callers' idempotency keys (IETF draft Idempotency-Key): the first answer is the answer. */
import type { Transaction } from '../infra/database.ts';

export interface StoredAnswer {
  fingerprint: string;
  status: number | null;
  /** Sealed: an answer may hold a key that is shown once. */
  response: string | null;
}

/** Claims the key; null when it is new, else what is known of it. A rival's open claim is waited for. */
export async function claimKey(
  tx: Transaction,
  claim: { principal: string; key: string; fingerprint: string; now: Date },
): Promise<StoredAnswer | null> {
  const { principal, key, fingerprint, now } = claim;
  const claimed = await tx.execute(
    `insert into idempotency_keys (tenant_id, principal, key, fingerprint, created_at) values ($1, $2, $3, $4, $5)
     on conflict (tenant_id, principal, key) do nothing`,
    [tx.tenantId, principal, key, fingerprint, now],
  );
  if (claimed === 1) return null;
  const [row] = await tx.query<StoredAnswer>(
    'select fingerprint, status, response from idempotency_keys where tenant_id = $1 and principal = $2 and key = $3',
    [tx.tenantId, principal, key],
  );
  return row ?? { fingerprint: '', status: null, response: null };
}

export function storeAnswer(
  tx: Transaction,
  answer: { principal: string; key: string; status: number; response: string },
): void {
  tx.enqueue(
    'update idempotency_keys set status = $4, response = $5 where tenant_id = $1 and principal = $2 and key = $3',
    [tx.tenantId, answer.principal, answer.key, answer.status, answer.response],
  );
}

/** Keys live for a week. */
export async function eraseOldKeys(tx: Transaction, now: Date): Promise<void> {
  await tx.execute('delete from idempotency_keys where tenant_id = $1 and created_at < $2', [
    tx.tenantId,
    new Date(now.getTime() - 7 * 86_400_000),
  ]);
}
