/** SQL of registrations' sealed credentials, when they have to be renewed, and the manifest that was fetched last. */
import type { Sql, Transaction } from '../infra/database.ts';

/** Kind of the directory's rows for credentials that have to be renewed. */
const renewalWork = 'renewal';

/** Kind of the actor who entered the secrets that stand now; null for an unknown registration. */
export async function credentialsActorKind(tx: Transaction, registrationId: string): Promise<string | null> {
  const [row] = await tx.query<{ actor_kind: string }>(
    `select actor_kind from registration_events
      where tenant_id = $1 and registration_id = $2 and type in ('registered', 'credentials_replaced')
      order by version desc limit 1`,
    [tx.tenantId, registrationId],
  );
  return row?.actor_kind ?? null;
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

/** The sealed credentials, locked against other writers until the transaction ends; null when there are none. */
export async function lockCredentials(tx: Transaction, registrationId: string): Promise<string | null> {
  const [row] = await tx.query<{ sealed: string }>(
    'select sealed from registration_credentials where tenant_id = $1 and registration_id = $2 for update',
    [tx.tenantId, registrationId],
  );
  return row?.sealed ?? null;
}

/** Puts the credentials down for renewal at a moment, or takes them off. */
export function planRenewal(tx: Transaction, registrationId: string, at: Date | null): void {
  if (at === null) {
    tx.enqueue(`delete from due_work where kind = '${renewalWork}' and tenant_id = $1 and item_id = $2`, [
      tx.tenantId,
      registrationId,
    ]);
    return;
  }
  tx.enqueue(
    `insert into due_work (kind, tenant_id, item_id, due_at) values ('${renewalWork}', $1, $2, $3)
     on conflict (kind, tenant_id, item_id) do update set due_at = excluded.due_at`,
    [tx.tenantId, registrationId, at],
  );
}

/** Credentials whose time to be renewed has come, of every tenant, the oldest first. */
export async function dueRenewals(
  sql: Sql,
  now: Date,
  limit: number,
): Promise<{ tenant_id: string; item_id: string }[]> {
  return await sql.query(
    `select tenant_id, item_id from due_work where kind = '${renewalWork}' and due_at <= $1 order by due_at limit $2`,
    [now, limit],
  );
}

/** Takes a renewal over by putting it off: of two workers only one gets it. */
export async function takeOverRenewal(
  tx: Transaction,
  registrationId: string,
  now: Date,
  until: Date,
): Promise<boolean> {
  const touched = await tx.execute(
    `update due_work set due_at = $4
      where kind = '${renewalWork}' and tenant_id = $1 and item_id = $2 and due_at <= $3`,
    [tx.tenantId, registrationId, now, until],
  );
  return touched === 1;
}

/** Takes the renewal off that is still due at that very moment. */
export async function dropRenewal(tx: Transaction, registrationId: string, at: Date): Promise<void> {
  await tx.execute(
    `delete from due_work where kind = '${renewalWork}' and tenant_id = $1 and item_id = $2 and due_at = $3`,
    [tx.tenantId, registrationId, at],
  );
}

/** Notes which manifest was fetched last. @param sha256 hex digest of its files */
export function writeFetchedManifest(
  tx: Transaction,
  registrationId: string,
  sha256: string,
  now: Date,
): void {
  tx.enqueue(
    `insert into registration_manifests (tenant_id, registration_id, sha256, fetched_at) values ($1, $2, $3, $4)
     on conflict (tenant_id, registration_id) do update
       set sha256 = excluded.sha256, fetched_at = excluded.fetched_at`,
    [tx.tenantId, registrationId, sha256, now],
  );
}

/** The manifest that was fetched last; null when none was. */
export async function readFetchedManifest(
  tx: Transaction,
  registrationId: string,
): Promise<{ sha256: string; fetched_at: Date } | null> {
  const [row] = await tx.query<{ sha256: string; fetched_at: Date }>(
    'select sha256, fetched_at from registration_manifests where tenant_id = $1 and registration_id = $2',
    [tx.tenantId, registrationId],
  );
  return row ?? null;
}
