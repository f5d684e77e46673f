/** SQL of the directories: registrations as they are found before their tenant is known. */
import type { Sql, Transaction } from '../infra/database.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import type { Registration } from './registration.ts';

/** One row of the directory: a live registration, seen before its tenant is known. */
export interface DirectoryRow {
  platform: string;
  app_id: string;
  organization: string;
  tenant_id: string;
  registration_id: string;
  options: JsonObject;
  /** An operator entered the secrets. */
  vouched: boolean;
}

const directoryColumns = 'platform, app_id, organization, tenant_id, registration_id, options, vouched';

/** Puts a live registration into the directory. @returns false when the organization is taken */
export async function enterDirectory(
  tx: Transaction,
  registrationId: string,
  state: Registration,
  vouched: boolean,
): Promise<boolean> {
  const entered = await tx.execute(
    `insert into registration_directory (${directoryColumns}) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (platform, app_id, organization) do nothing`,
    [
      state.platform,
      state.app_id,
      state.organization,
      tx.tenantId,
      registrationId,
      JSON.stringify(state.options),
      vouched,
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

/** Notes whether the secrets that stand now were entered by an operator. */
export function writeVouched(tx: Transaction, registrationId: string, vouched: boolean): void {
  tx.enqueue('update registration_directory set vouched = $3 where registration_id = $1 and tenant_id = $2', [
    registrationId,
    tx.tenantId,
    vouched,
  ]);
}

/** Leaves the directories: nothing arrives for the registration and nothing of it comes due any more. */
export async function leaveDirectory(tx: Transaction, registrationId: string): Promise<void> {
  const key = [registrationId, tx.tenantId];
  tx.enqueue('delete from registration_ids where registration_id = $1 and tenant_id = $2', key);
  await tx.execute('delete from registration_directory where registration_id = $1 and tenant_id = $2', key);
}

/** Whose registration an id is, live or pending. */
export async function findTenantOfRegistration(
  sql: Sql,
  platform: string,
  registrationId: string,
): Promise<string | null> {
  const [row] = await sql.query<{ tenant_id: string }>(
    'select tenant_id from registration_ids where registration_id = $1 and platform = $2',
    [registrationId, platform],
  );
  return row?.tenant_id ?? null;
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
