/** API keys: made once, shown once, stored hashed. */
import { createHash, randomBytes } from 'node:crypto';
import type { Transaction } from '../infra/database.ts';
import { newId } from '../kernel/ids.ts';
import type { Role } from './capabilities.ts';
import { type ApiKeyRow, insertKey } from './key-store.ts';

export const apiKeyPrefix = 'dbk_';

/** SHA-256 of the key: 256 random bits need neither salt nor stretching. */
export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** @returns the row, and the key itself for the one answer that shows it */
export function createApiKey(
  tx: Transaction,
  options: { name: string; role: Role },
  now: Date,
): { row: ApiKeyRow; key: string } {
  const key = `${apiKeyPrefix}${randomBytes(32).toString('base64url')}`;
  const row: ApiKeyRow = {
    key_id: newId(),
    name: options.name,
    role: options.role,
    created_at: now,
    revoked_at: null,
  };
  insertKey(tx, row, hashApiKey(key));
  return { row, key };
}
