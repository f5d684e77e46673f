/** Reads of contacts. */
import { statement, type Transaction } from '../infra/database.ts';
import { containsPattern, ListConditions, type Page, type PageRequest, toPage } from '../infra/keyset.ts';
import { isUuid } from '../kernel/ids.ts';
import type { ContactRecord } from './records.ts';

const selectContact = `select k.contact_id as "contactId", k.client_id as "clientId", c.name as "clientName", k.name,
  k.email, k.external_id as "externalId", k.created_at as "createdAt", k.updated_at as "updatedAt"
  from contacts k left join clients c on c.tenant_id = $1 and c.client_id = k.client_id
  where k.tenant_id = $1`;

const byId = statement('contact-by-id', `${selectContact} and k.contact_id = $2`);
const byExternalId = statement(
  'contact-by-external-id',
  `${selectContact} and k.external_id = $2 for update of k`,
);
const byEmailOrName = statement(
  'contact-by-email-or-name',
  `${selectContact} and (lower(k.email) = lower($2) or lower(k.name) = lower($2))
    order by k.name, k.contact_id limit $3`,
);

export async function findContact(tx: Transaction, contactId: string): Promise<ContactRecord | null> {
  const [contact] = await tx.query<ContactRecord>(byId, [tx.tenantId, contactId]);
  return contact ?? null;
}

/** Locked until the transaction ends. */
export async function lockContactByExternalId(
  tx: Transaction,
  externalId: string,
): Promise<ContactRecord | null> {
  const [contact] = await tx.query<ContactRecord>(byExternalId, [tx.tenantId, externalId]);
  return contact ?? null;
}

/** Contacts whom a text names: by id, or by e-mail or whole name. */
export function findContacts(tx: Transaction, text: string, limit: number): Promise<ContactRecord[]> {
  if (isUuid(text)) return tx.query<ContactRecord>(byId, [tx.tenantId, text]);
  return tx.query<ContactRecord>(byEmailOrName, [tx.tenantId, text, limit]);
}

export interface ContactFilter {
  clientId?: string;
  /** Every word occurs in the name, the e-mail or the client's name. */
  text?: string;
}

/** Contacts newest first. */
export async function listContacts(
  tx: Transaction,
  filter: ContactFilter,
  page: PageRequest,
): Promise<Page<ContactRecord>> {
  const conditions = contactConditions(tx, filter);
  conditions.startAfter(page.after, 'k.created_at', 'k.contact_id');
  const limit = conditions.parameter(page.limit + 1);
  const rows = await tx.query<ContactRecord>(
    `${selectContact}${conditions.sql} order by k.created_at desc, k.contact_id desc limit ${limit}`,
    conditions.values,
  );
  return toPage(rows, page.limit, (contact) => ({ createdAt: contact.createdAt, id: contact.contactId }));
}

/** Contacts by name, by offset, for lists that a chat client pages by number. */
export function searchContacts(
  tx: Transaction,
  filter: ContactFilter,
  window: { skip: number; count: number },
): Promise<ContactRecord[]> {
  const conditions = contactConditions(tx, filter);
  const limit = conditions.parameter(window.count);
  const offset = conditions.parameter(window.skip);
  return tx.query<ContactRecord>(
    `${selectContact}${conditions.sql} order by k.name, k.contact_id limit ${limit} offset ${offset}`,
    conditions.values,
  );
}

function contactConditions(tx: Transaction, filter: ContactFilter): ListConditions {
  const conditions = new ListConditions(tx.tenantId);
  if (filter.clientId !== undefined) conditions.add((p) => `k.client_id = ${p}`, filter.clientId);
  const text = filter.text?.trim() ?? '';
  if (text !== '') {
    const patterns = text.split(/\s+/).map(containsPattern);
    conditions.add((p) => `concat_ws(' ', k.name, k.email, c.name) ilike all (${p}::text[])`, patterns);
  }
  return conditions;
}
