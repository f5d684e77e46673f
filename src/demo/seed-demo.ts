/** Makes the demo tenant, once, in one transaction; it leaves no audit rows and raises no events. */
import { randomBytes } from 'node:crypto';
import type { AuditKeys } from '../audit/audit-keys.ts';
import { newNote } from '../desk/add-note.ts';
import { listBoards, listStatuses } from '../desk/board-queries.ts';
import { writeTicket } from '../desk/create-ticket.ts';
import { insertNote } from '../desk/note-store.ts';
import type { TicketRecord } from '../desk/records.ts';
import { writeApproval } from '../desk/request-approval.ts';
import { createClient } from '../desk/upsert-client.ts';
import { createContact } from '../desk/upsert-contact.ts';
import type { Database, Transaction } from '../infra/database.ts';
import type { SecretBox } from '../infra/secret-box.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { newId } from '../kernel/ids.ts';
import type { Clock } from '../kernel/ports.ts';
import { addRegistration } from '../registrations/change-registration.ts';
import { listRegistrations } from '../registrations/registration-store.ts';
import { createTenant } from '../tenants/create-tenant.ts';
import { insertLink } from '../tenants/link-store.ts';
import { findTenant } from '../tenants/tenant-store.ts';
import { insertUser, listUsers } from '../tenants/user-store.ts';
import {
  type DemoPerson,
  type DemoTicket,
  demoApprovals,
  demoClients,
  demoLark,
  demoPeople,
  demoSlack,
  demoSlug,
  demoTeams,
  demoTickets,
} from './demo-data.ts';

export interface SeedDependencies {
  database: Database;
  auditKeys: AuditKeys;
  secrets: SecretBox;
  clock: Clock;
}

const hourMs = 3_600_000;

/** One of the demo's registrations, as it is made. */
interface DemoRegistration {
  platform: string;
  name: string;
  appId: string;
  organization: string;
  options: JsonObject;
  credentials: JsonObject;
  /** The person's id there. */
  idOf: (person: DemoPerson) => string;
}

/** @returns the id of the demo tenant, which is made when it is missing */
export async function seedDemo(deps: SeedDependencies): Promise<string> {
  const existing = await findTenant(deps.database.directory, { slug: demoSlug });
  if (existing !== null) {
    await addMissingPlatforms(deps, existing.tenant_id);
    return existing.tenant_id;
  }
  const tenantId = newId();
  const now = deps.clock.now();
  await deps.database.inTenant(tenantId, async (tx) => {
    const settings = { group_chat: true };
    await createTenant(tx, deps.auditKeys, { tenantId, slug: demoSlug, name: 'Demo Desk', settings }, now);
    const people = await seedPeople(tx, now);
    for (const registration of demoRegistrations()) {
      await seedRegistration(deps, tx, registration, people, now);
    }
    const contacts = await seedClients(tx, now);
    const tickets = await seedTickets(tx, { people, contacts, now });
    await seedApprovals(tx, { people, tickets, now });
  });
  return tenantId;
}

/** Each with fresh secrets, which nobody but this installation's own simulators ever gets. */
function demoRegistrations(): DemoRegistration[] {
  return [
    {
      platform: 'teams',
      name: 'Demo bot for Microsoft Teams',
      ...demoTeams,
      options: { app_type: 'single_tenant', cloud: 'public' },
      credentials: { client_secret: secret() },
      idOf: (person) => person.aadObjectId,
    },
    {
      platform: 'slack',
      name: 'Demo bot for Slack',
      ...demoSlack,
      options: {},
      credentials: { signing_secret: randomBytes(16).toString('hex'), bot_token: `xoxb-demo-${secret()}` },
      idOf: (person) => person.slackUserId,
    },
    {
      platform: 'lark',
      name: 'Demo bot for Lark',
      ...demoLark,
      options: { app_type: 'custom', domain: 'lark' },
      credentials: { app_secret: secret(), encrypt_key: secret(), verification_token: secret() },
      idOf: (person) => person.larkOpenId,
    },
  ];
}

/** A demo that an earlier version made gets the platforms that came since. */
async function addMissingPlatforms(deps: SeedDependencies, tenantId: string): Promise<void> {
  await deps.database.inTenant(tenantId, async (tx) => {
    const present = await listRegistrations(tx, { limit: 200, after: null });
    const people = new Map<string, string>();
    for (const { key, email } of demoPeople) {
      const [user] = await listUsers(tx, { limit: 1, after: null, email });
      if (user !== undefined) people.set(key, user.user_id);
    }
    for (const registration of demoRegistrations()) {
      // One that was retired stays so.
      if (present.some(({ platform }) => platform === registration.platform)) continue;
      await seedRegistration(deps, tx, registration, people, deps.clock.now());
    }
  });
}

