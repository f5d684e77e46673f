/** A migrated database with tenants, people, links and conversations, as the notifier's tests need them. */
import { randomBytes } from 'node:crypto';
import { teams } from '../../../bots/teams/index.ts';
import { seedDesk } from '../../../src/desk/seed-desk.ts';
import { ensureAppRole } from '../../../src/infra/app-role.ts';
import { Database, type Transaction } from '../../../src/infra/database.ts';
import { ensurePartitions } from '../../../src/infra/partitions.ts';
import { SecretBox } from '../../../src/infra/secret-box.ts';
import { newId } from '../../../src/kernel/ids.ts';
import type { Destination, PlatformAddressing } from '../../../src/kernel/notification.ts';
import type { Log } from '../../../src/kernel/ports.ts';
import { enqueueNotification, type NotificationRequest } from '../../../src/notify/enqueue.ts';
import type { ExpandDependencies } from '../../../src/notify/expand-audience.ts';
import type { Recipient } from '../../../src/notify/recipients.ts';
import { addRegistration } from '../../../src/registrations/change-registration.ts';
import type { Role } from '../../../src/tenants/capabilities.ts';
import { insertLink } from '../../../src/tenants/link-store.ts';
import { insertSettings, insertTenant } from '../../../src/tenants/tenant-store.ts';
import { insertUser } from '../../../src/tenants/user-store.ts';
import { createTestDatabase } from '../../support/databases.ts';
import { withClient } from '../../support/schema.ts';

export const now = new Date('2026-11-20T09:00:00.000Z');
export const hourMs = 3_600_000;
export const at = (ms: number): Date => new Date(now.getTime() + ms);

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A notification without recipients. */
export const announcement = {
  category: 'announcement' as const,
  content: { kind: 'text' as const, title: 'Hello', text: 'World', ticket: null },
  target: null,
  actorUserId: null,
  createdBy: { kind: 'key' as const, id: 'k1' },
};

export interface NotifyDatabase {
  database: Database;
  close(): Promise<void>;
}

export async function openDatabase(): Promise<NotifyDatabase> {
  const test = await createTestDatabase();
  const appUrl = await ensureAppRole(test.ownerUrl, secrets);
  await withClient(test.ownerUrl, (owner) => ensurePartitions(owner, now));
  const database = new Database({ appUrl, ownerUrl: test.ownerUrl, log: silent });
  return {
    database,
    close: async () => {
      await database.close();
      await test.drop();
    },
  };
}

export const secrets = new SecretBox([randomBytes(32)]);

/** Destinations named as people and conversations are, with a feed besides. */
function addressing(person: Destination['type'], place: Destination['type'], feed?: Destination['type']) {
  const named: PlatformAddressing = {
    ofPerson: (id) => [{ type: person, id }, ...(feed === undefined ? [] : [{ type: feed, id }])],
    ofReference: ({ type, platformConversationId, platformUserId }) =>
      type === 'personal' && platformUserId !== null
        ? { type: person, id: platformUserId }
        : { type: place, id: platformConversationId },
    ofAddress: (address) => (address.startsWith('?') ? null : { type: place, id: address }),
    paced: teams.addressing.paced,
    opening: () => null,
    lookingUp: () => null,
    withdrawing: () => null,
  };
  return named;
}

const addressings: Record<string, PlatformAddressing> = {
  teams: addressing('teams_chat', 'teams_channel', 'teams_feed'),
  slack: addressing('slack_dm', 'slack_channel'),
  lark: addressing('lark_user', 'lark_chat'),
};

export const deps: ExpandDependencies = {
  addressingOf: (platform) => {
    const found = addressings[platform];
    if (found === undefined) throw new Error(`no platform ${platform}`);
    return found;
  },
  log: silent,
};

/** A delivery as it stands in the database. */
export interface StoredDelivery {
  delivery_id: string;
  notification_id: string;
  user_id: string | null;
  platform: string | null;
  destination_type: string | null;
  destination_id: string | null;
  status: string;
  reason: string | null;
  error_code: string | null;
  fallback_of: string | null;
  created_at: Date;
  due_at: Date | null;
  rank: number | null;
  fallback: { type: string; id: string }[] | null;
  expires_at: Date | null;
}

export class NotifyTenant {
  readonly tenantId = newId();
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  static async create(database: Database): Promise<NotifyTenant> {
    const tenant = new NotifyTenant(database);
    const { tenantId } = tenant;
    await insertTenant(database.directory, {
      tenant_id: tenantId,
      slug: `t-${tenantId.slice(-12)}`,
      name: 'Acme',
      status: 'active',
      created_at: now,
    });
    await tenant.within(async (tx) => {
      const all = { allowed_actions: null, surfaces: null, disabled_categories: [] };
      insertSettings(tx, { ...all, group_chat: true, language: 'en' }, now);
      await seedDesk(tx, now);
    });
    return tenant;
  }

