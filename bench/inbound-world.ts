/** Who speaks in the inbound benchmark: the same organizations and people for the load, the server and the count. */
import { createHash } from 'node:crypto';
import { createPerson, type SimulatedPerson, stableGuid } from '../bots/teams/simulator/people.ts';
import { AuditKeys } from '../src/audit/audit-keys.ts';
import { verifyChain } from '../src/audit/verify-chain.ts';
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

/** One app serves every tenant, as one bot in Teams serves many organizations. */
export const benchApp = { appId: stableGuid('benchmark app'), clientSecret: 'secret of the benchmark app' };
export const secretKey = createHash('sha256').update('benchmark').digest();

export type TenantCount = 1 | 20;
export const tenantCounts: readonly TenantCount[] = [1, 20];

/**
 * People of each set-up, in all its tenants together. More than a round has requests, so that no conversation speaks
 * twice in a round: a reference that was written a moment ago is not written again, which would flatter the figures.
 */
const peoplePerSetup = 10_000;
/** Inserts that travel together. */
const peopleAtOnce = 500;

export interface BenchTenant {
  slug: string;
  organization: string;
  people: SimulatedPerson[];
}

/** The tenants of a set-up; those of one are not those of the other. */
export function benchTenants(count: TenantCount): BenchTenant[] {
  return Array.from({ length: count }, (_, index) => {
    const slug = `bench-${count}-${index}`;
    const people = Array.from({ length: peoplePerSetup / count }, (_person, number) =>
      createPerson(`${slug}-${number}`, `Person ${number}`),
    );
    return { slug, organization: stableGuid(`organization ${slug}`), people };
  });
}

/** What the database holds after a run. */
export interface Tally {
  tickets: number;
  auditRows: number;
  repliedReceipts: number;
  otherReceipts: number;
}

export interface BenchWorld {
  /**
   * What autovacuum does to a database within its first minutes. A plan that was made while a table was empty reads the
   * whole table, and a connection keeps it until the table is analyzed.
   */
  settle(): Promise<void>;
  /** Counts over every tenant, and verifies every audit chain. @throws Error for a chain that is not whole */
  tally(): Promise<Tally>;
  close(): Promise<void>;
}

/** Migrates the database and fills it by the product's own verbs. */
export async function createBenchWorld(ownerUrl: string): Promise<BenchWorld> {
  const secrets = new SecretBox([secretKey]);
  await migrate({ ownerUrl, log: silentLog });
  const appUrl = await ensureAppRole(ownerUrl, secrets);
  const database = new Database({ appUrl, ownerUrl, poolSize: 2, log: silentLog });
  const auditKeys = new AuditKeys(secrets);
  const tenantIds: string[] = [];
  for (const tenant of tenantCounts.flatMap(benchTenants)) {
    const tenantId = newId();
    tenantIds.push(tenantId);
    const registrationId = await database.inTenant(tenantId, (tx) => enrol(tx, auditKeys, secrets, tenant));
    for (let first = 0; first < tenant.people.length; first += peopleAtOnce) {
      const people = tenant.people.slice(first, first + peopleAtOnce);
      await database.inTenant(
        tenantId,
        (tx) => Promise.all(people.map((person) => insertPerson(tx, registrationId, person))),
        { durable: false },
      );
    }
  }
  return {
    settle: async () => {
      await database.maintenance.execute('vacuum (analyze)');
    },
    tally: async () => {
      const sums: Tally = { tickets: 0, auditRows: 0, repliedReceipts: 0, otherReceipts: 0 };
      for (const tenantId of tenantIds) await addTenant(sums, database, auditKeys, tenantId);
      return sums;
    },
    close: () => database.close(),
  };
}

async function enrol(
  tx: Transaction,
  auditKeys: AuditKeys,
  secrets: SecretBox,
  tenant: BenchTenant,
): Promise<string> {
  const { slug, organization } = tenant;
  const now = new Date();
  await createTenant(tx, auditKeys, { tenantId: tx.tenantId, slug, name: slug }, now);
  const { registrationId } = await addRegistration(
    tx,
    secrets,
    {
      platform: 'teams',
      name: slug,
      appId: benchApp.appId,
      organization,
      options: { app_type: 'single_tenant', cloud: 'public' },
      credentials: { client_secret: benchApp.clientSecret },
      status: 'active',
    },
    { kind: 'system', id: 'benchmark' },
    now,
  );
  return registrationId;
}

async function insertPerson(tx: Transaction, registrationId: string, person: SimulatedPerson): Promise<void> {
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
  const link = insertLink(tx, {
    link_id: newId(),
    user_id: userId,
    registration_id: registrationId,
    platform_user_id: person.aadObjectId,
    created_at: now,
  });
  await Promise.all([user, link]);
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
              (select count(*) from receipts where tenant_id = $1 and status <> 'replied') as others`,
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
