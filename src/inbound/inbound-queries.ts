/** The one read at the start of an inbound transaction: registration, tenant, settings and the linked person. */
import { statement, type Transaction } from '../infra/database.ts';
import type { ChatPerson } from '../kernel/activity.ts';
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
     left join lateral (
       select l.user_id from links l
        where l.tenant_id = $1 and l.registration_id = $2 and l.platform_user_id in ($3, $4)
        order by l.platform_user_id = $3 desc limit 1
     ) l on true
     left join users u on u.tenant_id = $1 and u.user_id = l.user_id and u.status = 'active'
    where r.tenant_id = $1 and r.registration_id = $2`,
);

/** Null when the tenant has no such registration. */
export async function readInboundContext(
  tx: Transaction,
  registrationId: string,
  person: ChatPerson | null,
): Promise<InboundContextRow | null> {
  const [row] = await tx.query<InboundContextRow>(contextSql, [
    tx.tenantId,
    registrationId,
    person?.platformUserId ?? null,
    person?.otherId ?? null,
  ]);
  return row ?? null;
}

/** The newest reply of a registration that the platform took or refused as a message; null without any. */
export async function lastReply(
  tx: Transaction,
  registrationId: string,
): Promise<{ status: string; errorCode: string | null; claimedAt: Date } | null> {
  const [row] = await tx.query<{ status: string; error_code: string | null; claimed_at: Date }>(
    `select status, error_code, claimed_at from receipts
      where tenant_id = $1 and registration_id = $2 and status in ('handled', 'replied', 'reply_failed')
        and (platform_message_id is not null or error_code is not null)
      order by claimed_at desc limit 1`,
    [tx.tenantId, registrationId],
  );
  return row === undefined
    ? null
    : { status: row.status, errorCode: row.error_code, claimedAt: row.claimed_at };
}
