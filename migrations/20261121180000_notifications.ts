/** The notifier: notifications, their deliveries and attempts, lanes, preferences and groups. */
import type { Knex } from 'knex';

const categories = `('assignment', 'customer_reply', 'approval_request', 'escalation', 'sla_risk', 'operation_result',
  'announcement', 'test')`;

const destinationTypes = `('teams_chat', 'teams_feed', 'teams_channel', 'slack_dm', 'slack_channel', 'lark_user',
  'lark_chat')`;

const errorCodes = `('throttled', 'unauthorized', 'not_found', 'server_error', 'transient', 'blocked_by_user',
  'not_in_conversation', 'payload_rejected', 'user_not_mapped', 'tenant_suspended', 'registration_inactive',
  'registration_misconfigured', 'category_disabled', 'quiet_hours_expired', 'outcome_unknown', 'unknown')`;

const skipReasons = `('cancelled', 'withdrawn', 'superseded', 'muted', 'expired', 'user_not_mapped', 'blocked_by_user',
  'not_in_conversation', 'tenant_suspended', 'registration_inactive', 'registration_misconfigured', 'category_disabled',
  'quiet_hours_expired')`;

/** Parents before children; each leads its keys with tenant_id and gets row-level security. */
const tenantTables: [name: string, body: string, options?: string][] = [
  [
    'user_groups',
    `tenant_id uuid not null,
     group_id uuid not null,
     name text not null,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     constraint user_groups_pkey primary key (tenant_id, group_id),
     constraint user_groups_name_key unique (tenant_id, name)`,
  ],
  [
    'user_group_members',
    `tenant_id uuid not null,
     group_id uuid not null,
     user_id uuid not null,
     constraint user_group_members_pkey primary key (tenant_id, group_id, user_id),
     constraint user_group_members_group_fkey foreign key (tenant_id, group_id)
       references user_groups (tenant_id, group_id) on delete cascade,
     constraint user_group_members_user_fkey foreign key (tenant_id, user_id)
       references users (tenant_id, user_id) on delete cascade`,
  ],
  [
    'notification_preferences',
    `tenant_id uuid not null,
     user_id uuid not null,
     quiet_from text,
     quiet_to text,
     categories jsonb not null,
     updated_at timestamptz not null,
     constraint notification_preferences_pkey primary key (tenant_id, user_id),
     constraint notification_preferences_user_fkey foreign key (tenant_id, user_id)
       references users (tenant_id, user_id) on delete cascade,
     constraint notification_preferences_quiet_check check ((quiet_from is null) = (quiet_to is null))`,
  ],
  [
    'notifications',
    `tenant_id uuid not null,
     notification_id uuid not null,
     category text not null,
     content jsonb not null,
     target_kind text,
     target_id text,
     actor_user_id uuid,
     on_unknown text not null,
     priority smallint not null,
     collapse_key text,
     send_at timestamptz,
     send_at_local text,
     expires_at timestamptz,
     recipients integer not null,
     created_by_kind text not null,
     created_by text,
     expanded_at timestamptz,
     withdrawn_at timestamptz,
     created_at timestamptz not null,
     constraint notifications_pkey primary key (tenant_id, notification_id),
     constraint notifications_category_check check (category in ${categories}),
     constraint notifications_on_unknown_check check (on_unknown in ('hold', 'resend')),
     constraint notifications_priority_check check (priority in (0, 1)),
     constraint notifications_send_at_check check (send_at is null or send_at_local is null)`,
  ],
  [
    'notification_requests',
    `tenant_id uuid not null,
     key text not null,
     fingerprint text not null,
     notification_id uuid not null,
     created_at timestamptz not null,
     constraint notification_requests_pkey primary key (tenant_id, key)`,
  ],
  [
    'notification_audience',
    `tenant_id uuid not null,
     notification_id uuid not null,
     ordinal integer not null,
     user_id uuid,
     conversation_id uuid,
     registration_id uuid,
     address text,
     constraint notification_audience_pkey primary key (tenant_id, notification_id, ordinal),
     constraint notification_audience_check
       check (num_nonnulls(user_id, conversation_id, address) = 1 and (address is null) = (registration_id is null))`,
  ],
  [
    'deliveries',
    `tenant_id uuid not null,
     delivery_id uuid not null,
     created_at timestamptz not null,
     notification_id uuid not null,
     category text not null,
     user_id uuid,
     registration_id uuid,
     platform text,
     destination_type text,
     destination_id text,
     status text not null,
     reason text,
     error_code text,
     error_message text,
     attempts integer not null default 0,
     provider_message_id text,
     provider_request_id text,
     fallback_of uuid,
     sent_at timestamptz,
     delivered_at timestamptz,
     responded_at timestamptz,
     withdrawn_at timestamptz,
     constraint deliveries_pkey primary key (tenant_id, delivery_id, created_at),
     constraint deliveries_category_check check (category in ${categories}),
     constraint deliveries_status_check check (status in ('queued', 'sent', 'delivered', 'failed', 'skipped')),
     constraint deliveries_reason_check check (reason in ${skipReasons}),
     constraint deliveries_skipped_check check ((status = 'skipped') = (reason is not null)),
     constraint deliveries_error_code_check check (error_code in ${errorCodes}),
     constraint deliveries_failed_check check (status <> 'failed' or error_code is not null),
     constraint deliveries_error_message_check check (char_length(error_message) <= 1024),
     constraint deliveries_destination_check
       check (destination_type in ${destinationTypes} and (destination_type is null) = (destination_id is null))`,
    'partition by range (created_at)',
  ],
  [
    'delivery_idempotency',
    `tenant_id uuid not null,
     idempotency_key text not null,
     delivery_id uuid not null,
     created_at timestamptz not null,
     constraint delivery_idempotency_pkey primary key (tenant_id, idempotency_key)`,
  ],
  [
    'lanes',
    `tenant_id uuid not null,
     lane_id uuid not null,
     platform text not null,
     epoch bigint not null,
     owner text,
     created_at timestamptz not null,
     constraint lanes_pkey primary key (tenant_id, lane_id),
     constraint lanes_registration_fkey foreign key (tenant_id, lane_id)
       references bot_registrations (tenant_id, registration_id) on delete cascade`,
  ],
  [
    'lane_blocks',
    `tenant_id uuid not null,
     lane_id uuid not null,
     conversation_key text not null,
     blocked_until timestamptz not null,
     constraint lane_blocks_pkey primary key (tenant_id, lane_id, conversation_key),
     constraint lane_blocks_lane_fkey foreign key (tenant_id, lane_id)
       references lanes (tenant_id, lane_id) on delete cascade`,
  ],
  [
    'delivery_ready',
    `tenant_id uuid not null,
     delivery_id uuid not null,
     created_at timestamptz not null,
     notification_id uuid not null,
     lane_id uuid not null,
     category text not null,
     user_id uuid,
     destination_type text not null,
     destination_id text not null,
     fallback jsonb,
     on_unknown text not null,
     priority smallint not null,
     rank bigint not null,
     due_at timestamptz not null,
     expires_at timestamptz,
     phase text not null default 'ready',
     attempt_no integer not null default 1,
     try_no integer not null default 0,
     reduced boolean not null default false,
     first_started_at timestamptz,
     started_at timestamptz,
     not_after timestamptz,
     constraint delivery_ready_pkey primary key (tenant_id, delivery_id),
     constraint delivery_ready_phase_check check (phase in ('ready', 'sending', 'unknown')),
     constraint delivery_ready_destination_check check (destination_type in ${destinationTypes})`,
    // Room on the page for the intent, whose update then touches no index.
    'with (fillfactor = 60)',
  ],
  [
    'delivery_attempts',
    `tenant_id uuid not null,
     delivery_id uuid not null,
     at timestamptz not null,
     attempt_id uuid not null,
     attempt_no integer not null,
     try_no integer not null,
     lane_id uuid not null,
     conversation_key text,
     operation text,
     started_at timestamptz,
     outcome text not null,
     error_code text,
     detail text,
     provider_message_id text,
     provider_request_id text,
     constraint delivery_attempts_pkey primary key (tenant_id, delivery_id, at, attempt_id),
     constraint delivery_attempts_outcome_check check (outcome in ('sent', 'rejected', 'unknown', 'absent', 'delivered',
       'held', 'resent', 'resolved_sent', 'resolved_not_sent', 'retried', 'withdrawn', 'surplus')),
     constraint delivery_attempts_error_code_check check (error_code in ${errorCodes}),
     constraint delivery_attempts_detail_check check (char_length(detail) <= 1024)`,
    'partition by range (at)',
  ],
];

