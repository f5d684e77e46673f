/** Checks that what a ticket refers to exists in the tenant, so that a wrong id is told by its field. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError, type FieldError } from '../kernel/errors.ts';
import { findClient } from './client-queries.ts';
import { findContact } from './contact-queries.ts';
import { findActivePerson } from './person-queries.ts';
import type { ContactRecord } from './records.ts';

/** Ids to check; null and absent ones are none. */
export interface TicketReferences {
  clientId?: string | null;
  contactId?: string | null;
  assigneeId?: string | null;
}

/**
 * Sends all look-ups at once.
 * @returns the contact, whose client the ticket takes when it names none
 * @throws DeskbridgeError validation_error naming `client_id`, `contact_id` or `assignee_id`
 */
export async function checkReferences(
  tx: Transaction,
  references: TicketReferences,
): Promise<ContactRecord | null> {
  const { clientId = null, contactId = null, assigneeId = null } = references;
  const [client, contact, assignee] = await Promise.all([
    clientId === null ? null : findClient(tx, clientId),
    contactId === null ? null : findContact(tx, contactId),
    assigneeId === null ? null : findActivePerson(tx, assigneeId),
  ]);
  const fields: FieldError[] = [];
  if (clientId !== null && client === null) fields.push({ path: 'client_id', message: 'is no client' });
  if (contactId !== null && contact === null) fields.push({ path: 'contact_id', message: 'is no contact' });
  if (assigneeId !== null && assignee === null) {
    fields.push({ path: 'assignee_id', message: 'is no active user' });
  }
  if (contact !== null && clientId !== null && contact.clientId !== null && contact.clientId !== clientId) {
    fields.push({ path: 'contact_id', message: 'belongs to another client' });
  }
  if (fields.length > 0) throw new DeskbridgeError('validation_error', { fields });
  return contact;
}
