/** What the inbound benchmark needs to know of a platform: its app and people, what is typed, and who answers it besides us. */
import type { JsonObject } from '../src/kernel/canonical-json.ts';

export type TenantCount = 1 | 20;
export const tenantCounts: readonly TenantCount[] = [1, 20];

/** What people type: a command that changes data, or a question. */
export type WorkloadId = 'new-ticket' | 'my-tickets';

export interface Workload {
  id: WorkloadId;
  /** Beside a bare echo of the vendor's SDK, by number of tenants; 1 beside anybody else. */
  goals: Record<TenantCount, number>;
}

/** Another bot on the same platform, in a process of its own, which echoes what it hears. */
export interface Peer {
  id: string;
  /** In the results file. */
  title: string;
  /** The program, beside the platform's `setup.ts`. */
  file: string;
  /** Where it takes the platform's requests. */
  path: string;
  /** Nothing but the vendor's SDK: the workload's own goals are meant for it. */
  bare: boolean;
  /** It acknowledges when it has replied; who does so before says nothing by it, and is measured by replies alone. */
  acknowledgesLast: boolean;
  /** It keeps what it knows in PostgreSQL, in a database of its own; the database's CPU is its own too, then. */
  usesDatabase: boolean;
  environment(place: { platformUrl: string; databaseUrl: string }): Record<string, string>;
}

/** A platform's part of the benchmark. One app serves every tenant, as one bot serves many organizations. */
export interface InboundPlatform {
  id: string;
  appId: string;
  workloads: readonly Workload[];
  peers: readonly Peer[];
  /** The organization on the platform of a tenant with this slug. */
  organizationOf(slug: string): string;
  /** What a person is linked by. */
  platformUserId(key: string): string;
  /** Of an organization's registration. */
  registration(organization: string): { options: JsonObject; credentials: JsonObject };
  /** Where Deskbridge takes the platform's requests. @param registrationId any registration of the app */
  path(registrationId: string): string;
  /** Deskbridge's settings that lead it to the fake platform. */
  settings(platformUrl: string): Record<string, string>;
}

/** A person who can type, before the platform made ids of the key. */
export interface BenchPerson {
  key: string;
  name: string;
}

export interface BenchTenant {
  slug: string;
  people: BenchPerson[];
}

/**
 * People of each set-up, in all its tenants together. More than a round has requests, so that no conversation speaks
 * twice in a round: a reference that was written a moment ago is not written again, which would flatter the figures.
 */
const peoplePerSetup = 10_000;

/** The tenants of a set-up; those of one are not those of the other. */
export function benchTenants(count: TenantCount): BenchTenant[] {
  return Array.from({ length: count }, (_, index) => {
    const slug = `bench-${count}-${index}`;
    const people = Array.from({ length: peoplePerSetup / count }, (_person, number) => ({
      key: `${slug}-${number}`,
      name: `Person ${number}`,
    }));
    return { slug, people };
  });
}

/** A word in the title of the person's own tickets that no other person's have; letters and digits alone, which nobody escapes. */
export function ownMark(key: string): string {
  return `own${key.replaceAll('-', 'x')}x`;
}
