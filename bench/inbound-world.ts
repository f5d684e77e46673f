/** The inbound benchmark's database: the same organizations and people for the load, the server and the count. */
import { createHash } from 'node:crypto';
import { AuditKeys } from '../src/audit/audit-keys.ts';
import { verifyChain } from '../src/audit/verify-chain.ts';
import { insertNewTicket } from '../src/desk/ticket-store.ts';
import { ensureAppRole } from '../src/infra/app-role.ts';
import { Database, type Transaction } from '../src/infra/database.ts';
import { migrate } from '../src/infra/migrate.ts';
import { SecretBox } from '../src/infra/secret-box.ts';
import { newId } from '../src/kernel/ids.ts';
import { addRegistration } from '../src/registrations/change-registration.ts';
import { createTenant } from '../src/tenants/create-tenant.ts';
import { insertLink } from '../src/tenants/link-store.ts';
import { insertUser } from '../src/tenants/user-store.ts';
import { silentLog } from '../test/support/log.ts';
import {
  type BenchPerson,
  type BenchTenant,
  benchTenants,
  type InboundPlatform,
  ownMark,
  tenantCounts,
} from './inbound-platform.ts';

export const secretKey = createHash('sha256').update('benchmark').digest();

/** Inserts that travel together. */
const peopleAtOnce = 100;
/** Open tickets of each person, where they are asked for: a question whose answer is empty would flatter the figures. */
const ownTickets = 2;

/** What the database holds after a run. */
export interface Tally {
  /** Besides those that people had before. */
  tickets: number;
  auditRows: number;
  repliedReceipts: number;
  /** Their reply is not known to have arrived. A receipt that is only claimed is the second key of one of the others. */
  otherReceipts: number;
}

export interface BenchWorld {
  /** Any of the app's: the URL that the platform sends to names one of them. */
  registrationId: string;
  /**
   * What autovacuum does to a database within its first minutes. A plan that was made while a table was empty reads the
   * whole table, and a connection keeps it until the table is analyzed.
   */
  settle(): Promise<void>;
  /** Counts over every tenant, and verifies every audit chain. @throws Error for a chain that is not whole */
  tally(): Promise<Tally>;
  close(): Promise<void>;
}

/** What filling takes. */
interface Filling {
  platform: InboundPlatform;
  secrets: SecretBox;
  auditKeys: AuditKeys;
  database: Database;
}

/** Migrates the database and fills it by the product's own verbs. */
export async function createBenchWorld(ownerUrl: string, platform: InboundPlatform): Promise<BenchWorld> {
  const secrets = new SecretBox([secretKey]);
  await migrate({ ownerUrl, log: silentLog });
  const appUrl = await ensureAppRole(ownerUrl, secrets);
  const database = new Database({ appUrl, ownerUrl, poolSize: 2, log: silentLog });
  const auditKeys = new AuditKeys(secrets);
  const filling = { platform, secrets, auditKeys, database };
  const made: { tenantId: string; registrationId: string }[] = [];
  for (const tenant of tenantCounts.flatMap(benchTenants)) made.push(await fill(filling, tenant));
  const count = async () => {
    const sums: Tally = { tickets: 0, auditRows: 0, repliedReceipts: 0, otherReceipts: 0 };
    for (const { tenantId } of made) await addTenant(sums, database, auditKeys, tenantId);
    return sums;
  };
  const { tickets: before } = await count();
  return {
    registrationId: made[0]?.registrationId ?? '',
    settle: async () => {
      await database.maintenance.execute('vacuum (analyze)');
    },
    tally: async () => {
      const sums = await count();
      return { ...sums, tickets: sums.tickets - before };
    },
    close: () => database.close(),
  };
}

async function fill(
  filling: Filling,
  tenant: BenchTenant,
): Promise<{ tenantId: string; registrationId: string }> {
  const { database, platform } = filling;
  const tenantId = newId();
  const registrationId = await database.inTenant(tenantId, (tx) => enrol(tx, filling, tenant));
  const withTickets = platform.workloads.some(({ id }) => id === 'my-tickets');
  for (let first = 0; first < tenant.people.length; first += peopleAtOnce) {
    const people = tenant.people.slice(first, first + peopleAtOnce);
    await database.inTenant(
      tenantId,
      async (tx) => {
        await Promise.all(
          people.map(async (person) => {
            const link = { registrationId, platformUserId: platform.platformUserId(person.key) };
            const userId = await insertPerson(tx, person, link);
            if (withTickets) await insertOwnTickets(tx, person, userId);
          }),
        );
      },
      { durable: false },
    );
  }
  return { tenantId, registrationId };
}

async function enrol(
  tx: Transaction,
  { platform, auditKeys, secrets }: Filling,
  { slug }: BenchTenant,
): Promise<string> {
  const now = new Date();
  const organization = platform.organizationOf(slug);
  await createTenant(tx, auditKeys, { tenantId: tx.tenantId, slug, name: slug }, now);
  const { registrationId } = await addRegistration(
    tx,
    secrets,
    {
      platform: platform.id,
      name: slug,
      appId: platform.appId,
      organization,
      ...platform.registration(organization),
      status: 'active',
    },
    { kind: 'system', id: 'benchmark' },
    now,
  );
  return registrationId;
}

async function insertPerson(
  tx: Transaction,
  person: BenchPerson,
  link: { registrationId: string; platformUserId: string },
): Promise<string> {
  const userId = newId();
  const now = new Date();
  const user = insertUser(tx, {
    user_id: userId,
    name: person.name,
    email: `${person.key}@example.test`,
    roles: ['technician'],
    status: 'active',
    locale: null,
    time_zone: null,
    external_id: null,
    created_at: now,
  });
  const linked = insertLink(tx, {
    link_id: newId(),
    user_id: userId,
    registration_id: link.registrationId,
    platform_user_id: link.platformUserId,
    created_at: now,
  });
  await Promise.all([user, linked]);
  return userId;
}

async function insertOwnTickets(tx: Transaction, { key }: BenchPerson, userId: string): Promise<void> {
  const tickets = Array.from({ length: ownTickets }, (_, index) =>
    insertNewTicket(tx, {
      ticketId: newId(),
      title: `Replace the battery of laptop ${index + 1}, ${ownMark(key)}`,
      description: '',
      priority: 'normal',
      boardId: null,
      statusId: null,
      clientId: null,
      contactId: null,
      assigneeId: userId,
      createdBy: userId,
      dueAt: null,
      url: null,
      sourceUrl: null,
      externalId: null,
      now: new Date(),
    }),
  );
  await Promise.all(tickets);
}

async function addTenant(
  sums: Tally,
  database: Database,
  auditKeys: AuditKeys,
  tenantId: string,
): Promise<void> {
  await database.inTenant(tenantId, async (tx) => {
    const [row] = await tx.query<{ tickets: number; audit_rows: number; replied: number; others: number }>(
      `select (select count(*) from tickets where tenant_id = $1) as tickets,
              (select count(*) from audit_events where tenant_id = $1) as audit_rows,
              (select count(*) from receipts where tenant_id = $1 and status = 'replied') as replied,
              (select count(*) from receipts where tenant_id = $1 and status in ('handled', 'reply_failed')) as others`,
      [tenantId],
    );
    sums.tickets += row?.tickets ?? 0;
    sums.auditRows += row?.audit_rows ?? 0;
    sums.repliedReceipts += row?.replied ?? 0;
    sums.otherReceipts += row?.others ?? 0;
    const chain = await verifyChain(tx, auditKeys);
    if (!chain.valid) throw new Error(`an audit chain is broken: ${JSON.stringify(chain)}`);
  });
}
