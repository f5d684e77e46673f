/** Reads of tenants for the rest of the program. */
import type { Sql } from '../infra/database.ts';

/** Ids of all tenants, for work that goes tenant by tenant. */
export async function tenantIds(sql: Sql): Promise<string[]> {
  return (await sql.query<{ tenant_id: string }>('select tenant_id from tenants')).map(
    (row) => row.tenant_id,
  );
}
