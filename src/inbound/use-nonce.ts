/** Uses up a signed token that opens something once, outside cards and forms. */
import type { Transaction } from '../infra/database.ts';
import { consumeNonce } from './nonce-store.ts';
import { nonceDays } from './nonces.ts';

/** False when it was used before. @param purpose what it was for, kept beside it */
export async function useNonceOnce(
  tx: Transaction,
  nonce: string,
  purpose: string,
  now: Date,
): Promise<boolean> {
  const eraseAfter = new Date(now.getTime() + nonceDays * 86_400_000);
  return await consumeNonce(tx, { nonce, person: purpose, inputHash: '', now, eraseAfter });
}
