/**
 * Facts of many recipients at once: people, their links and conversations, and places. Each is looked up on its own, by
 * `lateral … offset 0`, which no plan turns around: one that was made while a table was small would read all of it.
 */
import { statement, type Transaction } from '../infra/database.ts';
import type { ConversationType } from '../kernel/activity.ts';
import { type PreferenceRow, type Preferences, toPreferences } from './preference-store.ts';
import type { Category } from './records.ts';

/** Whether anything is sent for the tenant, and which categories are switched off. */
export async function readTenantState(
  tx: Transaction,
): Promise<{ suspended: boolean; disabledCategories: ReadonlySet<Category> }> {
  const [tenant] = await tx.query<{ status: string; disabled: Category[] | null }>(tenantSql, [tx.tenantId]);
  return { suspended: tenant?.status === 'suspended', disabledCategories: new Set(tenant?.disabled ?? []) };
}

const tenantSql = statement(
  'recipient_tenant',
  `select t.status, s.disabled_categories as disabled
     from tenants t left join tenant_settings s on s.tenant_id = $1 where t.tenant_id = $1`,
);

export interface PersonFacts {
  active: boolean;
  timeZone: string | null;
  preferences: Preferences;
}

const personsSql = statement(
  'recipient_persons',
  `select u.user_id, u.status, u.time_zone, p.quiet_from, p.quiet_to, p.categories
     from unnest($2::uuid[]) as i (user_id)
     cross join lateral (
       select * from users o where o.tenant_id = $1 and o.user_id = i.user_id offset 0) u
     left join lateral (
       select * from notification_preferences o where o.tenant_id = $1 and o.user_id = i.user_id offset 0) p on true`,
);

/** People by their user id. */
export async function readPersons(
  tx: Transaction,
  userIds: readonly string[],
): Promise<Map<string, PersonFacts>> {
  if (userIds.length === 0) return new Map();
  const rows = await tx.query<
    Omit<PreferenceRow, 'categories'> & {
      user_id: string;
      status: string;
      time_zone: string | null;
      categories: Preferences['categories'] | null;
    }
  >(personsSql, [tx.tenantId, userIds]);
  return new Map(
    rows.map(({ user_id, status, time_zone, categories, ...quiet }) => [
      user_id,
      {
        active: status === 'active',
        timeZone: time_zone,
        preferences: toPreferences({ ...quiet, categories: categories ?? {} }),
      },
    ]),
  );
}

/** A chat identity at a registration. */
export interface Identity {
  registrationId: string;
  platformUserId: string;
}

/** A key of the identity for maps. */
export function identityKey({ registrationId, platformUserId }: Identity): string {
  return `${registrationId} ${platformUserId}`;
}

/** A chat identity of a person, the registration it is at, and their personal conversation there. */
export interface LinkFacts extends Identity, RegistrationFacts {
  /** Null: they never spoke there. */
  conversation: { state: 'active' | 'retired'; lastActivityAt: Date } | null;
}

const linksSql = statement(
  'recipient_links',
  `select l.user_id as "userId", l.registration_id as "registrationId", l.platform_user_id as "platformUserId",
     g.platform, g.status = 'active' as live, c.state, c.last_activity_at as "lastActivityAt"
     from unnest($2::uuid[]) as i (user_id)
     cross join lateral (select * from links o where o.tenant_id = $1 and o.user_id = i.user_id offset 0) l
     cross join lateral (
       select * from registration_read o
        where o.tenant_id = $1 and o.registration_id = l.registration_id offset 0) g
     left join lateral (
       select * from conversations o
        where o.tenant_id = $1 and o.registration_id = l.registration_id and o.platform_user_id = l.platform_user_id
          and o.type = 'personal'
        order by o.state = 'active' desc, o.last_activity_at desc limit 1) c on true
    order by l.created_at, l.link_id`,
);

