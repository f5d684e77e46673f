/** SQL of audiences: who a notification is for, frozen when it was accepted, and the directory of those to work through. */
import { type Sql, type Statement, statement, type Transaction } from '../infra/database.ts';

/** Rows of one statement at most. */
const batchSize = 20_000;

/**
 * Writes a list part by part, each of which is waited for, since the time that a statement may take begins when it is sent;
 * the last one travels with the next statements.
 * @param values of a part, `offset` being its place in the list
 */
async function writeParts<T>(
  tx: Transaction,
  sql: Statement,
  list: readonly T[],
  values: (part: readonly T[], offset: number) => unknown[],
): Promise<void> {
  let offset = 0;
  for (; list.length - offset > batchSize; offset += batchSize)
    await tx.execute(sql, values(list.slice(offset, offset + batchSize), offset));
  if (offset < list.length) tx.enqueue(sql, values(list.slice(offset), offset));
}

const namedUsersSql = statement(
  'audience_users',
  `insert into notification_audience (tenant_id, notification_id, ordinal, user_id)
   select $1, $2, n.place + $4::int, n.id from unnest($3::uuid[]) with ordinality as n (id, place)`,
);

/** Recipients that are named, and those that stand for several. */
export interface Persons {
  /** Each once, in lower case. */
  userIds: readonly string[];
  groupIds: readonly string[];
  everyone: boolean;
}

/**
 * Writes the people, each once: the named ones in their order, then for everyone the active users, then members of groups.
 * Ordinals begin at 1. @returns how many
 */
export async function insertPersons(
  tx: Transaction,
  notificationId: string,
  persons: Persons,
): Promise<number> {
  const { userIds, groupIds, everyone } = persons;
  await writeParts(tx, namedUsersSql, userIds, (part, offset) => [tx.tenantId, notificationId, part, offset]);
  const chosen = { notificationId, except: userIds };
  let count = userIds.length;
  if (everyone) count += await insertChosen(tx, { ...chosen, sql: activeUsers, values: [] }, count);
  if (groupIds.length === 0) return count;
  const members = { ...chosen, sql: groupMembers, values: [groupIds, everyone] };
  return count + (await insertChosen(tx, members, count));
}

const activeUsers = `select p.user_id from users p where p.tenant_id = $1 and p.status = 'active'`;

// Where everyone is told, only those members are left who are not active.
const groupMembers = `select distinct p.user_id from user_group_members p
  where p.tenant_id = $1 and p.group_id = any($7::uuid[])
    and not ($8::boolean and exists (
      select 1 from users u where u.tenant_id = $1 and u.user_id = p.user_id and u.status = 'active'))`;

/** People that a statement chooses, in the order of their ids. */
interface Chosen {
  notificationId: string;
  except: readonly string[];
  sql: string;
  values: unknown[];
}

/** @param after ordinal of the last recipient before them. @returns how many */
async function insertChosen(tx: Transaction, chosen: Chosen, after: number): Promise<number> {
  const { notificationId, except, sql, values } = chosen;
  let last: string | null = null;
  for (let count = 0; ; ) {
    const inserted = await tx.execute(
      `insert into notification_audience (tenant_id, notification_id, ordinal, user_id)
       select $1, $2, $3::int + row_number() over (order by c.user_id), c.user_id from (
         ${sql} and p.user_id <> all($4::uuid[]) and ($5::uuid is null or p.user_id > $5::uuid)
         order by p.user_id limit $6
       ) c`,
      [tx.tenantId, notificationId, after + count, except, last, batchSize, ...values],
    );
    count += inserted;
    if (inserted < batchSize) return count;
    last = await userAt(tx, notificationId, after + count);
  }
}

async function userAt(tx: Transaction, notificationId: string, ordinal: number): Promise<string | null> {
  const [row] = await tx.query<{ user_id: string }>(
    'select user_id from notification_audience where tenant_id = $1 and notification_id = $2 and ordinal = $3',
    [tx.tenantId, notificationId, ordinal],
  );
  return row?.user_id ?? null;
}

const namedConversationsSql = statement(
  'audience_conversations',
  `insert into notification_audience (tenant_id, notification_id, ordinal, conversation_id)
   select $1, $2, n.place + $4::int, n.id from unnest($3::uuid[]) with ordinality as n (id, place)`,
);

/** Writes conversations. @param after ordinal of the last recipient before them */
export async function insertConversations(
  tx: Transaction,
  notificationId: string,
  conversationIds: readonly string[],
  after: number,
): Promise<void> {
  await writeParts(tx, namedConversationsSql, conversationIds, (part, offset) => [
    tx.tenantId,
    notificationId,
    part,
    after + offset,
  ]);
}

const addressesSql = statement(
  'audience_addresses',
  `insert into notification_audience (tenant_id, notification_id, ordinal, registration_id, address)
   select $1, $2, n.place + $5::int, n.registration_id, n.address
     from unnest($3::uuid[], $4::text[]) with ordinality as n (registration_id, address, place)`,
);

/** Writes addresses. @param after ordinal of the last recipient before them */
export async function insertAddresses(
  tx: Transaction,
  notificationId: string,
  addresses: readonly { registration: string; address: string }[],
  after: number,
): Promise<void> {
  await writeParts(tx, addressesSql, addresses, (part, offset) => [
    tx.tenantId,
    notificationId,
    part.map(({ registration }) => registration),
    part.map(({ address }) => address),
    after + offset,
  ]);
}

