/** SQL of the people of a tenant. */
import type { Transaction } from '../infra/database.ts';
import type { Role } from './capabilities.ts';

export interface UserRow {
  user_id: string;
  name: string;
  email: string;
  roles: Role[];
  status: 'active' | 'deactivated';
  locale: string | null;
  time_zone: string | null;
  external_id: string | null;
  created_at: Date;
}

const columns = 'user_id, name, email, roles, status, locale, time_zone, external_id, created_at';

/** @returns null when somebody of the tenant has the e-mail already */
export async function insertUser(tx: Transaction, user: UserRow): Promise<UserRow | null> {
  const [row] = await tx.query<UserRow>(
    `insert into users (tenant_id, ${columns}, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
     on conflict do nothing returning ${columns}`,
    [
      tx.tenantId,
      user.user_id,
      user.name,
      user.email,
      user.roles,
      user.status,
      user.locale,
      user.time_zone,
      user.external_id,
      user.created_at,
    ],
  );
  return row ?? null;
}

export async function readUser(tx: Transaction, userId: string): Promise<UserRow | null> {
  const [row] = await tx.query<UserRow>(
    `select ${columns} from users where tenant_id = $1 and user_id = $2`,
    [tx.tenantId, userId],
  );
  return row ?? null;
}

/** The user, locked until the transaction ends: for changes of some fields that keep the others. */
export async function lockUser(tx: Transaction, userId: string): Promise<UserRow | null> {
  const [row] = await tx.query<UserRow>(
    `select ${columns} from users where tenant_id = $1 and user_id = $2 for update`,
    [tx.tenantId, userId],
  );
  return row ?? null;
}

export async function listUsers(
  tx: Transaction,
  page: {
    limit: number;
    after: { createdAt: Date; id: string } | null;
    /** Lower case. */
    email?: string | undefined;
  },
): Promise<UserRow[]> {
  return await tx.query<UserRow>(
    `select ${columns} from users
      where tenant_id = $1 and ($3::timestamptz is null or (created_at, user_id) < ($3, $4::uuid))
        and ($5::text is null or email = $5)
      order by created_at desc, user_id desc limit $2`,
    [tx.tenantId, page.limit, page.after?.createdAt ?? null, page.after?.id ?? null, page.email ?? null],
  );
}

/** Writes the changeable fields of the user. @returns false when the e-mail belongs to somebody else */
export async function updateUser(tx: Transaction, user: UserRow, now: Date): Promise<boolean> {
  const clash = await tx.query('select 1 from users where tenant_id = $1 and email = $2 and user_id <> $3', [
    tx.tenantId,
    user.email,
    user.user_id,
  ]);
  if (clash.length > 0) return false;
  await tx.execute(
    `update users set name = $3, email = $4, roles = $5, status = $6, locale = $7, time_zone = $8, external_id = $9,
            updated_at = $10
      where tenant_id = $1 and user_id = $2`,
    [
      tx.tenantId,
      user.user_id,
      user.name,
      user.email,
      user.roles,
      user.status,
      user.locale,
      user.time_zone,
      user.external_id,
      now,
    ],
  );
  return true;
}

export async function updateUserLocale(
  tx: Transaction,
  userId: string,
  locale: string,
  now: Date,
): Promise<void> {
  await tx.execute('update users set locale = $3, updated_at = $4 where tenant_id = $1 and user_id = $2', [
    tx.tenantId,
    userId,
    locale,
    now,
  ]);
}
