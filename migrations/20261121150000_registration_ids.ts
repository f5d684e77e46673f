/**
 * Registrations by their id alone, for webhooks that name one; whether an operator entered their secrets; and which
 * manifest was last fetched.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table registration_ids (
      registration_id uuid not null,
      tenant_id uuid not null,
      platform text not null,
      constraint registration_ids_pkey primary key (registration_id)
    );
    insert into registration_ids (registration_id, tenant_id, platform)
      select registration_id, tenant_id, platform from registration_read where status <> 'retired';
    create index registration_ids_tenant on registration_ids (tenant_id);
    alter table registration_directory add column vouched boolean not null default false;

    create table registration_manifests (
      tenant_id uuid not null,
      registration_id uuid not null,
      sha256 text not null,
      fetched_at timestamptz not null,
      constraint registration_manifests_pkey primary key (tenant_id, registration_id),
      constraint registration_manifests_registration_fkey foreign key (tenant_id, registration_id)
        references bot_registrations (tenant_id, registration_id) on delete cascade
    );
    create index list_views_person on list_views (tenant_id, platform_user_id, kind, shown_at desc);
    alter table registration_manifests enable row level security;
    create policy tenant_isolation on registration_manifests
      using (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
      with check (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index list_views_person');
  await knex.raw('drop table registration_manifests');
  await knex.raw('alter table registration_directory drop column vouched');
  await knex.raw('drop table registration_ids');
}
