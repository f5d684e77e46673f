/** SQL of API keys: the secret itself is never stored, only its hash, in the directory and in the tenant. */
import type { Sql, Transaction } from '../infra/database.ts';
import type { Role } from './capabilities.ts';

export interface ApiKeyRow {
  key_id: string;
  name: string;
  role: Role;
  created_at: Date;
  revoked_at: Date | null;
}

const columns = 'key_id, name, role, created_at, revoked_at';

export function insertKey(tx: Transaction, key: ApiKeyRow, keyHash: string): void {
  tx.enqueue(
    `insert into api_keys (tenant_id, key_id, name, role, key_hash, created_at) values ($1, $2, $3, $4, $5, $6)`,
    [tx.tenantId, key.key_id, key.name, key.role, keyHash, key.created_at],
  );
  tx.enqueue('insert into api_key_directory (key_hash, tenant_id, key_id) values ($1, $2, $3)', [
    keyHash,
    tx.tenantId,
    key.key_id,
  ]);
}

/** The tenant and id behind the hash of a presented key; null when no live key has it. */
export async function findKey(
  sql: Sql,
  keyHash: string,
): Promise<{ tenantId: string; keyId: string } | null> {
  const [row] = await sql.query<{ tenant_id: string; key_id: string }>(
    'select tenant_id, key_id from api_key_directory where key_hash = $1',
    [keyHash],
  );
  return row === undefined ? null : { tenantId: row.tenant_id, keyId: row.key_id };
}

export async function readKey(tx: Transaction, keyId: string): Promise<ApiKeyRow | null> {
  const [row] = await tx.query<ApiKeyRow>(
    `select ${columns} from api_keys where tenant_id = $1 and key_id = $2`,
    [tx.tenantId, keyId],
  );
  return row ?? null;
}

export async function listKeys(
  tx: Transaction,
  page: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<ApiKeyRow[]> {
  return await tx.query<ApiKeyRow>(
    `select ${columns} from api_keys
      where tenant_id = $1 and ($3::timestamptz is null or (created_at, key_id) < ($3, $4::uuid))
      order by created_at desc, key_id desc limit $2`,
    [tx.tenantId, page.limit, page.after?.createdAt ?? null, page.after?.id ?? null],
  );
}

/** @returns false when there is no live key with this id */
export async function revokeKey(tx: Transaction, keyId: string, now: Date): Promise<boolean> {
  const [row] = await tx.query<{ key_hash: string }>(
    `update api_keys set revoked_at = $3 where tenant_id = $1 and key_id = $2 and revoked_at is null
      returning key_hash`,
    [tx.tenantId, keyId, now],
  );
  if (row === undefined) return false;
  await tx.execute('delete from api_key_directory where key_hash = $1', [row.key_hash]);
  return true;
}
