/** The whole product in the test's process with any platform's simulator as the other side, seen as people see it. */
import type { AuditRow } from '../../src/audit/audit-chain.ts';
import { readChain } from '../../src/audit/audit-queries.ts';
import { type ChainVerification, verifyChain } from '../../src/audit/verify-chain.ts';
import { compose, type Running } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { createTicket, type TicketInput } from '../../src/desk/create-ticket.ts';
import type { TicketRecord } from '../../src/desk/records.ts';
import { requestApproval } from '../../src/desk/request-approval.ts';
import type { JsonValue } from '../../src/kernel/canonical-json.ts';
import { newId } from '../../src/kernel/ids.ts';
import type { Log } from '../../src/kernel/ports.ts';
import type { Gesture, SeenMessage, SimulatedChat, Where } from '../../src/kernel/simulated-chat.ts';
import { addRegistration } from '../../src/registrations/change-registration.ts';
import type { Role } from '../../src/tenants/capabilities.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { insertLink } from '../../src/tenants/link-store.ts';
import type { TenantSettings } from '../../src/tenants/tenant-store.ts';
import { insertUser } from '../../src/tenants/user-store.ts';
import { createTestDatabase, type TestDatabase } from './databases.ts';
import { silentLog } from './log.ts';
import { type HarnessInstallation, type PlatformHarness, startHarness } from './platform-harness.ts';

export const adminToken = 'operator-token-for-tests';
const secretKey = Buffer.alloc(32, 9);

/** Who the people are to each desk; eve is not linked. */
const rolesOf: Readonly<Record<string, Role[] | null>> = {
  ann: ['admin'],
  ben: ['technician'],
  cara: ['technician'],
  dan: ['viewer'],
  eve: null,
};

export interface WorldOptions {
  settings?: Partial<TenantSettings>;
  environment?: Record<string, string>;
  log?: Log;
  sweepEveryMs?: number;
  /** The server reaches the platform through `harness.gate`, which can be shut. */
  gated?: boolean;
}

/** A tenant and its registration. */
export interface WorldTenant {
  /** Key of the installation that speaks for it. */
  installation: string;
  tenantId: string;
  slug: string;
  registrationId: string;
  /** User ids of linked people by key. */
  users: ReadonlyMap<string, string>;
}

export class ChatWorld {
  readonly harness: PlatformHarness;
  readonly chat: SimulatedChat;
  readonly database: TestDatabase;
  /** Both are spoken for by the same app. */
  readonly acme: WorldTenant;
  readonly globex: WorldTenant;
  readonly #options: WorldOptions;
  running: Running;

  static async start(platform: string, options: WorldOptions = {}): Promise<ChatWorld> {
    const [database, harness] = await Promise.all([
      createTestDatabase(),
      startHarness(platform, options.gated),
    ]);
    const running = await serve(database, harness, options);
    const [first, second] = harness.installations;
    if (first === undefined || second === undefined) throw new Error('the harness has too few installations');
    const acme = await enrol(running, harness, first, 'acme', options);
    const globex = await enrol(running, harness, second, 'globex', options);
    const world = new ChatWorld(harness, database, { acme, globex }, options, running);
    await world.#connect();
    return world;
  }

  private constructor(
    harness: PlatformHarness,
    database: TestDatabase,
    tenants: { acme: WorldTenant; globex: WorldTenant },
    options: WorldOptions,
    running: Running,
  ) {
    this.harness = harness;
    this.chat = harness.chat;
    this.database = database;
    this.acme = tenants.acme;
    this.globex = tenants.globex;
    this.#options = options;
    this.running = running;
  }

  userId(key: string): string {
    return this.acme.users.get(key) ?? '';
  }

  /** A person types; what the bot says to it, a new message or a changed one. */
  async ask(text: string, where: Where = {}): Promise<SeenMessage> {
    return await this.replyTo(where, () => this.chat.say(text, where));
  }

  /** The message that a gesture brings, whether in its answer or after it. @throws Error when the bot refuses */
  async replyTo(where: Where, act: () => Promise<Gesture>): Promise<SeenMessage> {
    const known = await this.chat.messages(where);
    const gesture = await act();
    if (gesture.status !== 200) throw new Error(`the bot answered ${gesture.status}`);
    return gesture.replaced ?? (await this.chat.nextMessage(where, known));
  }

