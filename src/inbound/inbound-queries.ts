/** The one read at the start of an inbound transaction: registration, tenant, settings and the linked person. */
import { statement, type Transaction } from '../infra/database.ts';
import type { Role } from '../tenants/capabilities.ts';

export interface InboundContextRow {
  registration_status: string;
  slug: string;
  tenant_name: string;
  tenant_status: string;
  allowed_actions: string[] | null;
  surfaces: string[] | null;
  group_chat: boolean;
  language: string;
  /** Null: the person is not linked, or is deactivated. */
  user_id: string | null;
  user_name: string | null;
  email: string | null;
  roles: Role[] | null;
  locale: string | null;
  time_zone: string | null;
}

const contextSql = statement(
  'inbound_context',
  `select r.status as registration_status, t.slug, t.name as tenant_name, t.status as tenant_status,
          s.allowed_actions, s.surfaces, s.group_chat, s.language,
          u.user_id, u.name as user_name, u.email, u.roles, u.locale, u.time_zone
     from registration_read r
     join tenants t on t.tenant_id = $1
     join tenant_settings s on s.tenant_id = $1
     left join links l on l.tenant_id = $1 and l.registration_id = r.registration_id and l.platform_user_id = $3
     left join users u on u.tenant_id = $1 and u.user_id = l.user_id and u.status = 'active'
    where r.tenant_id = $1 and r.registration_id = $2`,
);

/** Null when the tenant has no such registration. */
export async function readInboundContext(
  tx: Transaction,
  registrationId: string,
  platformUserId: string | null,
): Promise<InboundContextRow | null> {
  const [row] = await tx.query<InboundContextRow>(contextSql, [tx.tenantId, registrationId, platformUserId]);
  return row ?? null;
}