const onePersonSql = statement(
  'audience_person',
  `insert into notification_audience (tenant_id, notification_id, ordinal, user_id) values ($1, $2, 1, $3)`,
);

/** Writes the one person whom an event is told to; travels with the next statements. */
export function insertPerson(tx: Transaction, notificationId: string, userId: string): void {
  tx.enqueue(onePersonSql, [tx.tenantId, notificationId, userId]);
}

const responsibleSql = statement(
  'audience_responsible',
  `insert into notification_audience (tenant_id, notification_id, ordinal, user_id)
   select $1, $2, row_number() over (order by u.user_id), u.user_id from users u
    where u.tenant_id = $1 and u.status = 'active'
      and ($4::uuid is null or u.user_id <> $4::uuid)
      and (u.user_id = $3::uuid or ('admin' = any(u.roles) and not exists (
        select 1 from users a where a.tenant_id = $1 and a.user_id = $3::uuid and a.status = 'active')))`,
);

const countSql = statement(
  'audience_count',
  `update notifications set recipients =
     (select count(*) from notification_audience a where a.tenant_id = $1 and a.notification_id = $2)
    where tenant_id = $1 and notification_id = $2`,
);

/**
 * Writes the assignee, or where there is none who is active the admins, but never who did it; and counts them. Travels
 * with the next statements.
 */
export function insertResponsible(
  tx: Transaction,
  notificationId: string,
  assigneeId: string | null,
  actorUserId: string | null,
): void {
  tx.enqueue(responsibleSql, [tx.tenantId, notificationId, assigneeId, actorUserId]);
  tx.enqueue(countSql, [tx.tenantId, notificationId]);
}

/** A person, a conversation, or an address at a registration. */
export interface NamedRecipient {
  userId: string | null;
  conversationId: string | null;
  registrationId: string | null;
  address: string | null;
}

/** One recipient as it was frozen. */
export interface AudienceRow extends NamedRecipient {
  notificationId: string;
  ordinal: number;
}

const readSql = statement(
  'audience_read',
  `select a.notification_id as "notificationId", a.ordinal, a.user_id as "userId", a.conversation_id as "conversationId",
     a.registration_id as "registrationId", a.address
     from unnest($2::uuid[]) with ordinality as n (id, place)
     cross join lateral (
       select * from notification_audience o where o.tenant_id = $1 and o.notification_id = n.id
        order by o.ordinal limit $3) a
    order by n.place, a.ordinal`,
);

/** The next recipients of each notification, in the order of the ids. @param each so many of one at most */
export async function readAudience(
  tx: Transaction,
  notificationIds: readonly string[],
  each: number,
): Promise<AudienceRow[]> {
  return await tx.query<AudienceRow>(readSql, [tx.tenantId, notificationIds, each]);
}

// Without a join, as in `outcome-store.ts`; the last bound is what the index goes by.
const deleteSql = statement(
  'audience_delete',
  `delete from notification_audience
    where tenant_id = $1 and notification_id = any($2::uuid[])
      and ordinal <= ($3::int[])[array_position($2::uuid[], notification_id)] and ordinal <= $4::int`,
);

/** Takes off those that were worked through; travels with the next statements. */
export function deleteAudience(
  tx: Transaction,
  done: readonly { notificationId: string; upTo: number }[],
): void {
  const ends = done.map(({ upTo }) => upTo);
  tx.enqueue(deleteSql, [
    tx.tenantId,
    done.map(({ notificationId }) => notificationId),
    ends,
    Math.max(0, ...ends),
  ]);
}

const planSql = statement(
  'audience_plan',
  `insert into due_work (kind, tenant_id, item_id, due_at) values ('audience', $1, $2, $3)
   on conflict (kind, tenant_id, item_id) do update set due_at = excluded.due_at`,
);

/** Puts the audience down to be worked through from then on, behind those that wait longer; travels with the next statements. */
export function planAudience(tx: Transaction, notificationId: string, dueAt: Date): void {
  tx.enqueue(planSql, [tx.tenantId, notificationId, dueAt]);
}

const unplanSql = statement(
  'audience_unplan',
  `delete from due_work where kind = 'audience' and tenant_id = $1 and item_id = any($2::uuid[])`,
);

/** Takes audiences off; travels with the next statements. */
export function unplanAudiences(tx: Transaction, notificationIds: readonly string[]): void {
  if (notificationIds.length > 0) tx.enqueue(unplanSql, [tx.tenantId, notificationIds]);
}

/** An audience that is due. */
export interface DueAudience {
  tenantId: string;
  notificationId: string;
}

/** The audiences of all tenants that are due, the longest waiting first. */
export async function findDueAudiences(directory: Sql, now: Date, limit: number): Promise<DueAudience[]> {
  return await directory.query<DueAudience>(
    `select tenant_id as "tenantId", item_id as "notificationId" from due_work
      where kind = 'audience' and due_at <= $1 order by due_at, tenant_id, item_id limit $2`,
    [now, limit],
  );
}

/** Leaves an audience alone until then, so that one that fails does not stand in the way of the others. */
export async function postponeAudience(directory: Sql, due: DueAudience, until: Date): Promise<void> {
  await directory.execute(
    `update due_work set due_at = $3 where kind = 'audience' and tenant_id = $1 and item_id = $2`,
    [due.tenantId, due.notificationId, until],
  );
}
