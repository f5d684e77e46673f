/** SQL of used nonces. */
import { statement, type Transaction } from '../infra/database.ts';
import type { Reply } from '../kernel/message.ts';

export interface ConsumedNonce {
  person: string;
  inputHash: string;
  reply: Reply | null;
}

const consumeSql = statement(
  'nonce_consume',
  `insert into consumed_nonces (tenant_id, nonce, person, input_hash, consumed_at, erase_after)
   values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, nonce) do nothing`,
);

/** Uses the nonce up; false when it was used before. A rival's open use is waited for. */
export async function consumeNonce(
  tx: Transaction,
  use: { nonce: string; person: string; inputHash: string; now: Date; eraseAfter: Date },
): Promise<boolean> {
  const { nonce, person, inputHash, now, eraseAfter } = use;
  return (await tx.execute(consumeSql, [tx.tenantId, nonce, person, inputHash, now, eraseAfter])) === 1;
}

export async function readNonce(tx: Transaction, nonce: string): Promise<ConsumedNonce | null> {
  const [row] = await tx.query<{ person: string; input_hash: string; reply: Reply | null }>(
    'select person, input_hash, reply from consumed_nonces where tenant_id = $1 and nonce = $2',
    [tx.tenantId, nonce],
  );
  return row === undefined ? null : { person: row.person, inputHash: row.input_hash, reply: row.reply };
}

/** Keeps the reply for repeats of the same press. */
export function storeNonceReply(tx: Transaction, nonce: string, reply: Reply): void {
  tx.enqueue('update consumed_nonces set reply = $3 where tenant_id = $1 and nonce = $2', [
    tx.tenantId,
    nonce,
    JSON.stringify(reply),
  ]);
}
