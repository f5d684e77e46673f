/** Makes a tenant that is ready to work: settings, an audit chain, a default board. */
import type { AuditKeys } from '../audit/audit-keys.ts';
import { seedDesk } from '../desk/seed-desk.ts';
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { translator } from '../words/index.ts';
import { insertSettings, insertTenant, type TenantRow, type TenantSettings } from './tenant-store.ts';

export interface NewTenant {
  tenantId: string;
  /** Lower-case letters, digits and hyphens; unique in the installation. */
  slug: string;
  name: string;
  settings?: Partial<TenantSettings>;
}

const defaultSettings: TenantSettings = {
  allowed_actions: null,
  surfaces: null,
  group_chat: false,
  language: 'en',
  disabled_categories: [],
};

/**
 * @param tx a transaction of the tenant to be (its id is made by the caller)
 * @throws DeskbridgeError conflict when the slug is taken
 */
export async function createTenant(
  tx: Transaction,
  auditKeys: AuditKeys,
  tenant: NewTenant,
  now: Date,
): Promise<TenantRow> {
  const row: TenantRow = {
    tenant_id: tenant.tenantId,
    slug: tenant.slug,
    name: tenant.name,
    status: 'active',
    created_at: now,
  };
  if (!(await insertTenant(tx, row))) {
    throw new DeskbridgeError('conflict', {
      detail: 'The slug is taken.',
      fields: [{ path: 'slug', message: 'taken' }],
    });
  }
  const settings = { ...defaultSettings, ...tenant.settings };
  insertSettings(tx, settings, now);
  auditKeys.begin(tx, now);
  await seedDesk(tx, now, translator(settings.language));
  return row;
}
