/** A history of deliveries that are over, made in the database itself: millions in minutes. */
import {
  ensurePartitions,
  monthStart,
  type OwnerSession,
  withOwnerSession,
} from '../../src/infra/partitions.ts';
import type { Tenant } from './world.ts';

/** Deliveries are kept so long by default. */
const days = 90;
const dayMs = 86_400_000;
const spanMs = (days - 1) * dayMs;
/** Rows of one statement. */
const insertAtOnce = 100_000;
/** Deliveries of one notification, more than a page of them. */
export const perNotification = 100;

export interface History {
  /** Connection string of the owner. */
  ownerUrl: string;
  platform: string;
  tenants: readonly Tenant[];
  /** Deliveries of all tenants together. */
  rows: number;
  now: Date;
  note: (line: string) => void;
}

/**
 * Fills 90 days up to yesterday evenly, so that the window of no limit reaches into them: of twenty deliveries one
 * failed, one was skipped, the others arrived, each with its attempt and its key.
 */
export async function makeHistory({ ownerUrl, platform, tenants, rows, now, note }: History): Promise<void> {
  const began = performance.now();
  const perTenant = Math.ceil(rows / tenants.length);
  await withOwnerSession(ownerUrl, async (owner) => {
    for (const monthsAgo of [3, 2, 1]) await ensurePartitions(owner, monthStart(now, -monthsAgo));
    await owner.query('set synchronous_commit = off');
    for (const tenant of tenants) {
      for (let first = 0; first < perTenant; first += insertAtOnce) {
        const last = Math.min(first + insertAtOnce, perTenant) - 1;
        await insertPart(owner, { platform, tenant, first, last, perTenant, now });
      }
    }
    note(`${perTenant * tenants.length} deliveries made in ${seconds(began)} s`);
    await owner.query('vacuum (analyze)');
    await owner.query('checkpoint');
  });
  note(`analyzed after ${seconds(began)} s`);
}

function seconds(began: number): string {
  return ((performance.now() - began) / 1_000).toFixed(0);
}

interface Part {
  platform: string;
  tenant: Tenant;
  /** Of the tenant's deliveries, oldest first, both included. */
  first: number;
  last: number;
  perTenant: number;
  now: Date;
}

/** A UUIDv7 by hand, since PostgreSQL has a function for it only from 18 on, and none for a time of one's own choice. */
const idAt = (ms: string, salt: string) =>
  `(lpad(to_hex(${ms}), 12, '0') || '7' || substr(md5(${salt}), 1, 3) || '8' || substr(md5(${salt}), 4, 15))::uuid`;

const partSql = `
  create temporary table part as
  select n, ms, to_timestamp(ms / 1000.0) as at, ${idAt('ms', 'n::text || $6::text')} as delivery_id,
         md5((n / ${perNotification})::text || $6::text)::uuid as notification_id,
         ($4::uuid[])[1 + n % array_length($4::uuid[], 1)] as user_id,
         'U' || (n % array_length($4::uuid[], 1)) as destination_id
    from (select n, $3::bigint - ${spanMs} + (n::bigint * ${spanMs}) / $5::bigint as ms
            from generate_series($1::int, $2::int) n) t`;

const insertSqls = [
  `insert into deliveries (tenant_id, delivery_id, created_at, notification_id, category, user_id, registration_id, platform,
     destination_type, destination_id, status, reason, error_code, attempts, provider_message_id, sent_at, delivered_at)
   select $1, delivery_id, at, notification_id, 'announcement', user_id, $2, $3, $3 || '_dm', destination_id,
          case n % 20 when 0 then 'failed' when 1 then 'skipped' else 'delivered' end,
          case n % 20 when 1 then 'muted' end, case n % 20 when 0 then 'blocked_by_user' end,
          case n % 20 when 1 then 0 else 1 end, case when n % 20 > 1 then 'message-' || n end,
          case when n % 20 > 1 then at end, case when n % 20 > 1 then at end
     from part`,
  `insert into delivery_attempts (tenant_id, delivery_id, at, attempt_id, attempt_no, try_no, lane_id, conversation_key,
     operation, started_at, outcome, error_code, provider_message_id)
   select $1, delivery_id, at, delivery_id, 1, 1, $2::uuid, 'p:' || destination_id, 'send', at,
          case n % 20 when 0 then 'rejected' else 'sent' end, case n % 20 when 0 then 'blocked_by_user' end,
          case when n % 20 > 1 then 'message-' || n end
     from part where n % 20 <> 1 and $3::text is not null`,
  `insert into delivery_idempotency (tenant_id, idempotency_key, delivery_id, created_at)
   select $1, md5(delivery_id::text) || md5(notification_id::text || n), delivery_id, at from part
    where $2::uuid is not null and $3::text is not null order by 2`,
];

async function insertPart(owner: OwnerSession, part: Part): Promise<void> {
  const { platform, tenant, first, last, perTenant, now } = part;
  const { tenantId, registrationId, userIds } = tenant;
  const end = now.getTime() - dayMs;
  await owner.query(partSql, [first, last, end, userIds, perTenant, tenantId]);
  for (const sql of insertSqls) await owner.query(sql, [tenantId, registrationId, platform]);
  await owner.query('drop table part');
}