  within<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#database.inTenant(this.tenantId, work);
  }

  async person(
    name: string,
    options: { role?: Role; active?: boolean; timeZone?: string | null } = {},
  ): Promise<string> {
    const { role = 'technician', active = true, timeZone = null } = options;
    const userId = newId();
    const user = {
      user_id: userId,
      name,
      email: `${name}.${userId}@acme.test`,
      roles: [role],
      status: active ? ('active' as const) : ('deactivated' as const),
      locale: null,
      time_zone: timeZone,
      external_id: null,
      created_at: now,
    };
    await this.within((tx) => insertUser(tx, user));
    return userId;
  }

  async registration(platform: string, status: 'pending' | 'active' = 'active'): Promise<string> {
    const input = {
      platform,
      name: platform,
      appId: newId(),
      organization: newId(),
      options: {},
      credentials: { client_secret: 'secret' },
      status,
    };
    const system = { kind: 'system' as const, id: 'test' };
    return (await this.within((tx) => addRegistration(tx, secrets, input, system, now))).registrationId;
  }

  /** Accepts an announcement. @returns its id */
  async enqueue(to: readonly Recipient[], over: Partial<NotificationRequest> = {}): Promise<string> {
    const request = { ...announcement, to, ...over };
    return (await this.within((tx) => enqueueNotification(tx, request, now))).notificationId;
  }

  /** People who are linked as P0, P1 and so on. */
  async people(count: number, registrationId: string): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const person = await this.person(`p${index}`);
      await this.link(person, registrationId, `P${index}`);
      ids.push(person);
    }
    return ids;
  }

  /** @returns the person's id on the platform */
  async link(userId: string, registrationId: string, platformUserId = `p-${userId}`): Promise<string> {
    const link = { link_id: newId(), user_id: userId, registration_id: registrationId, created_at: now };
    await this.within((tx) => insertLink(tx, { ...link, platform_user_id: platformUserId }));
    return platformUserId;
  }

  async conversation(
    registrationId: string,
    platform: string,
    of: { person: string; state?: 'active' | 'retired'; lastActivityAt?: Date } | { group: string },
  ): Promise<string> {
    const id = newId();
    const person = 'person' in of ? of.person : null;
    const place = 'person' in of ? `dm-${of.person}` : of.group;
    const state = 'person' in of ? (of.state ?? 'active') : 'active';
    const lastActivityAt = 'person' in of ? (of.lastActivityAt ?? now) : now;
    await this.within((tx) =>
      tx.execute(
        `insert into conversations (tenant_id, conversation_id, registration_id, platform, platform_conversation_id,
           person_key, type, platform_user_id, organization, state, last_activity_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'org', $9, $10, $10)`,
        [
          tx.tenantId,
          id,
          registrationId,
          platform,
          place,
          person ?? '',
          person === null ? 'group' : 'personal',
          person,
          state,
          lastActivityAt,
        ],
      ),
    );
    return id;
  }

  /** Many active users, linked to a registration; set-based. */
  async crowd(count: number, registrationId: string): Promise<void> {
    for (let done = 0; done < count; done += 10_000) {
      const values = [Math.min(10_000, count - done), now];
      await this.within(async (tx) => {
        await tx.execute(
          `insert into users (tenant_id, user_id, name, email, roles, status, created_at, updated_at)
           select $1, gen_random_uuid(), 'p' || n, 'p' || ($4::int + n) || '@acme.test', '{viewer}', 'active', $3, $3
             from generate_series(1, $2::int) n`,
          [tx.tenantId, ...values, done],
        );
        await tx.execute(
          `insert into links (tenant_id, link_id, user_id, registration_id, platform_user_id, created_at)
           select $1, gen_random_uuid(), u.user_id, $2, 'p-' || u.user_id, $3 from users u
            where u.tenant_id = $1 and not exists (select 1 from links l where l.tenant_id = $1 and l.user_id = u.user_id)`,
          [tx.tenantId, registrationId, now],
        );
      });
    }
  }

  /** Deliveries with what waits of them, the oldest notification's first. */
  deliveries(notificationId?: string): Promise<StoredDelivery[]> {
    return this.within((tx) =>
      tx.query<StoredDelivery>(
        `select d.delivery_id, d.notification_id, d.user_id, d.platform, d.destination_type, d.destination_id, d.status,
           d.reason, d.error_code, d.fallback_of, d.created_at, r.due_at, r.rank, r.fallback, r.expires_at
           from deliveries d left join delivery_ready r on r.tenant_id = $1 and r.delivery_id = d.delivery_id
          where d.tenant_id = $1 and ($2::uuid is null or d.notification_id = $2)
          order by d.notification_id, d.destination_type, d.destination_id`,
        [tx.tenantId, notificationId ?? null],
      ),
    );
  }

  async count(table: string): Promise<number> {
    const [row] = await this.within((tx) =>
      tx.query<{ count: number }>(`select count(*) as count from ${table} where tenant_id = $1`, [
        tx.tenantId,
      ]),
    );
    return row?.count ?? 0;
  }
}

/** The same transaction, with what it was asked to do counted. */
export function counted(tx: Transaction): { tx: Transaction; statements(): number } {
  let statements = 0;
  const count = <T>(value: T): T => {
    statements += 1;
    return value;
  };
  const counting: Transaction = {
    tenantId: tx.tenantId,
    query: (sql, values) => count(tx.query(sql, values)),
    execute: (sql, values) => count(tx.execute(sql, values)),
    enqueue: (sql, values) => count(tx.enqueue(sql, values)),
    savepoint: (work) => tx.savepoint(work),
    announce: (work) => tx.announce(work),
  };
  return { tx: counting, statements: () => statements };
}
