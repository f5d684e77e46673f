/** Tenants, people and tickets for crash trials, made by the product's own verbs before any server runs. */
import { createHash } from 'node:crypto';
import {
  channel,
  createPerson,
  groupChat,
  personalChat,
  type SimulatedConversation,
  type SimulatedPerson,
  stableGuid,
  startTeamsSimulator,
  type TeamsSimulator,
} from '../../bots/teams/simulator/index.ts';
import { AuditKeys } from '../../src/audit/audit-keys.ts';
import { createTicket } from '../../src/desk/create-ticket.ts';
import type { TicketRecord } from '../../src/desk/records.ts';
import { ensureAppRole } from '../../src/infra/app-role.ts';
import { Database, type Transaction } from '../../src/infra/database.ts';
import { migrate } from '../../src/infra/migrate.ts';
import { SecretBox } from '../../src/infra/secret-box.ts';
import { newId } from '../../src/kernel/ids.ts';
import { addRegistration } from '../../src/registrations/change-registration.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { insertLink } from '../../src/tenants/link-store.ts';
import { insertUser } from '../../src/tenants/user-store.ts';
import { silentLog } from './log.ts';

export interface WorldPerson {
  person: SimulatedPerson;
  userId: string;
  /** Where this person speaks with the bot. */
  conversation: SimulatedConversation;
}

export interface WorldTenant {
  tenantId: string;
  slug: string;
  appId: string;
  organization: string;
  people: WorldPerson[];
  /** Tickets that were there before the first command. */
  tickets: TicketRecord[];
}

export interface KillWorld {
  ownerUrl: string;
  secretKey: Buffer;
  simulator: TeamsSimulator;
  database: Database;
  auditKeys: AuditKeys;
  tenants: WorldTenant[];
  close(): Promise<void>;
}

export interface WorldOptions {
  ownerUrl: string;
  /** Makes ids and names; the same name gives the same people and organizations. */
  name: string;
  tenants: number;
  peoplePerTenant: number;
  ticketsPerTenant: number;
}

const apps = ['first app', 'second app'].map((name) => ({
  appId: stableGuid(name),
  clientSecret: `secret of the ${name}`,
}));

/** Migrates the database and fills it. Of the tenants the last has an app of its own, the others share one. */
export async function createKillWorld(options: WorldOptions): Promise<KillWorld> {
  const { ownerUrl, name } = options;
  const secretKey = createHash('sha256').update(name).digest();
  const secrets = new SecretBox([secretKey]);
  await migrate({ ownerUrl, log: silentLog });
  const appUrl = await ensureAppRole(ownerUrl, secrets);
  const database = new Database({ appUrl, ownerUrl, poolSize: 4, log: silentLog });
  const auditKeys = new AuditKeys(secrets);
  const tenants = [];
  for (let index = 0; index < options.tenants; index += 1) {
    tenants.push(await enrol({ database, auditKeys, secrets }, options, index));
  }
  const [first, ...others] = apps;
  if (first === undefined) throw new Error('there is no app');
  const simulator = await startTeamsSimulator({
    botEndpoint: '',
    organization: tenants[0]?.organization ?? '',
    apps: [first, ...others],
    people: tenants.flatMap(({ people }) => people.map(({ person }) => person)),
  });
  const close = async () => {
    await simulator.close();
    await database.close();
  };
  return { ownerUrl, secretKey, simulator, database, auditKeys, tenants, close };
}

async function enrol(
  parts: { database: Database; auditKeys: AuditKeys; secrets: SecretBox },
  options: WorldOptions,
  index: number,
): Promise<WorldTenant> {
  const app = apps[options.tenants > 1 && index === options.tenants - 1 ? 1 : 0];
  if (app === undefined) throw new Error('there is no app');
  const tenantId = newId();
  const slug = `${options.name}-${index}`;
  const organization = stableGuid(`organization ${slug}`);
  const now = new Date();
  return await parts.database.inTenant(tenantId, async (tx) => {
    const settings = { group_chat: true };
    await createTenant(tx, parts.auditKeys, { tenantId, slug, name: slug, settings }, now);
    const { registrationId } = await addRegistration(
      tx,
      parts.secrets,
      {
        platform: 'teams',
        name: slug,
        appId: app.appId,
        organization,
        options: { app_type: 'single_tenant', cloud: 'public' },
        credentials: { client_secret: app.clientSecret },
        status: 'active',
      },
      { kind: 'system', id: 'test' },
      now,
    );
    const people = await enrolPeople(tx, {
      ...options,
      slug,
      registrationId,
      organization,
      appId: app.appId,
    });
    const tickets = [];
    for (let number = 0; number < options.ticketsPerTenant; number += 1) {
      tickets.push(await createTicket(tx, { title: `Ready ${number}` }, { actorUserId: null, now }));
    }
    return { tenantId, slug, appId: app.appId, organization, people, tickets };
  });
}

interface Enrolment {
  peoplePerTenant: number;
  slug: string;
  appId: string;
  organization: string;
  registrationId: string;
}

/** Technicians, each linked to a person of the simulated organization. */
async function enrolPeople(tx: Transaction, enrolment: Enrolment): Promise<WorldPerson[]> {
  const { slug, appId, organization, registrationId } = enrolment;
  const created_at = new Date();
  const people = [];
  for (let number = 0; number < enrolment.peoplePerTenant; number += 1) {
    const person = createPerson(`${slug}-${number}`, `Person ${number} of ${slug}`);
    const userId = newId();
    await insertUser(tx, { ...userRow(person), user_id: userId, created_at });
    const platform_user_id = person.aadObjectId;
    const link = { link_id: newId(), user_id: userId, registration_id: registrationId, created_at };
    await insertLink(tx, { ...link, platform_user_id });
    people.push({ person, userId, conversation: conversationOf(person, number, appId, slug, organization) });
  }
  return people;
}

function userRow(person: SimulatedPerson) {
  return {
    name: person.name,
    email: `${person.key}@example.test`,
    roles: ['technician' as const],
    status: 'active' as const,
    locale: null,
    time_zone: null,
    external_id: null,
  };
}

/** Two of four speak in their personal chat, one in a group, one in a channel's thread. */
function conversationOf(
  person: SimulatedPerson,
  number: number,
  appId: string,
  slug: string,
  organization: string,
): SimulatedConversation {
  if (number % 4 === 2) return groupChat(slug);
  if (number % 4 === 3) return channel(slug, '1700000000000');
  return personalChat(person, appId, organization);
}