  ticket(input: Partial<TicketInput> & { title: string }, tenant = this.acme): Promise<TicketRecord> {
    return this.running.services.database.inTenant(tenant.tenantId, (tx) =>
      createTicket(tx, input, { actorUserId: null, now: new Date() }),
    );
  }

  async approval(title: string, approver: string): Promise<string> {
    const input = { title, approverId: this.userId(approver) };
    const change = { actorUserId: null, now: new Date() };
    return (
      await this.running.services.database.inTenant(this.acme.tenantId, (tx) =>
        requestApproval(tx, input, change),
      )
    ).approvalId;
  }

  auditRows(tenant = this.acme): Promise<AuditRow[]> {
    return this.running.services.database.inTenant(tenant.tenantId, (tx) => readChain(tx, 0, 100_000));
  }

  verifyAudit(tenant = this.acme): Promise<ChainVerification> {
    const { database, auditKeys } = this.running.services;
    return database.inTenant(tenant.tenantId, (tx) => verifyChain(tx, auditKeys));
  }

  /** Calls the admin API of a tenant as an operator. */
  async api(
    method: string,
    path: string,
    body?: JsonValue,
    slug = 'acme',
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.running.url}/v1/tenants/${slug}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
  }

  /** Stops the server and starts another on the same database. */
  async restart(): Promise<void> {
    await this.running.close();
    this.running = await serve(this.database, this.harness, this.#options);
    await this.#connect();
  }

  async close(): Promise<void> {
    await this.running.close();
    await this.harness.gate?.close();
    await this.chat.close();
    await this.database.drop();
  }

  async #connect(): Promise<void> {
    const ids = [this.acme, this.globex].map(
      (tenant) => [tenant.installation, tenant.registrationId] as const,
    );
    this.chat.connect(this.running.url, new Map(ids));
    await this.harness.ready?.();
  }
}

async function serve(
  database: TestDatabase,
  harness: PlatformHarness,
  options: WorldOptions,
): Promise<Running> {
  return await compose({
    config: readConfig({
      PORT: '0',
      DESKBRIDGE_DEMO: '0',
      ...harness.environment,
      ...options.environment,
    }),
    ownerUrl: database.ownerUrl,
    adminToken,
    secretKeys: [secretKey],
    log: options.log ?? silentLog,
    sweepEveryMs: options.sweepEveryMs ?? 200,
  });
}

async function enrol(
  running: Running,
  harness: PlatformHarness,
  installation: HarnessInstallation,
  slug: string,
  options: WorldOptions,
): Promise<WorldTenant> {
  const { database, auditKeys, secrets } = running.services;
  const tenantId = newId();
  const now = new Date();
  const users = new Map<string, string>();
  const registrationId = await database.inTenant(tenantId, async (tx) => {
    const settings = options.settings ?? {};
    await createTenant(tx, auditKeys, { tenantId, slug, name: slug, settings }, now);
    const { appId, organization, credentials, options: fields } = installation;
    const registration = {
      platform: harness.chat.platform,
      name: slug,
      appId,
      organization,
      options: fields,
      credentials,
      status: 'active' as const,
    };
    const system = { kind: 'system' as const, id: 'test' };
    const { registrationId } = await addRegistration(tx, secrets, registration, system, now);
    for (const person of harness.chat.people) {
      const roles = rolesOf[person.key];
      if (!roles) continue;
      const userId = newId();
      users.set(person.key, userId);
      await insertUser(tx, {
        user_id: userId,
        name: person.name,
        email: `${person.key}@${slug}.test`,
        roles,
        status: 'active',
        locale: null,
        time_zone: null,
        external_id: null,
        created_at: now,
      });
      const link = { link_id: newId(), user_id: userId, registration_id: registrationId, created_at: now };
      await insertLink(tx, { ...link, platform_user_id: person.platformUserId });
    }
    return registrationId;
  });
  return { installation: installation.key, tenantId, slug, registrationId, users };
}