/** Read before the tenant is known, or shared by tenants: no row-level security, no personal data. */
const directoryTables = `
  create table active_lanes (
    lane_id uuid not null,
    tenant_id uuid not null,
    platform text not null,
    wake_at timestamptz not null,
    owner text,
    lease_until timestamptz,
    constraint active_lanes_pkey primary key (lane_id)
  );
  create index active_lanes_next on active_lanes (wake_at);
  create index active_lanes_tenant on active_lanes (tenant_id);

  create table shared_limits (
    name text not null,
    slice timestamptz not null,
    used integer not null,
    constraint shared_limits_pkey primary key (name)
  );

  create table leases (
    name text not null,
    owner text not null,
    lease_until timestamptz not null,
    constraint leases_pkey primary key (name)
  );
`;

const indexes = `
  create index user_groups_newest on user_groups (tenant_id, created_at desc, group_id desc);
  create index user_group_members_user on user_group_members (tenant_id, user_id);
  create index notifications_collapse on notifications (tenant_id, collapse_key) where collapse_key is not null;
  create index notification_requests_old on notification_requests using brin (created_at);
  create index deliveries_notification on deliveries (tenant_id, notification_id, delivery_id);
  create index deliveries_user on deliveries (tenant_id, user_id, delivery_id) where user_id is not null;
  create index deliveries_error on deliveries (tenant_id, error_code, delivery_id) where error_code is not null;
  create index deliveries_failed on deliveries (tenant_id, delivery_id) where error_code is not null and reason is null;
  create index deliveries_skipped on deliveries (tenant_id, delivery_id) where reason is not null;
  create index delivery_idempotency_old on delivery_idempotency using brin (created_at);
  create index delivery_ready_next on delivery_ready (tenant_id, lane_id, rank, delivery_id);
  create index delivery_ready_expiry on delivery_ready (tenant_id, lane_id, expires_at) where expires_at is not null;
  create index conversations_person on conversations (tenant_id, registration_id, platform_user_id)
    where platform_user_id is not null;
  create index delivery_attempts_lane on delivery_attempts (tenant_id, lane_id, started_at);
  create index delivery_attempts_message on delivery_attempts (tenant_id, provider_message_id)
    where provider_message_id is not null;
`;

export async function up(knex: Knex): Promise<void> {
  for (const [name, body, options = ''] of tenantTables) {
    await knex.raw(`create table ${name} (${body}) ${options}`);
    await knex.raw(`alter table ${name} enable row level security`);
    await knex.raw(
      `create policy tenant_isolation on ${name}
         using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
         with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)`,
    );
  }
  await knex.raw(directoryTables);
  await knex.raw(indexes);
  await knex.raw(`alter table tenant_settings add column disabled_categories text[] not null default '{}'`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index conversations_person');
  await knex.raw('alter table tenant_settings drop column disabled_categories');
  for (const name of ['leases', 'shared_limits', 'active_lanes']) await knex.raw(`drop table ${name}`);
  for (const [name] of [...tenantTables].reverse()) await knex.raw(`drop table ${name}`);
}
