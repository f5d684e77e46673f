/** The database of a notifier's benchmark: tenants with a bot, and people who can be reached by it. */
import { createHash } from 'node:crypto';
import { AuditKeys } from '../../src/audit/audit-keys.ts';
import { ensureAppRole } from '../../src/infra/app-role.ts';
import { Database, type Transaction } from '../../src/infra/database.ts';
import { migrate } from '../../src/infra/migrate.ts';
import { SecretBox } from '../../src/infra/secret-box.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { newId } from '../../src/kernel/ids.ts';
import { systemClock } from '../../src/kernel/ports.ts';
import { RegistrationDirectory } from '../../src/registrations/app-directory.ts';
import { addRegistration } from '../../src/registrations/change-registration.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { silentLog } from '../../test/support/log.ts';
import type { InboundPlatform } from '../inbound-platform.ts';

export interface World {
  database: Database;
  /** Connection string of the application's role. */
  appUrl: string;
  secrets: SecretBox;
  registrations: RegistrationDirectory;
  close(): Promise<void>;
}

/** A tenant with one bot, and whom it can write to. */
export interface Tenant {
  tenantId: string;
  registrationId: string;
  userIds: readonly string[];
}

export interface NewTenant {
  slug: string;
  people: number;
  /** Added to the registration's options. */
  options?: JsonObject;
  /** Whether everybody has a conversation with the bot; true without it. */
  spoken?: boolean;
}

const insertAtOnce = 5_000;

/** Migrates the database and connects as the application does. */
export async function openWorld(ownerUrl: string, poolSize?: number): Promise<World> {
  const secrets = new SecretBox([createHash('sha256').update('benchmark of the notifier').digest()]);
  await migrate({ ownerUrl, log: silentLog });
  const appUrl = await ensureAppRole(ownerUrl, secrets);
  const size = poolSize === undefined ? {} : { poolSize };
  const database = new Database({ appUrl, ownerUrl, log: silentLog, ...size });
  const registrations = new RegistrationDirectory({
    database,
    secrets,
    clock: systemClock,
    demoTenantId: null,
  });
  return { database, appUrl, secrets, registrations, close: () => database.close() };
}

/** Keys of a tenant's people on its platform, from which the platform makes their ids. */
export function personKeys(slug: string, people: number): string[] {
  return Array.from({ length: people }, (_, index) => `${slug}-${index}`);
}

/** Adds a tenant whose people are linked and have spoken with the bot. */
export async function addTenant(world: World, setup: InboundPlatform, tenant: NewTenant): Promise<Tenant> {
  const { database, secrets } = world;
  const { slug, people, options = {}, spoken = true } = tenant;
  const tenantId = newId();
  const now = new Date();
  const organization = setup.organizationOf(slug);
  const own = setup.registration(organization);
  const registrationId = await database.inTenant(tenantId, async (tx) => {
    await createTenant(tx, new AuditKeys(secrets), { tenantId, slug, name: slug }, now);
    const registration = {
      platform: setup.id,
      name: slug,
      appId: setup.appId,
      organization,
      options: { ...own.options, ...options },
      credentials: own.credentials,
      status: 'active' as const,
    };
    return (await addRegistration(tx, secrets, registration, { kind: 'system', id: 'benchmark' }, now))
      .registrationId;
  });
  const userIds: string[] = [];
  const keys = personKeys(slug, people);
  for (let first = 0; first < people; first += insertAtOnce) {
    const batch = keys.slice(first, first + insertAtOnce);
    const place = { setup, registrationId, organization, spoken };
    userIds.push(...(await database.inTenant(tenantId, (tx) => insertPeople(tx, batch, place, now))));
  }
  return { tenantId, registrationId, userIds };
}

async function insertPeople(
  tx: Transaction,
  keys: readonly string[],
  place: {
    setup: InboundPlatform;
    registrationId: string;
    organization: string;
    spoken: boolean;
  },
  now: Date,
): Promise<string[]> {
  const { setup, registrationId, organization, spoken } = place;
  const userIds = keys.map(() => newId());
  const platformIds = keys.map((key) => setup.platformUserId(key));
  await tx.execute(
    `insert into users (tenant_id, user_id, name, email, roles, status, created_at, updated_at)
     select $1, p.user_id, 'Person', p.key || '@example.test', '{technician}', 'active', $4, $4
       from unnest($2::uuid[], $3::text[]) as p (user_id, key)`,
    [tx.tenantId, userIds, keys, now],
  );
  await tx.execute(
    `insert into links (tenant_id, link_id, user_id, registration_id, platform_user_id, created_at)
     select $1, p.user_id, p.user_id, $4, p.platform_id, $5
       from unnest($2::uuid[], $3::text[]) as p (user_id, platform_id)`,
    [tx.tenantId, userIds, platformIds, registrationId, now],
  );
  if (!spoken) return userIds;
  await tx.execute(
    `insert into conversations (tenant_id, conversation_id, registration_id, platform, platform_conversation_id,
       person_key, type, platform_user_id, organization, state, last_activity_at, created_at)
     select $1, p.user_id, $4, $5, 'a:' || p.platform_id, p.platform_id, 'personal', p.platform_id, $6, 'active', $7, $7
       from unnest($2::uuid[], $3::text[]) as p (user_id, platform_id)`,
    [tx.tenantId, userIds, platformIds, registrationId, setup.id, organization, now],
  );
  return userIds;
}

/** What autovacuum does within the first minutes: without it plans are those of empty tables. */
export async function settle({ database }: World): Promise<void> {
  await database.maintenance.execute('vacuum (analyze)');
}