async function seedRegistration(
  deps: SeedDependencies,
  tx: Transaction,
  { idOf, ...registration }: DemoRegistration,
  people: ReadonlyMap<string, string>,
  now: Date,
): Promise<void> {
  const system = { kind: 'system' as const, id: 'demo' };
  const input = { ...registration, status: 'active' as const };
  const { registrationId } = await addRegistration(tx, deps.secrets, input, system, now);
  for (const person of demoPeople) {
    const userId = people.get(person.key);
    if (userId === undefined) continue;
    await insertLink(tx, {
      link_id: newId(),
      user_id: userId,
      registration_id: registrationId,
      platform_user_id: idOf(person),
      created_at: now,
    });
  }
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}

/** @returns user ids by key */
async function seedPeople(tx: Transaction, now: Date): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const person of demoPeople) {
    const userId = newId();
    ids.set(person.key, userId);
    await insertUser(tx, {
      user_id: userId,
      name: person.name,
      email: person.email,
      roles: person.roles,
      status: 'active',
      locale: null,
      time_zone: person.timeZone,
      external_id: null,
      created_at: now,
    });
  }
  return ids;
}

/** @returns ids of contact and client by the contact's name */
async function seedClients(
  tx: Transaction,
  now: Date,
): Promise<Map<string, { contactId: string; clientId: string }>> {
  const contacts = new Map<string, { contactId: string; clientId: string }>();
  for (const { name, contacts: people } of demoClients) {
    const { clientId } = await createClient(tx, { name }, now);
    for (const person of people) {
      const { contactId } = await createContact(tx, { ...person, clientId }, now);
      contacts.set(person.name, { contactId, clientId });
    }
  }
  return contacts;
}

interface DeskFacts {
  people: Map<string, string>;
  contacts: Map<string, { contactId: string; clientId: string }>;
  now: Date;
}

/** @returns tickets by title */
async function seedTickets(tx: Transaction, facts: DeskFacts): Promise<Map<string, TicketRecord>> {
  const [board] = (await listBoards(tx, { limit: 1, after: null })).items;
  const statuses = board === undefined ? [] : await listStatuses(tx, board.boardId);
  const statusIds = new Map(statuses.map((status) => [status.kind, status.statusId]));
  const tickets = new Map<string, TicketRecord>();
  for (const ticket of demoTickets) {
    const record = await seedTicket(tx, ticket, statusIds.get(ticket.status) ?? null, facts);
    tickets.set(ticket.title, record);
  }
  return tickets;
}

async function seedTicket(
  tx: Transaction,
  ticket: DemoTicket,
  statusId: string | null,
  facts: DeskFacts,
): Promise<TicketRecord> {
  const { people, contacts, now } = facts;
  const createdAt = new Date(now.getTime() - ticket.ageHours * hourMs);
  const assigneeId = ticket.assignee === null ? null : (people.get(ticket.assignee) ?? null);
  const record = await writeTicket(
    tx,
    {
      title: ticket.title,
      description: ticket.description,
      priority: ticket.priority,
      statusId,
      assigneeId,
      ...contacts.get(ticket.contact),
      dueAt: ticket.dueHours === null ? null : new Date(now.getTime() + ticket.dueHours * hourMs),
    },
    { actorUserId: null, now: createdAt },
  );
  if (ticket.note !== undefined && assigneeId !== null) {
    const author = { userId: assigneeId, name: '' };
    const at = new Date(createdAt.getTime() + hourMs / 2);
    await insertNote(tx, newNote({ ticket: record, kind: 'internal_note', text: ticket.note, author }, at));
  }
  return record;
}

async function seedApprovals(
  tx: Transaction,
  facts: { people: Map<string, string>; tickets: Map<string, TicketRecord>; now: Date },
): Promise<void> {
  for (const approval of demoApprovals) {
    const input = {
      title: approval.title,
      description: approval.description,
      ticketId: facts.tickets.get(approval.ticket)?.ticketId ?? null,
      requesterId: facts.people.get(approval.requester) ?? null,
      approverId: facts.people.get(approval.approver) ?? '',
      status: 'pending' as const,
      comment: null,
    };
    await writeApproval(tx, input, facts.now);
  }
}
