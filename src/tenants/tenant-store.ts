/** SQL of tenants, which are read before any tenant is known, and of their settings. */
import type { Sql, Transaction } from '../infra/database.ts';

export interface TenantRow {
  tenant_id: string;
  slug: string;
  name: string;
  status: 'active' | 'suspended';
  created_at: Date;
}

export interface TenantSettings {
  /** Mutations that may run; null: all. */
  allowed_actions: string[] | null;
  /** Surfaces that are switched on; null: all. */
  surfaces: string[] | null;
  group_chat: boolean;
  /** BCP 47 tag of the language of last resort. */
  language: string;
  /** Categories of notifications that nobody of the tenant gets. */
  disabled_categories: string[];
}

const columns = 'tenant_id, slug, name, status, created_at';

/** @returns false when the slug is taken */
export async function insertTenant(sql: Sql, tenant: TenantRow): Promise<boolean> {
  const inserted = await sql.execute(
    `insert into tenants (tenant_id, slug, name, status, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $5) on conflict (slug) do nothing`,
    [tenant.tenant_id, tenant.slug, tenant.name, tenant.status, tenant.created_at],
  );
  return inserted === 1;
}

/** By id or slug; null when there is none. */
export async function findTenant(
  sql: Sql,
  reference: { id: string } | { slug: string },
): Promise<TenantRow | null> {
  const byId = 'id' in reference;
  const [row] = await sql.query<TenantRow>(
    `select ${columns} from tenants where ${byId ? 'tenant_id' : 'slug'} = $1`,
    [byId ? reference.id : reference.slug],
  );
  return row ?? null;
}

export async function listTenants(
  sql: Sql,
  page: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<TenantRow[]> {
  return await sql.query<TenantRow>(
    `select ${columns} from tenants
      where $2::timestamptz is null or (created_at, tenant_id) < ($2, $3::uuid)
      order by created_at desc, tenant_id desc limit $1`,
    [page.limit, page.after?.createdAt ?? null, page.after?.id ?? null],
  );
}

export async function updateTenant(
  sql: Sql,
  tenantId: string,
  change: { name?: string | undefined; status?: string | undefined },
  now: Date,
): Promise<TenantRow | null> {
  const [row] = await sql.query<TenantRow>(
    `update tenants set name = case when $2::text is null then name else $2 end,
            status = case when $3::text is null then status else $3 end, updated_at = $4
      where tenant_id = $1 returning ${columns}`,
    [tenantId, change.name ?? null, change.status ?? null, now],
  );
  return row ?? null;
}

export function insertSettings(tx: Transaction, settings: TenantSettings, now: Date): void {
  tx.enqueue(
    `insert into tenant_settings (tenant_id, allowed_actions, surfaces, group_chat, language, disabled_categories,
       updated_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [tx.tenantId, ...valuesOf(settings), now],
  );
}

const selectSettings = `select allowed_actions, surfaces, group_chat, language, disabled_categories from tenant_settings
  where tenant_id = $1`;

export async function readSettings(tx: Transaction): Promise<TenantSettings> {
  return requireSettings(await tx.query<TenantSettings>(selectSettings, [tx.tenantId]));
}

/** The settings, locked until the transaction ends: for changes of some that keep the others. */
export async function lockSettings(tx: Transaction): Promise<TenantSettings> {
  return requireSettings(await tx.query<TenantSettings>(`${selectSettings} for update`, [tx.tenantId]));
}

function requireSettings([row]: TenantSettings[]): TenantSettings {
  if (row === undefined) throw new Error('the tenant has no settings');
  return row;
}

export async function writeSettings(tx: Transaction, settings: TenantSettings, now: Date): Promise<void> {
  await tx.execute(
    `update tenant_settings set allowed_actions = $2, surfaces = $3, group_chat = $4, language = $5,
            disabled_categories = $6, updated_at = $7
      where tenant_id = $1`,
    [tx.tenantId, ...valuesOf(settings), now],
  );
}

/** In the order of the columns. */
function valuesOf(settings: TenantSettings): unknown[] {
  return [
    settings.allowed_actions,
    settings.surfaces,
    settings.group_chat,
    settings.language,
    settings.disabled_categories,
  ];
}
