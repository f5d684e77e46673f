/** SQL of registrations: the event stream and the read model. */
import type { Transaction } from '../infra/database.ts';
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

const columns =
  'registration_id, platform, name, app_id, organization, options, status, created_at, updated_at';
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
    if (stored.event.type === 'registered') {
      tx.enqueue('insert into registration_ids (registration_id, tenant_id, platform) values ($1, $2, $3)', [
        registrationId,
        tx.tenantId,
        stored.event.data.platform,
      ]);
    }
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
