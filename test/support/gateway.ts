/** The whole product in the test's process, on a database of its own, with the Teams simulator as the other side. */

import type { OracleMessage } from '../../bots/teams/simulator/index.ts';
import {
  cardOf,
  type SimulatedPerson,
  samplePeople,
  startTeamsSimulator,
  type TeamsSimulator,
} from '../../bots/teams/simulator/index.ts';
import type { AuditRow } from '../../src/audit/audit-chain.ts';
import { readChain } from '../../src/audit/audit-queries.ts';
import { type ChainVerification, verifyChain } from '../../src/audit/verify-chain.ts';
import { compose, type Running } from '../../src/compose.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { createTicket, type TicketInput } from '../../src/desk/create-ticket.ts';
import type { TicketRecord } from '../../src/desk/records.ts';
import { requestApproval } from '../../src/desk/request-approval.ts';
import { newId } from '../../src/kernel/ids.ts';
import type { Log } from '../../src/kernel/ports.ts';
import { addRegistration } from '../../src/registrations/change-registration.ts';
import type { Role } from '../../src/tenants/capabilities.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { insertLink } from '../../src/tenants/link-store.ts';
import type { TenantSettings } from '../../src/tenants/tenant-store.ts';
import { insertUser } from '../../src/tenants/user-store.ts';
import { createTestDatabase, type TestDatabase } from './databases.ts';
import { silentLog } from './log.ts';
import { withoutNotifier } from './without-notifier.ts';

export const adminToken = 'operator-token-for-tests';
export const secretKey = Buffer.alloc(32, 9);
export const appId = 'a0000000-0000-4000-8000-00000000000a';
export const organization = 'b0000000-0000-4000-8000-00000000000b';
const clientSecret = 'secret-of-the-simulated-app';

/** Who the sample people are to the desk; eve is not linked. */
const rolesOf: Record<string, Role[] | null> = {
  ann: ['admin'],
  ben: ['technician'],
  cara: ['technician'],
  dan: ['viewer'],
  eve: null,
};

export interface GatewayOptions {
  settings?: Partial<TenantSettings>;
  environment?: Record<string, string>;
  log?: Log;
  sweepEveryMs?: number;
  /** Where the server finds the database, given the owner's own URL: a test may put a proxy between. */
  databaseUrl?: (ownerUrl: string) => Promise<string>;
}

