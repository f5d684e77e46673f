/** The first schema: directory, people, registrations, conversations, desk, receipts, audit. */
import type { Knex } from 'knex';

/**
 * Tables of a tenant, parents before children. Each leads its keys with tenant_id and gets row-level security.
 * The rules that let one schema run on Citus too stand in docs/decisions/0002-one-schema.md.
 */
const tenantTables: [name: string, body: string][] = [
  [
    'tenant_settings',
    `tenant_id uuid not null,
     allowed_actions text[],
     surfaces text[],
     group_chat boolean not null,
     language text not null,
     updated_at timestamptz not null,
     constraint tenant_settings_pkey primary key (tenant_id)`,
  ],
  [
    'users',
    `tenant_id uuid not null,
     user_id uuid not null,
     name text not null,
     email text not null,
     roles text[] not null,
     status text not null,
     locale text,
     time_zone text,
     external_id text,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     constraint users_pkey primary key (tenant_id, user_id),
     constraint users_email_key unique (tenant_id, email),
     constraint users_external_id_key unique (tenant_id, external_id),
     constraint users_status_check check (status in ('active', 'deactivated'))`,
  ],
  [
    'api_keys',
    `tenant_id uuid not null,
     key_id uuid not null,
     name text not null,
     role text not null,
     key_hash text not null,
     created_at timestamptz not null,
     revoked_at timestamptz,
     constraint api_keys_pkey primary key (tenant_id, key_id),
     constraint api_keys_role_check check (role in ('viewer', 'technician', 'admin'))`,
  ],
  [
    'bot_registrations',
    `tenant_id uuid not null,
     registration_id uuid not null,
     version integer not null,
     created_at timestamptz not null,
     constraint bot_registrations_pkey primary key (tenant_id, registration_id)`,
  ],
  [
    'registration_events',
    `tenant_id uuid not null,
     registration_id uuid not null,
     version integer not null,
     type text not null,
     data jsonb not null,
     actor_kind text not null,
     actor_id text,
     occurred_at timestamptz not null,
     constraint registration_events_pkey primary key (tenant_id, registration_id, version),
     constraint registration_events_registration_fkey foreign key (tenant_id, registration_id)
       references bot_registrations (tenant_id, registration_id) on delete cascade`,
  ],
  [
    'registration_read',
    `tenant_id uuid not null,
     registration_id uuid not null,
     platform text not null,
     name text not null,
     app_id text not null,
     organization text not null,
     options jsonb not null,
     status text not null,
     source_version integer not null,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     constraint registration_read_pkey primary key (tenant_id, registration_id),
     constraint registration_read_registration_fkey foreign key (tenant_id, registration_id)
       references bot_registrations (tenant_id, registration_id) on delete cascade,
     constraint registration_read_status_check check (status in ('pending', 'active', 'retired'))`,
  ],
  [
    'registration_credentials',
    `tenant_id uuid not null,
     registration_id uuid not null,
     sealed text not null,
     updated_at timestamptz not null,
     constraint registration_credentials_pkey primary key (tenant_id, registration_id),
     constraint registration_credentials_registration_fkey foreign key (tenant_id, registration_id)
       references bot_registrations (tenant_id, registration_id) on delete cascade`,
  ],
  [
    'links',
    `tenant_id uuid not null,
     link_id uuid not null,
     user_id uuid not null,
     registration_id uuid not null,
     platform_user_id text not null,
     created_at timestamptz not null,
     constraint links_pkey primary key (tenant_id, link_id),
     constraint links_identity_key unique (tenant_id, registration_id, platform_user_id),
     constraint links_user_fkey foreign key (tenant_id, user_id) references users (tenant_id, user_id) on delete cascade,
     constraint links_registration_fkey foreign key (tenant_id, registration_id)
       references bot_registrations (tenant_id, registration_id) on delete cascade`,
  ],
  [
    'link_codes',
    `tenant_id uuid not null,
     code_hash text not null,
     user_id uuid,
     registration_id uuid,
     platform_user_id text,
     platform_user_name text,
     created_at timestamptz not null,
     expires_at timestamptz not null,
     used_at timestamptz,
     constraint link_codes_pkey primary key (tenant_id, code_hash),
     constraint link_codes_user_fkey foreign key (tenant_id, user_id)
       references users (tenant_id, user_id) on delete cascade,
     constraint link_codes_registration_fkey foreign key (tenant_id, registration_id)
       references bot_registrations (tenant_id, registration_id) on delete cascade,
     constraint link_codes_side_check check ((user_id is null) <> (platform_user_id is null))`,
  ],
  [
    'conversations',
    `tenant_id uuid not null,
     conversation_id uuid not null,
     registration_id uuid not null,
     platform text not null,
     platform_conversation_id text not null,
     person_key text not null,
     type text not null,
     platform_user_id text,
     service_url text,
     organization text not null,
     bot_id text,
     channel_id text,
     thread_id text,
     locale text,
     state text not null,
     retired_reason text,
     greeted_at timestamptz,
     last_activity_at timestamptz not null,
     created_at timestamptz not null,
     constraint conversations_pkey primary key (tenant_id, conversation_id),
     constraint conversations_reference_key
       unique (tenant_id, registration_id, platform_conversation_id, person_key),
     constraint conversations_registration_fkey foreign key (tenant_id, registration_id)
       references bot_registrations (tenant_id, registration_id) on delete cascade,
     constraint conversations_type_check check (type in ('personal', 'group', 'channel')),
     constraint conversations_state_check check (state in ('active', 'retired'))`,
  ],
  [
    'receipts',
    `tenant_id uuid not null,
     registration_id uuid not null,
     event_key text not null,
     receipt_id uuid not null,
     claimed_at timestamptz not null,
     status text not null,
     reply jsonb,
     reference jsonb,
     reply_to text,
     send_until timestamptz,
     attempts integer not null,
     ambiguous boolean not null,
     error_code text,
     platform_message_id text,
     replied_at timestamptz,
     erase_after timestamptz,
     constraint receipts_pkey primary key (tenant_id, registration_id, event_key),
     constraint receipts_id_key unique (tenant_id, receipt_id),
     constraint receipts_registration_fkey foreign key (tenant_id, registration_id)
       references bot_registrations (tenant_id, registration_id) on delete cascade,
     constraint receipts_status_check check (status in ('claimed', 'handled', 'replied', 'reply_failed'))`,
  ],
  [
    'consumed_nonces',
    `tenant_id uuid not null,
     nonce text not null,
     person text not null,
     input_hash text not null,
     reply jsonb,
     consumed_at timestamptz not null,
     erase_after timestamptz not null,
     constraint consumed_nonces_pkey primary key (tenant_id, nonce)`,
  ],
  [
    'list_views',
    `tenant_id uuid not null,
     conversation_id uuid not null,
     platform_user_id text not null,
     kind text not null,
     item_ids uuid[] not null,
     shown_at timestamptz not null,
     constraint list_views_pkey primary key (tenant_id, conversation_id, platform_user_id, kind),
     constraint list_views_conversation_fkey foreign key (tenant_id, conversation_id)
       references conversations (tenant_id, conversation_id) on delete cascade`,
  ],
  [
    'idempotency_keys',
    `tenant_id uuid not null,
     principal text not null,
     key text not null,
     fingerprint text not null,
     status integer,
     response text,
     created_at timestamptz not null,
     constraint idempotency_keys_pkey primary key (tenant_id, principal, key)`,
  ],
  [
    'audit_keys',
    `tenant_id uuid not null,
     key_id uuid not null,
     sealed text not null,
     created_at timestamptz not null,
     constraint audit_keys_pkey primary key (tenant_id, key_id)`,
  ],
  [
    'audit_heads',
    `tenant_id uuid not null,
     seq bigint not null,
     row_hash text not null,
     seal text not null,
     constraint audit_heads_pkey primary key (tenant_id)`,
  ],
  [
    'audit_events',
    `tenant_id uuid not null,
     seq bigint not null,
     event_id uuid not null,
     created_at timestamptz not null,
     actor_kind text not null,
     actor_id text,
     actor_user_id uuid,
     platform_user_id text,
     platform text,
     surface text not null,
     action text not null,
     target_kind text,
     target_id text,
     source_id text,
     payload_hash text not null,
     hash_algorithm text not null,
     hash_key_id uuid not null,
     result text not null,
     error_code text,
     previous_hash text not null,
     row_hash text not null,
     constraint audit_events_pkey primary key (tenant_id, seq),
     constraint audit_events_id_key unique (tenant_id, event_id),
     constraint audit_events_actor_check check (actor_kind in ('user', 'key', 'operator', 'system')),
     constraint audit_events_result_check check (result in ('success', 'failure', 'denied', 'unknown')),
     constraint audit_events_hash_check check (payload_hash ~ '^[0-9a-f]{64}$' and row_hash ~ '^[0-9a-f]{64}$')`,
  ],
  [
    'desk_counters',
    `tenant_id uuid not null,
     kind text not null,
     last_number integer not null,
     constraint desk_counters_pkey primary key (tenant_id, kind)`,
  ],
  [
    'clients',
    `tenant_id uuid not null,
     client_id uuid not null,
     name text not null,
     external_id text,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     constraint clients_pkey primary key (tenant_id, client_id),
     constraint clients_external_id_key unique (tenant_id, external_id)`,
  ],
  [
    'contacts',
    `tenant_id uuid not null,
     contact_id uuid not null,
     client_id uuid,
     name text not null,
     email text,
     external_id text,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     constraint contacts_pkey primary key (tenant_id, contact_id),
     constraint contacts_external_id_key unique (tenant_id, external_id),
     constraint contacts_client_fkey foreign key (tenant_id, client_id)
       references clients (tenant_id, client_id) on delete cascade`,
  ],
  [
    'boards',
    `tenant_id uuid not null,
     board_id uuid not null,
     name text not null,
     is_default boolean not null,
     external_id text,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     constraint boards_pkey primary key (tenant_id, board_id),
     constraint boards_name_key unique (tenant_id, name),
     constraint boards_external_id_key unique (tenant_id, external_id)`,
  ],
  [
    'ticket_statuses',
    `tenant_id uuid not null,
     status_id uuid not null,
     board_id uuid not null,
     name text not null,
     kind text not null,
     position integer not null,
     constraint ticket_statuses_pkey primary key (tenant_id, status_id),
     constraint ticket_statuses_name_key unique (tenant_id, board_id, name),
     constraint ticket_statuses_board_fkey foreign key (tenant_id, board_id)
       references boards (tenant_id, board_id) on delete cascade,
     constraint ticket_statuses_kind_check check (kind in ('new', 'open', 'waiting', 'closed'))`,
  ],
  [
    'tickets',
    `tenant_id uuid not null,
     ticket_id uuid not null,
     number integer not null,
     title text not null,
     description text not null,
     board_id uuid not null,
     status_id uuid not null,
     priority text not null,
     client_id uuid,
     contact_id uuid,
     assignee_id uuid,
     created_by uuid,
     due_at timestamptz,
     url text,
     source_url text,
     external_id text,
     sla_risk_at timestamptz,
     escalated_at timestamptz,
     closed_at timestamptz,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     constraint tickets_pkey primary key (tenant_id, ticket_id),
     constraint tickets_number_key unique (tenant_id, number),
     constraint tickets_external_id_key unique (tenant_id, external_id),
     constraint tickets_board_fkey foreign key (tenant_id, board_id) references boards (tenant_id, board_id),
     constraint tickets_status_fkey foreign key (tenant_id, status_id)
       references ticket_statuses (tenant_id, status_id),
     constraint tickets_client_fkey foreign key (tenant_id, client_id) references clients (tenant_id, client_id),
     constraint tickets_contact_fkey foreign key (tenant_id, contact_id)
       references contacts (tenant_id, contact_id),
     constraint tickets_assignee_fkey foreign key (tenant_id, assignee_id) references users (tenant_id, user_id),
     constraint tickets_created_by_fkey foreign key (tenant_id, created_by) references users (tenant_id, user_id),
     constraint tickets_priority_check check (priority in ('low', 'normal', 'high', 'urgent'))`,
  ],
  [
    'ticket_notes',
    `tenant_id uuid not null,
     note_id uuid not null,
     ticket_id uuid not null,
     kind text not null,
     text text not null,
     author_user_id uuid,
     author_contact_id uuid,
     source_url text,
     external_id text,
     created_at timestamptz not null,
     constraint ticket_notes_pkey primary key (tenant_id, note_id),
     constraint ticket_notes_external_id_key unique (tenant_id, external_id),
     constraint ticket_notes_ticket_fkey foreign key (tenant_id, ticket_id)
       references tickets (tenant_id, ticket_id) on delete cascade,
     constraint ticket_notes_author_fkey foreign key (tenant_id, author_user_id)
       references users (tenant_id, user_id),
     constraint ticket_notes_contact_fkey foreign key (tenant_id, author_contact_id)
       references contacts (tenant_id, contact_id),
     constraint ticket_notes_kind_check check (kind in ('internal_note', 'customer_reply', 'contact_note'))`,
  ],
  [
    'time_entries',
    `tenant_id uuid not null,
     time_entry_id uuid not null,
     ticket_id uuid not null,
     user_id uuid not null,
     minutes integer not null,
     started_at timestamptz not null,
     note text,
     billable boolean not null,
     created_at timestamptz not null,
     constraint time_entries_pkey primary key (tenant_id, time_entry_id),
     constraint time_entries_ticket_fkey foreign key (tenant_id, ticket_id)
       references tickets (tenant_id, ticket_id) on delete cascade,
     constraint time_entries_user_fkey foreign key (tenant_id, user_id) references users (tenant_id, user_id),
     constraint time_entries_minutes_check check (minutes between 1 and 1440)`,
  ],
  [
    'approvals',
    `tenant_id uuid not null,
     approval_id uuid not null,
     ticket_id uuid,
     title text not null,
     description text not null,
     requester_id uuid,
     approver_id uuid not null,
     status text not null,
     comment text,
     responded_at timestamptz,
     external_id text,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     constraint approvals_pkey primary key (tenant_id, approval_id),
     constraint approvals_external_id_key unique (tenant_id, external_id),
     constraint approvals_ticket_fkey foreign key (tenant_id, ticket_id)
       references tickets (tenant_id, ticket_id) on delete cascade,
     constraint approvals_requester_fkey foreign key (tenant_id, requester_id)
       references users (tenant_id, user_id),
     constraint approvals_approver_fkey foreign key (tenant_id, approver_id) references users (tenant_id, user_id),
     constraint approvals_status_check check (status in ('pending', 'approved', 'changes_requested', 'cancelled'))`,
  ],
  [
    'domain_events',
    `tenant_id uuid not null,
     event_id uuid not null,
     type text not null,
     target_kind text not null,
     target_id uuid not null,
     actor_user_id uuid,
     data jsonb not null,
     created_at timestamptz not null,
     constraint domain_events_pkey primary key (tenant_id, event_id)`,
  ],
];

