/** SQL of registrations: the event stream, the read model, the directory that verification reads, the secrets. */
import type { Sql, Transaction } from '../infra/database.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import type { Registration, RegistrationEvent, StoredEvent } from './registration.ts';

export interface RegistrationRow {
  registration_id: string;
  platform: string;
  name: string;
  app_id: string;
  organization: string;
  options: JsonObject;
  status: Registration['status'];
  created_at: Date;
  updated_at: Date;
}

/** One row of the directory: a live registration, seen before its tenant is known. */
export interface DirectoryRow {
  platform: string;
  app_id: string;
  organization: string;
  tenant_id: string;
  registration_id: string;
  options: JsonObject;
}

const columns =
  'registration_id, platform, name, app_id, organization, options, status, created_at, updated_at';
const directoryColumns = 'platform, app_id, organization, tenant_id, registration_id, options';

/** The stream of one registration, locked against other writers until the transaction ends. */
export async function lockStream(tx: Transaction, registrationId: string): Promise<StoredEvent[]> {
  await tx.query(
    'select version from bot_registrations where tenant_id = $1 and registration_id = $2 for update',
    [tx.tenantId, registrationId],
  );
  const rows = await tx.query<{ version: number; type: string; data: JsonObject; occurred_at: Date }>(
    `select version, type, data, occurred_at from registration_events
      where tenant_id = $1 and registration_id = $2 order by version`,
    [tx.tenantId, registrationId],
  );
  return rows.map((row) => ({
    version: row.version,
    occurredAt: row.occurred_at,
    event: { type: row.type, data: row.data } as RegistrationEvent,
  }));
}

/** Appends an event and moves the stream's head on; the primary key refuses a second writer of the version. */
export function appendEvent(
  tx: Transaction,
  registrationId: string,
  stored: StoredEvent,
  actor: { kind: string; id: string | null },
): void {
  if (stored.version === 1) {
    tx.enqueue(
      'insert into bot_registrations (tenant_id, registration_id, version, created_at) values ($1, $2, 1, $3)',
      [tx.tenantId, registrationId, stored.occurredAt],
    );
  } else {
    tx.enqueue('update bot_registrations set version = $3 where tenant_id = $1 and registration_id = $2', [
      tx.tenantId,
      registrationId,
      stored.version,
    ]);
  }
  tx.enqueue(
    `insert into registration_events
       (tenant_id, registration_id, version, type, data, actor_kind, actor_id, occurred_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      tx.tenantId,
      registrationId,
      stored.version,
      stored.event.type,
      JSON.stringify(stored.event.data),
      actor.kind,
      actor.id,
      stored.occurredAt,
    ],
  );
}

export function writeReadModel(tx: Transaction, registrationId: string, state: Registration): void {
  tx.enqueue(
    `insert into registration_read (tenant_id, registration_id, platform, name, app_id, organization, options, status,
       source_version, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (tenant_id, registration_id) do update
       set name = excluded.name, options = excluded.options, status = excluded.status,
           source_version = excluded.source_version, updated_at = excluded.updated_at`,
    [
      tx.tenantId,
      registrationId,
      state.platform,
      state.name,
      state.app_id,
      state.organization,
      JSON.stringify(state.options),
      state.status,
      state.version,
      state.created_at,
      state.updated_at,
    ],
  );
}

/** Puts a live registration into the directory. @returns false when the organization is taken */
export async function enterDirectory(
  tx: Transaction,
  registrationId: string,
  state: Registration,
): Promise<boolean> {
  const entered = await tx.execute(
    `insert into registration_directory (${directoryColumns}) values ($1, $2, $3, $4, $5, $6)
     on conflict (platform, app_id, organization) do nothing`,
    [
      state.platform,
      state.app_id,
      state.organization,
      tx.tenantId,
      registrationId,
      JSON.stringify(state.options),
    ],
  );
  return entered === 1;
}

export async function updateDirectory(
  tx: Transaction,
  registrationId: string,
  options: JsonObject,
): Promise<void> {
  await tx.execute(
    'update registration_directory set options = $2 where registration_id = $1 and tenant_id = $3',
    [registrationId, JSON.stringify(options), tx.tenantId],
  );
}

export async function leaveDirectory(tx: Transaction, registrationId: string): Promise<void> {
  await tx.execute('delete from registration_directory where registration_id = $1 and tenant_id = $2', [
    registrationId,
    tx.tenantId,
  ]);
}

export async function findDirectory(
  sql: Sql,
  key: { platform: string; appId: string; organization: string },
): Promise<DirectoryRow | null> {
  const [row] = await sql.query<DirectoryRow>(
    `select ${directoryColumns} from registration_directory
      where platform = $1 and app_id = $2 and organization = $3`,
    [key.platform, key.appId, key.organization],
  );
  return row ?? null;
}

export async function findDirectoryById(
  sql: Sql,
  tenantId: string,
  registrationId: string,
): Promise<DirectoryRow | null> {
  const [row] = await sql.query<DirectoryRow>(
    `select ${directoryColumns} from registration_directory where registration_id = $1 and tenant_id = $2`,
    [registrationId, tenantId],
  );
  return row ?? null;
}

export async function directoryOfApp(sql: Sql, platform: string, appId: string): Promise<DirectoryRow[]> {
  return await sql.query<DirectoryRow>(
    `select ${directoryColumns} from registration_directory where platform = $1 and app_id = $2`,
    [platform, appId],
  );
}

export async function readRegistration(
  tx: Transaction,
  registrationId: string,
): Promise<RegistrationRow | null> {
  const [row] = await tx.query<RegistrationRow>(
    `select ${columns} from registration_read where tenant_id = $1 and registration_id = $2`,
    [tx.tenantId, registrationId],
  );
  return row ?? null;
}

export async function listRegistrations(
  tx: Transaction,
  page: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<RegistrationRow[]> {
  return await tx.query<RegistrationRow>(
    `select ${columns} from registration_read
      where tenant_id = $1 and ($3::timestamptz is null or (created_at, registration_id) < ($3, $4::uuid))
      order by created_at desc, registration_id desc limit $2`,
    [tx.tenantId, page.limit, page.after?.createdAt ?? null, page.after?.id ?? null],
  );
}

export function writeCredentials(tx: Transaction, registrationId: string, sealed: string, now: Date): void {
  tx.enqueue(
    `insert into registration_credentials (tenant_id, registration_id, sealed, updated_at) values ($1, $2, $3, $4)
     on conflict (tenant_id, registration_id) do update
       set sealed = excluded.sealed, updated_at = excluded.updated_at`,
    [tx.tenantId, registrationId, sealed, now],
  );
}

export async function readCredentials(tx: Transaction, registrationId: string): Promise<string | null> {
  const [row] = await tx.query<{ sealed: string }>(
    'select sealed from registration_credentials where tenant_id = $1 and registration_id = $2',
    [tx.tenantId, registrationId],
  );
  return row?.sealed ?? null;
}