/** The links of people, the oldest first. Of several personal conversations a live one counts, then the latest. */
export async function readLinks(
  tx: Transaction,
  userIds: readonly string[],
): Promise<Map<string, LinkFacts[]>> {
  if (userIds.length === 0) return new Map();
  const rows = await tx.query<
    Omit<LinkFacts, 'conversation'> & {
      userId: string;
      state: 'active' | 'retired' | null;
      lastActivityAt: Date | null;
    }
  >(linksSql, [tx.tenantId, userIds]);
  const links = rows.map(({ state, lastActivityAt, ...link }) => ({
    ...link,
    conversation: state === null || lastActivityAt === null ? null : { state, lastActivityAt },
  }));
  return Map.groupBy(links, ({ userId }) => userId);
}

const linkedSql = statement(
  'recipient_linked',
  `select l.user_id as "userId", l.registration_id as "registrationId", l.platform_user_id as "platformUserId"
     from unnest($2::uuid[], $3::text[]) as i (registration_id, platform_user_id)
     cross join lateral (
       select * from links o
        where o.tenant_id = $1 and o.registration_id = i.registration_id and o.platform_user_id = i.platform_user_id
       offset 0) l`,
);

/** The users behind identities, by `identityKey`. */
export async function readLinkedUsers(
  tx: Transaction,
  identities: readonly Identity[],
): Promise<Map<string, string>> {
  if (identities.length === 0) return new Map();
  const rows = await tx.query<Identity & { userId: string }>(linkedSql, [
    tx.tenantId,
    identities.map(({ registrationId }) => registrationId),
    identities.map(({ platformUserId }) => platformUserId),
  ]);
  return new Map(rows.map((row) => [identityKey(row), row.userId]));
}

export interface ConversationFacts {
  conversationId: string;
  registrationId: string;
  type: ConversationType;
  platformConversationId: string;
  platformUserId: string | null;
  state: 'active' | 'retired';
}

const conversationsSql = statement(
  'recipient_conversations',
  `select c.conversation_id as "conversationId", c.registration_id as "registrationId", c.type,
     c.platform_conversation_id as "platformConversationId", c.platform_user_id as "platformUserId", c.state
     from unnest($2::uuid[]) as i (conversation_id)
     cross join lateral (
       select * from conversations o where o.tenant_id = $1 and o.conversation_id = i.conversation_id offset 0) c`,
);

/** Captured conversations by id. */
export async function readConversations(
  tx: Transaction,
  conversationIds: readonly string[],
): Promise<Map<string, ConversationFacts>> {
  if (conversationIds.length === 0) return new Map();
  const rows = await tx.query<ConversationFacts>(conversationsSql, [tx.tenantId, conversationIds]);
  return new Map(rows.map((row) => [row.conversationId, row]));
}

const registrationsSql = statement(
  'recipient_registrations',
  `select registration_id as "registrationId", platform, status = 'active' as live from registration_read
    where tenant_id = $1 and registration_id = any($2::uuid[])`,
);

export interface RegistrationFacts {
  platform: string;
  /** Whether it is active. */
  live: boolean;
}

/** Registrations by id. */
export async function readRegistrations(
  tx: Transaction,
  registrationIds: ReadonlySet<string>,
): Promise<Map<string, RegistrationFacts>> {
  if (registrationIds.size === 0) return new Map();
  const rows = await tx.query<RegistrationFacts & { registrationId: string }>(registrationsSql, [
    tx.tenantId,
    [...registrationIds],
  ]);
  return new Map(rows.map((row) => [row.registrationId, row]));
}

/** The name of whoever did it; null when nobody of the tenant did. */
export async function readUserName(tx: Transaction, userId: string | null): Promise<string | null> {
  if (userId === null) return null;
  const [row] = await tx.query<{ name: string }>(
    'select name from users where tenant_id = $1 and user_id = $2',
    [tx.tenantId, userId],
  );
  return row?.name ?? null;
}