/** Read before the tenant is known: tenant_id is a plain value, no personal data, no row-level security. */
const directoryTables = `
  create table tenants (
    tenant_id uuid not null,
    slug text not null,
    name text not null,
    status text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint tenants_pkey primary key (tenant_id),
    constraint tenants_slug_key unique (slug),
    constraint tenants_status_check check (status in ('active', 'suspended'))
  );
  create index tenants_newest on tenants (created_at desc, tenant_id desc);

  create table registration_directory (
    platform text not null,
    app_id text not null,
    organization text not null,
    tenant_id uuid not null,
    registration_id uuid not null,
    options jsonb not null,
    constraint registration_directory_pkey primary key (platform, app_id, organization)
  );
  create index registration_directory_registration on registration_directory (registration_id);

  create table api_key_directory (
    key_hash text not null,
    tenant_id uuid not null,
    key_id uuid not null,
    constraint api_key_directory_pkey primary key (key_hash)
  );

  create table due_work (
    kind text not null,
    tenant_id uuid not null,
    item_id uuid not null,
    due_at timestamptz not null,
    constraint due_work_pkey primary key (kind, tenant_id, item_id)
  );
  create index due_work_next on due_work (kind, due_at);

  create table secret_box_keys (
    key_id text not null,
    proof text not null,
    created_at timestamptz not null,
    constraint secret_box_keys_pkey primary key (key_id)
  );
`;

