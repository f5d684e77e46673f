/** SQL of groups: named sets of the tenant's users that notifications can go to. */
import type { Transaction } from '../infra/database.ts';

export interface GroupRow {
  group_id: string;
  name: string;
  /** How many users belong to it. */
  member_count: number;
  created_at: Date;
  updated_at: Date;
}

const columns = `g.group_id, g.name, g.created_at, g.updated_at,
  (select count(*) from user_group_members m where m.tenant_id = $1 and m.group_id = g.group_id) as member_count`;

/** Those of the ids that are none of the tenant's users, at most `limit`. @param userIds UUIDs */
export async function unknownUsers(
  tx: Transaction,
  userIds: readonly string[],
  limit: number,
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select n.id from unnest($2::uuid[]) with ordinality as n (id, place)
      where not exists (select 1 from users u where u.tenant_id = $1 and u.user_id = n.id)
      order by n.place limit $3`,
    [tx.tenantId, userIds, limit],
  );
  return rows.map(({ id }) => id);
}

/**
 * Writes a group. Its members are users of the tenant: the caller has asked `unknownUsers`.
 * @returns null when a group of the tenant has the name already
 */
export async function insertGroup(
  tx: Transaction,
  group: { groupId: string; name: string; members: readonly string[] },
  now: Date,
): Promise<GroupRow | null> {
  const inserted = await tx.execute(
    `insert into user_groups (tenant_id, group_id, name, created_at, updated_at) values ($1, $2, $3, $4, $4)
     on conflict do nothing`,
    [tx.tenantId, group.groupId, group.name, now],
  );
  if (inserted === 0) return null;
  addMembers(tx, group.groupId, group.members);
  return await readGroup(tx, group.groupId);
}

export async function readGroup(tx: Transaction, groupId: string): Promise<GroupRow | null> {
  const [row] = await tx.query<GroupRow>(
    `select ${columns} from user_groups g where g.tenant_id = $1 and g.group_id = $2`,
    [tx.tenantId, groupId],
  );
  return row ?? null;
}

/** Groups newest first. */
export async function listGroups(
  tx: Transaction,
  page: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<GroupRow[]> {
  return await tx.query<GroupRow>(
    `select ${columns} from user_groups g
      where g.tenant_id = $1 and ($3::timestamptz is null or (g.created_at, g.group_id) < ($3, $4::uuid))
      order by g.created_at desc, g.group_id desc limit $2`,
    [tx.tenantId, page.limit, page.after?.createdAt ?? null, page.after?.id ?? null],
  );
}

/**
 * Changes the name, or replaces the members, which are users of the tenant; what is left out stays.
 * @returns `gone`: no such group; `name_taken`: another one has it
 */
export async function updateGroup(
  tx: Transaction,
  groupId: string,
  change: { name?: string | undefined; members?: readonly string[] | undefined },
  now: Date,
): Promise<GroupRow | 'gone' | 'name_taken'> {
  const [locked] = await tx.query<{ name: string }>(
    'select name from user_groups where tenant_id = $1 and group_id = $2 for update',
    [tx.tenantId, groupId],
  );
  if (locked === undefined) return 'gone';
  const name = change.name ?? locked.name;
  const clash = await tx.query(
    'select 1 from user_groups where tenant_id = $1 and name = $2 and group_id <> $3',
    [tx.tenantId, name, groupId],
  );
  if (clash.length > 0) return 'name_taken';
  tx.enqueue(`update user_groups set name = $3, updated_at = $4 where tenant_id = $1 and group_id = $2`, [
    tx.tenantId,
    groupId,
    name,
    now,
  ]);
  if (change.members !== undefined) {
    tx.enqueue('delete from user_group_members where tenant_id = $1 and group_id = $2', [
      tx.tenantId,
      groupId,
    ]);
    addMembers(tx, groupId, change.members);
  }
  return (await readGroup(tx, groupId)) ?? 'gone';
}

/** Writes members; travels with the next statements. */
function addMembers(tx: Transaction, groupId: string, userIds: readonly string[]): void {
  if (userIds.length === 0) return;
  tx.enqueue(
    `insert into user_group_members (tenant_id, group_id, user_id)
     select $1, $2, n.id from unnest($3::uuid[]) as n (id) on conflict do nothing`,
    [tx.tenantId, groupId, userIds],
  );
}

/** @returns false when there was none */
export async function deleteGroup(tx: Transaction, groupId: string): Promise<boolean> {
  return (
    (await tx.execute('delete from user_groups where tenant_id = $1 and group_id = $2', [
      tx.tenantId,
      groupId,
    ])) === 1
  );
}

/** Ids of a group's users, in their order. @param after the last one of the page before */
export async function members(
  tx: Transaction,
  groupId: string,
  page: { limit: number; after?: string | undefined },
): Promise<string[]> {
  const rows = await tx.query<{ user_id: string }>(
    `select user_id from user_group_members
      where tenant_id = $1 and group_id = $2 and ($4::uuid is null or user_id > $4::uuid) order by user_id limit $3`,
    [tx.tenantId, groupId, page.limit, page.after ?? null],
  );
  return rows.map((row) => row.user_id);
}