export interface Gateway {
  database: TestDatabase;
  simulator: TeamsSimulator;
  running: Running;
  tenantId: string;
  registrationId: string;
  /** User ids of linked people by key. */
  users: ReadonlyMap<string, string>;
  /** Sends a text and waits for the bot's next message in that conversation. */
  ask(text: string, by?: Parameters<TeamsSimulator['message']>[1]): Promise<OracleMessage>;
  ticket(input: Partial<TicketInput> & { title: string }): Promise<TicketRecord>;
  approval(title: string, approver: string): Promise<string>;
  auditRows(): Promise<AuditRow[]>;
  verifyAudit(): Promise<ChainVerification>;
  /** Stops the server and starts another on the same database. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const database = await createTestDatabase();
  const simulator = await startTeamsSimulator({
    botEndpoint: '',
    organization,
    apps: [{ appId, clientSecret }],
    people: samplePeople,
  });
  const start = () => startServer(database, simulator, options);
  let running = await start();
  const { tenantId, registrationId, users } = await enrol(running, options.settings ?? {});
  const gateway: Gateway = {
    database,
    simulator,
    get running() {
      return running;
    },
    tenantId,
    registrationId,
    users,
    ask: (text, by) => ask(simulator, text, by),
    ticket: (input) =>
      running.services.database.inTenant(tenantId, (tx) =>
        createTicket(tx, input, { actorUserId: null, now: new Date() }),
      ),
    approval: async (title, approver) => {
      const input = { title, approverId: users.get(approver) ?? '' };
      const change = { actorUserId: null, now: new Date() };
      return (await running.services.database.inTenant(tenantId, (tx) => requestApproval(tx, input, change)))
        .approvalId;
    },
    auditRows: () => running.services.database.inTenant(tenantId, (tx) => readChain(tx, 0, 100_000)),
    verifyAudit: () =>
      running.services.database.inTenant(tenantId, (tx) => verifyChain(tx, running.services.auditKeys)),
    restart: async () => {
      await running.close();
      running = await start();
    },
    close: async () => {
      await running.close();
      await simulator.close();
      await database.drop();
    },
  };
  return gateway;
}

async function startServer(
  database: TestDatabase,
  simulator: TeamsSimulator,
  options: GatewayOptions,
): Promise<Running> {
  const config: Config = readConfig({
    PORT: '0',
    DESKBRIDGE_DEMO: '0',
    ...withoutNotifier,
    DESKBRIDGE_TEAMS_OPENID_URL: simulator.openIdUrl,
    DESKBRIDGE_TEAMS_LOGIN_URL: simulator.loginUrl,
    DESKBRIDGE_TEAMS_SERVICE_URL: simulator.firstServiceUrl,
    DESKBRIDGE_GRAPH_API_URL: simulator.graphUrl,
    DESKBRIDGE_GRAPH_LOGIN_URL: simulator.loginUrl,
    DESKBRIDGE_TEAMS_SERVICE_HOSTS: new URL(simulator.url).host,
    ...options.environment,
  });
  const running = await compose({
    config,
    ownerUrl: (await options.databaseUrl?.(database.ownerUrl)) ?? database.ownerUrl,
    adminToken,
    secretKeys: [secretKey],
    log: options.log ?? silentLog,
    sweepEveryMs: options.sweepEveryMs ?? 200,
  });
  simulator.botEndpoint = `${running.url}/api/messages`;
  return running;
}

/** A tenant with a registration of the simulator's app and its people, all but eve linked. */
async function enrol(running: Running, settings: Partial<TenantSettings>) {
  const { database, auditKeys, secrets } = running.services;
  const tenantId = newId();
  const now = new Date();
  const users = new Map<string, string>();
  const registrationId = await database.inTenant(tenantId, async (tx) => {
    await createTenant(tx, auditKeys, { tenantId, slug: 'acme', name: 'Acme', settings }, now);
    const { registrationId } = await addRegistration(
      tx,
      secrets,
      {
        platform: 'teams',
        name: 'Acme Teams',
        appId,
        organization,
        options: { app_type: 'single_tenant', cloud: 'public' },
        credentials: { client_secret: clientSecret },
        status: 'active',
      },
      { kind: 'system', id: 'test' },
      now,
    );
    for (const person of samplePeople) {
      const roles = rolesOf[person.key];
      if (!roles) continue;
      const userId = newId();
      users.set(person.key, userId);
      await insertUser(tx, userRow(userId, person, roles, now));
      const link = { link_id: newId(), user_id: userId, registration_id: registrationId, created_at: now };
      await insertLink(tx, { ...link, platform_user_id: person.aadObjectId });
    }
    return registrationId;
  });
  return { tenantId, registrationId, users };
}

function userRow(userId: string, person: SimulatedPerson, roles: Role[], now: Date) {
  return {
    user_id: userId,
    name: person.name,
    email: `${person.key}@acme.test`,
    roles,
    status: 'active' as const,
    locale: null,
    time_zone: null,
    external_id: null,
    created_at: now,
  };
}

async function ask(
  simulator: TeamsSimulator,
  text: string,
  by: Parameters<TeamsSimulator['message']>[1] = {},
): Promise<OracleMessage> {
  const { conversation } = simulator.scene(by);
  const before = new Set(simulator.oracle.all(conversation.id).map((message) => message.id));
  const answer = await simulator.message(text, by);
  if (answer.status !== 200) throw new Error(`the bot answered ${answer.status} ${answer.failure ?? ''}`);
  return await simulator.oracle.waitFor(
    (message) => message.conversationId === conversation.id && !before.has(message.id),
  );
}

/** Everything that a person reads on the message's card, one line a text. */
export function textOf(message: { activity: OracleMessage['activity'] }): string {
  const card = cardOf(message.activity);
  return card === null ? String(message.activity.text ?? '') : readable(card).join('\n');
}

/** Texts, titles and values anywhere in a card. */
export function readable(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(readable);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    if (typeof value === 'string')
      return ['text', 'title', 'value', 'label', 'errorMessage'].includes(key) ? [value] : [];
    return key === 'fallback' || key === 'data' ? [] : readable(value);
  });
}
