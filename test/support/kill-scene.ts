/** One person, one server that can be killed, and the facts that crash tests ask of its database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { verifyChain } from '../../src/audit/verify-chain.ts';
import type { Gesture, SeenMessage } from '../../src/kernel/simulated-chat.ts';
import type { TestDatabase } from './databases.ts';
import { type CommitProxy, startCommitProxy } from './kill-proxy.ts';
import { findPort, KillableServer } from './kill-server.ts';
import { createKillWorld, type KillWorld, type WorldPerson, type WorldTenant } from './kill-world.ts';
import { withoutNotifier } from './without-notifier.ts';

/** Everything that a command leaves behind, counted. */
export interface Traces {
  tickets: number;
  assignments: number;
  /** Results of the audit rows, in order. */
  audit: string[];
  /** States of the receipts, oldest first; further keys of an event, whose rows stay claimed, are left out. */
  receipts: string[];
  dueReplies: number;
}

export class KillScene {
  readonly world: KillWorld;
  readonly server: KillableServer;
  readonly proxy: CommitProxy;
  readonly tenant: WorldTenant;
  readonly by: WorldPerson;
  readonly #database: TestDatabase;

  /** @param folder removed with the run */
  static async open(platform: string, database: TestDatabase, folder: string): Promise<KillScene> {
    const size = { tenants: 1, peoplePerTenant: 1, ticketsPerTenant: 1 };
    const world = await createKillWorld({
      ownerUrl: database.ownerUrl,
      platform,
      name: database.name.slice(-8),
      ...size,
    });
    const proxy = await startCommitProxy(database.ownerUrl);
    const { secretKey } = world;
    const at = { databaseUrl: proxy.url, port: await findPort(), folder };
    const server = new KillableServer({
      ...at,
      secretKey,
      platform: { ...world.platform.environment, ...withoutNotifier },
    });
    world.connect(server.url);
    return new KillScene(database, world, proxy, server);
  }

  private constructor(database: TestDatabase, world: KillWorld, proxy: CommitProxy, server: KillableServer) {
    const [tenant] = world.tenants;
    const [by] = tenant?.people ?? [];
    if (tenant === undefined || by === undefined) throw new Error('the world is empty');
    this.#database = database;
    this.world = world;
    this.proxy = proxy;
    this.server = server;
    this.tenant = tenant;
    this.by = by;
  }

  /** The person types. */
  say(text: string): Promise<Gesture> {
    return this.world.chat.say(text, this.by.where);
  }

  /** The person uses the platform's command. */
  command(text: string): Promise<Gesture> {
    return this.world.chat.command(text, this.by.where);
  }

  press(message: SeenMessage, label: string): Promise<Gesture> {
    return this.world.chat.press(message, label, this.by.where);
  }

  /** What the person sees. */
  visible(): Promise<SeenMessage[]> {
    return this.world.chat.messages(this.by.where);
  }

  async traces(): Promise<Traces> {
    const sql = this.world.database.maintenance;
    const count = async (from: string) => (await sql.query(`select 1 from ${from}`)).length;
    const column = async (query: string) => (await sql.query<{ it: string }>(query)).map(({ it }) => it);
    return {
      tickets: (await count('tickets')) - this.tenant.tickets.length,
      assignments: await count("domain_events where type = 'assignment'"),
      audit: await column('select result as it from audit_events order by seq'),
      receipts: await column(
        "select status as it from receipts where status <> 'claimed' order by claimed_at",
      ),
      dueReplies: await count("due_work where kind = 'reply'"),
    };
  }

  /** Whether the audit's chain holds. */
  async chainHolds(): Promise<boolean> {
    const { database, auditKeys } = this.world;
    return (await database.inTenant(this.tenant.tenantId, (tx) => verifyChain(tx, auditKeys))).valid;
  }

  /** Sessions of the server, living or dead, that PostgreSQL still knows. @param waiting only those behind a lock */
  async sessions(waiting: boolean): Promise<number> {
    const rows = await this.world.database.maintenance.query(
      `select 1 from pg_stat_activity
        where datname = current_database() and usename like 'deskbridge_app_%' and pid <> pg_backend_pid()
          and state <> 'idle' ${waiting ? "and wait_event_type = 'Lock'" : ''}`,
    );
    return rows.length;
  }

  /**
   * Holds the lock that every mutation of the tenant takes last, and so stops the server before its commit.
   * @returns what lets go of it
   */
  async holdAuditHead(): Promise<() => Promise<void>> {
    const client = new Client({ connectionString: this.#database.ownerUrl });
    client.on('error', () => undefined); // dropped with the database
    await client.connect();
    await client.query('begin');
    await client.query('select 1 from audit_heads where tenant_id = $1 for update', [this.tenant.tenantId]);
    return async () => {
      await client.query('rollback');
      await client.end();
    };
  }

  async close(): Promise<void> {
    await this.server.kill();
    await this.proxy.close();
    await this.world.close();
    await this.#database.drop();
  }
}

/** Waits until it holds. @throws Error after `limitMs` */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  limitMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(20);
  }
}
