/** Tenants, people and tickets for crash trials, made by the product's own verbs before any server runs. */
import { createHash } from 'node:crypto';
import { AuditKeys } from '../../src/audit/audit-keys.ts';
import { createTicket } from '../../src/desk/create-ticket.ts';
import type { TicketRecord } from '../../src/desk/records.ts';
import { ensureAppRole } from '../../src/infra/app-role.ts';
import { Database, type Transaction } from '../../src/infra/database.ts';
import { migrate } from '../../src/infra/migrate.ts';
import { SecretBox } from '../../src/infra/secret-box.ts';
import { newId } from '../../src/kernel/ids.ts';
import type { SimulatedChat, SimulatedPerson, Where } from '../../src/kernel/simulated-chat.ts';
import { addRegistration } from '../../src/registrations/change-registration.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { insertLink } from '../../src/tenants/link-store.ts';
import { insertUser } from '../../src/tenants/user-store.ts';
import {
  type KillInstallation,
  type KillPlatform,
  type PlannedTenant,
  startKillPlatform,
} from './kill-platforms.ts';
import { silentLog } from './log.ts';

export interface WorldPerson {
  key: string;
  name: string;
  userId: string;
  /** Where this person speaks with the bot. Nobody else speaks in that conversation. */
  where: Where;
  /** The platform's id of that conversation; empty before `introduce`. */
  conversation: string;
  /** The person's own chat with the bot. */
  personal: Where;
}

export interface WorldTenant {
  tenantId: string;
  slug: string;
  registrationId: string;
  /** Key of the installation that speaks for it. */
  installation: string;
  people: WorldPerson[];
  /** Tickets that were there before the first command. */
  tickets: TicketRecord[];
}

export interface KillWorld {
  ownerUrl: string;
  secretKey: Buffer;
  platform: KillPlatform;
  chat: SimulatedChat;
  database: Database;
  auditKeys: AuditKeys;
  tenants: WorldTenant[];
  /** Tells the platform where the server is. */
  connect(serverUrl: string): void;
  /** What comes before any load, once the server answers: the platform's own messages, and everybody's first one. */
  introduce(): Promise<void>;
  close(): Promise<void>;
}

export interface WorldOptions {
  ownerUrl: string;
  /** Platform id, e.g. `teams`. */
  platform: string;
  /** Makes ids and names; the same name gives the same people and organizations. */
  name: string;
  tenants: number;
  peoplePerTenant: number;
  ticketsPerTenant: number;
}

interface Parts {
  database: Database;
  auditKeys: AuditKeys;
  secrets: SecretBox;
}

/** A reply that a busy machine does not send in its time is sent by the sweep. */
const firstReplyLimitMs = 30_000;

/** Migrates the database and fills it. */
export async function createKillWorld(options: WorldOptions): Promise<KillWorld> {
  const { ownerUrl, name } = options;
  const secretKey = createHash('sha256').update(name).digest();
  const secrets = new SecretBox([secretKey]);
  await migrate({ ownerUrl, log: silentLog });
  const appUrl = await ensureAppRole(ownerUrl, secrets);
  const database = new Database({ appUrl, ownerUrl, poolSize: 4, log: silentLog });
  const auditKeys = new AuditKeys(secrets);
  const planned = plan(options);
  const platform = await startKillPlatform(options.platform, planned);
  const { chat } = platform;
  const tenants: WorldTenant[] = [];
  for (const [index, installation] of platform.installations.entries()) {
    const slug = planned[index]?.slug ?? '';
    tenants.push(await enrol({ database, auditKeys, secrets }, options, installation, slug));
  }
  const registrations = new Map(tenants.map((tenant) => [tenant.installation, tenant.registrationId]));
  return {
    ownerUrl,
    secretKey,
    platform,
    chat,
    database,
    auditKeys,
    tenants,
    connect: (serverUrl) => chat.connect(serverUrl, registrations),
    introduce: async () => {
      await platform.introduce?.();
      // A few at a time: all at once a busy machine would refuse some.
      await Promise.all(
        tenants.map(async ({ people }) => {
          for (const person of people) await beginTalk(chat, person);
        }),
      );
    },
    close: async () => {
      await chat.close();
      await database.close();
    },
  };
}

function plan({ name, tenants, peoplePerTenant }: WorldOptions): PlannedTenant[] {
  return Array.from({ length: tenants }, (_, index) => {
    const slug = `${name}-${index}`;
    const people = Array.from({ length: peoplePerTenant }, (_, number) => ({
      key: `${slug}-${number}`,
      name: `Person ${number} of ${slug}`,
    }));
    return { slug, people };
  });
}

/** The person's first message shows where the bot answers; in a channel the two begin the thread that is used from then on. */
async function beginTalk(chat: SimulatedChat, person: WorldPerson): Promise<void> {
  const { status } = await chat.say('help', person.where);
  if (status !== 200) throw new Error(`the first message was answered with ${status}`);
  const reply = await chat.nextMessage(person.where, [], firstReplyLimitMs);
  person.conversation = reply.conversation;
  if (person.where.place?.kind === 'channel') person.where = { ...person.where, thread: reply };
}

async function enrol(
  { database, auditKeys, secrets }: Parts,
  options: WorldOptions,
  installation: KillInstallation,
  slug: string,
): Promise<WorldTenant> {
  const tenantId = newId();
  const now = new Date();
  const { appId, organization, credentials, options: fields } = installation;
  return await database.inTenant(tenantId, async (tx) => {
    const settings = { group_chat: true };
    await createTenant(tx, auditKeys, { tenantId, slug, name: slug, settings }, now);
    const { registrationId } = await addRegistration(
      tx,
      secrets,
      {
        platform: options.platform,
        name: slug,
        appId,
        organization,
        options: fields,
        credentials,
        status: 'active',
      },
      { kind: 'system', id: 'test' },
      now,
    );
    const people = await enrolPeople(tx, installation, registrationId, slug);
    const tickets = [];
    for (let number = 0; number < options.ticketsPerTenant; number += 1) {
      tickets.push(await createTicket(tx, { title: `Ready ${number}` }, { actorUserId: null, now }));
    }
    return { tenantId, slug, registrationId, installation: installation.key, people, tickets };
  });
}

/** Technicians, each linked to a person of the simulated organization. */
async function enrolPeople(
  tx: Transaction,
  installation: KillInstallation,
  registrationId: string,
  slug: string,
): Promise<WorldPerson[]> {
  const created_at = new Date();
  const people = [];
  for (const [number, person] of installation.people.entries()) {
    const userId = newId();
    await insertUser(tx, { ...userRow(person), user_id: userId, created_at });
    const link = { link_id: newId(), user_id: userId, registration_id: registrationId, created_at };
    await insertLink(tx, { ...link, platform_user_id: person.platformUserId });
    const { key, name } = person;
    const personal: Where = { as: key, installation: installation.key };
    const where = { ...personal, ...placeOf(number, slug) };
    people.push({ key, name, userId, personal, where, conversation: '' });
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
function placeOf(number: number, slug: string): Pick<Where, 'place'> {
  const name = `${slug} ${number}`;
  if (number % 4 === 2) return { place: { kind: 'group', name } };
  if (number % 4 === 3) return { place: { kind: 'channel', name } };
  return {};
}
