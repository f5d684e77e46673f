/** A migrated database with tenants, people and conversations, as the desk's and the actions' tests need them. */
import { randomBytes } from 'node:crypto';
import type { ActionContext, ActionResult, Actor } from '../../../src/actions/define-action.ts';
import { actions } from '../../../src/actions/registry.ts';
import { rememberList } from '../../../src/conversations/list-views.ts';
import { createTicket, type TicketInput } from '../../../src/desk/create-ticket.ts';
import type { TicketRecord } from '../../../src/desk/records.ts';
import { seedDesk } from '../../../src/desk/seed-desk.ts';
import { ensureAppRole } from '../../../src/infra/app-role.ts';
import { Database, type Transaction } from '../../../src/infra/database.ts';
import { SecretBox } from '../../../src/infra/secret-box.ts';
import type { SourceMessage, Surface } from '../../../src/kernel/activity.ts';
import { newId } from '../../../src/kernel/ids.ts';
import type { Log } from '../../../src/kernel/ports.ts';
import { capabilitiesOf, type Role } from '../../../src/tenants/capabilities.ts';
import { LinkCodes } from '../../../src/tenants/links.ts';
import { insertUser } from '../../../src/tenants/user-store.ts';
import { translator } from '../../../src/words/index.ts';
import { createTestDatabase } from '../../support/databases.ts';

export const now = new Date('2026-11-20T09:00:00.000Z');

export const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export async function openDesk(): Promise<{ database: Database; close(): Promise<void> }> {
  const test = await createTestDatabase();
  const appUrl = await ensureAppRole(test.ownerUrl, new SecretBox([randomBytes(32)]));
  const database = new Database({ appUrl, ownerUrl: test.ownerUrl, log: silent });
  return {
    database,
    close: async () => {
      await database.close();
      await test.drop();
    },
  };
}

/** A tenant with the default board. */
export class TestTenant {
  readonly tenantId = newId();
  readonly conversationId = newId();
  readonly #database: Database;
  readonly #registrationId = newId();

  private constructor(database: Database) {
    this.#database = database;
  }

  static async create(database: Database): Promise<TestTenant> {
    const tenant = new TestTenant(database);
    await tenant.within(async (tx) => {
      await seedDesk(tx, now);
      await tenant.#addConversation(tx);
    });
    return tenant;
  }

  within<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#database.inTenant(this.tenantId, work);
  }

  async person(
    name: string,
    options: { role?: Role; active?: boolean; email?: string } = {},
  ): Promise<Actor> {
    const { role = 'technician', active = true } = options;
    const email = options.email ?? `${name.toLowerCase().replaceAll(' ', '.')}@acme.test`;
    const user = {
      user_id: newId(),
      name,
      email,
      roles: [role],
      status: active ? ('active' as const) : ('deactivated' as const),
      locale: null,
      time_zone: 'Europe/Berlin',
      external_id: null,
      created_at: now,
    };
    await this.within((tx) => insertUser(tx, user));
    return {
      userId: user.user_id,
      name,
      email,
      locale: null,
      timeZone: user.time_zone,
      roles: [role],
      capabilities: capabilitiesOf([role]),
    };
  }

  ticket(input: Partial<TicketInput> = {}, at: Date = now): Promise<TicketRecord> {
    const change = { actorUserId: null, now: at };
    return this.within((tx) => createTicket(tx, { title: 'Printer is jammed', ...input }, change));
  }

  /** What `actor` would see after a list with these records. */
  async hasSeen(actor: Actor, kind: 'ticket' | 'approval', ids: string[], at: Date = now): Promise<void> {
    const viewer = {
      conversationId: this.conversationId,
      registrationId: this.#registrationId,
      platformUserId: actor.userId,
      isGroup: false,
    };
    await this.within(async (tx) => rememberList(tx, viewer, { kind, ids, now: at }));
  }

  context(tx: Transaction, actor: Actor | null, options: ContextOptions = {}): ActionContext {
    const { surface = 'bot', source = null } = options;
    const onChat = surface !== 'api';
    return {
      tx,
      now: options.now ?? now,
      tenant: { tenantId: this.tenantId, slug: 'acme', name: 'Acme' },
      actor,
      surface,
      chat: onChat
        ? {
            registrationId: this.#registrationId,
            platform: 'teams',
            platformUserId: actor?.userId ?? 'stranger',
            platformUserName: actor?.name ?? null,
            conversationId: this.conversationId,
            isGroup: false,
            source,
          }
        : null,
      say: translator('en'),
      linkCodes: new LinkCodes('a key of the tests'),
      ticketUrl: ({ number, url }) => url ?? `https://desk.test/t/acme/tickets/${number}`,
      isSwitchedOn: (action) => action.surfaces.includes(surface),
      nonce: () => newId(),
    };
  }

  /** Runs an action as the pipeline does after its policy checks: schema, target, permission, work. */
  run(actor: Actor, action: string, input: object, options: ContextOptions = {}): Promise<ActionResult> {
    return this.within((tx) =>
      tx.savepoint(async () => {
        const definition = actions.find((candidate) => candidate.id === action);
        if (definition === undefined) throw new Error(`no action ${action}`);
        const context = this.context(tx, actor, options);
        const parsed = definition.input.parse(input) as never;
        const resolved = await definition.resolve?.(context, parsed);
        const { permission } = definition;
        if (permission !== null && !actor.capabilities.has(permission))
          throw new Error('the pipeline refuses');
        return definition.run(context, parsed, resolved?.record as never);
      }),
    );
  }

  /** Types and data of the domain events, oldest first. */
  events(): Promise<{ type: string; target_id: string; data: Record<string, unknown> }[]> {
    return this.within((tx) =>
      tx.query('select type, target_id, data from domain_events where tenant_id = $1 order by event_id', [
        tx.tenantId,
      ]),
    );
  }

  async eventTypes(): Promise<string[]> {
    return (await this.events()).map((event) => event.type);
  }

  async #addConversation(tx: Transaction): Promise<void> {
    await tx.execute(
      'insert into bot_registrations (tenant_id, registration_id, version, created_at) values ($1, $2, 1, $3)',
      [tx.tenantId, this.#registrationId, now],
    );
    await tx.execute(
      `insert into conversations (tenant_id, conversation_id, registration_id, platform, platform_conversation_id,
         person_key, type, organization, state, last_activity_at, created_at)
       values ($1, $2, $3, 'teams', 'c1', '', 'group', 'org', 'active', $4, $4)`,
      [tx.tenantId, this.conversationId, this.#registrationId, now],
    );
  }
}

export interface ContextOptions {
  surface?: Surface;
  now?: Date;
  source?: SourceMessage | null;
}

/** The code of the DeskbridgeError, or of the question, that the work ends in; `none` when it succeeds. */
export async function outcomeCode(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== 'string') throw error;
    return code;
  }
}
