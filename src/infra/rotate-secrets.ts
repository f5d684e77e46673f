/** Seals everything that is stored sealed anew under the current key, so that older keys can be thrown away. */
import type { Database, Sql, Transaction } from './database.ts';
import type { SecretBox } from './secret-box.ts';

/** A column of sealed texts; the purpose is the one under which its feature seals them. */
interface SealedColumn {
  table: string;
  column: string;
  /** The key columns behind tenant_id. */
  keys: readonly string[];
  purpose: (tenantId: string, keys: readonly string[]) => string;
}

/** Every sealed column of the schema; a test compares purposes and columns with what the features write. */
export const sealedColumns: readonly SealedColumn[] = [
  {
    table: 'registration_credentials',
    column: 'sealed',
    keys: ['registration_id'],
    purpose: (tenantId, [registrationId]) => `registration:${tenantId}:${registrationId}`,
  },
  {
    table: 'audit_keys',
    column: 'sealed',
    keys: ['key_id'],
    purpose: (tenantId, [keyId]) => `audit:${tenantId}:${keyId}`,
  },
  {
    table: 'idempotency_keys',
    column: 'response',
    keys: ['principal', 'key'],
    purpose: (tenantId, [principal, key]) => `idempotency:${tenantId}:${principal}:${key}`,
  },
];

export interface Rotation {
  /** Texts that were sealed anew, by table. */
  resealed: Record<string, number>;
  /** Ids of the keys that nothing is sealed under any more, and that a start with alone is refused from now on. */
  retiredKeyIds: string[];
}

const batchSize = 500;

/**
 * Seals anew, one transaction a batch; running it again goes on where it stopped. It needs the owner's connection:
 * the application may not change audit keys.
 * @throws Error when a text cannot be opened with the keys at hand; what was done until then stays
 */
export async function rotateSecrets(database: Database, secrets: SecretBox): Promise<Rotation> {
  const resealed = Object.fromEntries(sealedColumns.map(({ table }) => [table, 0]));
  for (const tenantId of await tenantIds(database.maintenance)) {
    for (const column of sealedColumns) {
      let done = 0;
      do {
        done = await database.inTenant(tenantId, (tx) => resealBatch(tx, column, secrets));
        resealed[column.table] = (resealed[column.table] ?? 0) + done;
      } while (done === batchSize);
    }
  }
  return { resealed, retiredKeyIds: await retireKeys(database.maintenance, secrets.currentKeyId) };
}

async function tenantIds(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ tenant_id: string }>('select tenant_id from tenants order by tenant_id');
  return rows.map((row) => row.tenant_id);
}

/** Rows are locked first: a secret that is replaced meanwhile is either seen or waits. */
async function resealBatch(tx: Transaction, sealed: SealedColumn, secrets: SecretBox): Promise<number> {
  const { table, column, keys, purpose } = sealed;
  const rows = await tx.query<Record<string, string>>(
    `select ${keys.join(', ')}, ${column} as sealed_text from ${table}
      where tenant_id = $1 and ${column} is not null and split_part(${column}, '.', 2) <> $2
      order by ${keys.join(', ')} limit ${batchSize} for update`,
    [tx.tenantId, secrets.currentKeyId],
  );
  const match = keys.map((name, index) => `${name} = $${index + 3}`).join(' and ');
  for (const row of rows) {
    const values = keys.map((name) => row[name] ?? '');
    const label = purpose(tx.tenantId, values);
    const anew = secrets.seal(secrets.open(row.sealed_text ?? '', label), label);
    tx.enqueue(`update ${table} set ${column} = $2 where tenant_id = $1 and ${match}`, [
      tx.tenantId,
      anew,
      ...values,
    ]);
  }
  return rows.length;
}

/** Without its proof an old key alone no longer passes the check at the start. */
async function retireKeys(sql: Sql, currentKeyId: string): Promise<string[]> {
  const rows = await sql.query<{ key_id: string }>(
    'delete from secret_box_keys where key_id <> $1 returning key_id',
    [currentKeyId],
  );
  return rows.map((row) => row.key_id);
}
