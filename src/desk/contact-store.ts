/** Writes of contacts. */
import { statement, type Transaction } from '../infra/database.ts';
import type { ContactRecord } from './records.ts';

const insert = statement(
  'contact-insert',
  `insert into contacts (tenant_id, contact_id, client_id, name, email, external_id, created_at, updated_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8)`,
);
const update = statement(
  'contact-update',
  `update contacts set client_id = $3, name = $4, email = $5, updated_at = $6
   where tenant_id = $1 and contact_id = $2`,
);

export async function insertContact(tx: Transaction, contact: ContactRecord): Promise<void> {
  const { contactId, clientId, name, email, externalId, createdAt, updatedAt } = contact;
  await tx.execute(insert, [tx.tenantId, contactId, clientId, name, email, externalId, createdAt, updatedAt]);
}

export async function updateContact(tx: Transaction, contact: ContactRecord): Promise<void> {
  const { contactId, clientId, name, email, updatedAt } = contact;
  await tx.execute(update, [tx.tenantId, contactId, clientId, name, email, updatedAt]);
}