const indexes = `
  create index users_newest on users (tenant_id, created_at desc, user_id desc);
  create index api_keys_newest on api_keys (tenant_id, created_at desc, key_id desc);
  create index registration_read_newest on registration_read (tenant_id, created_at desc, registration_id desc);
  create index links_newest on links (tenant_id, created_at desc, link_id desc);
  create index links_user on links (tenant_id, user_id);
  create index conversations_newest on conversations (tenant_id, created_at desc, conversation_id desc);
  create index receipts_erase on receipts (tenant_id, erase_after) where erase_after is not null;
  create index audit_events_newest on audit_events (tenant_id, created_at desc, event_id desc);
  create index clients_newest on clients (tenant_id, created_at desc, client_id desc);
  create index contacts_newest on contacts (tenant_id, created_at desc, contact_id desc);
  create index boards_newest on boards (tenant_id, created_at desc, board_id desc);
  create unique index boards_one_default on boards (tenant_id) where is_default;
  create index tickets_newest on tickets (tenant_id, created_at desc, ticket_id desc);
  create index tickets_assignee on tickets (tenant_id, assignee_id, created_at desc) where closed_at is null;
  create index ticket_notes_ticket on ticket_notes (tenant_id, ticket_id, created_at desc, note_id desc);
  create index time_entries_ticket on time_entries (tenant_id, ticket_id);
  create index approvals_newest on approvals (tenant_id, created_at desc, approval_id desc);
  create index approvals_approver on approvals (tenant_id, approver_id, created_at desc) where status = 'pending';
  create index domain_events_newest on domain_events (tenant_id, created_at desc, event_id desc);
`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(directoryTables);
  for (const [name, body] of tenantTables) {
    await knex.raw(`create table ${name} (${body})`);
    await knex.raw(`alter table ${name} enable row level security`);
    await knex.raw(
      `create policy tenant_isolation on ${name}
         using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
         with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)`,
    );
  }
  await knex.raw(indexes);
}

export async function down(knex: Knex): Promise<void> {
  for (const [name] of [...tenantTables].reverse()) await knex.raw(`drop table ${name}`);
  for (const name of [
    'secret_box_keys',
    'due_work',
    'api_key_directory',
    'registration_directory',
    'tenants',
  ]) {
    await knex.raw(`drop table ${name}`);
  }
}
