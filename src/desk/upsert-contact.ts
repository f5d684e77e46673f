/** Creates and mirrors contacts. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { findClient } from './client-queries.ts';
import { lockContactByExternalId } from './contact-queries.ts';
import { insertContact, updateContact } from './contact-store.ts';
import type { ContactRecord, Upserted } from './records.ts';
import { upsertRecord } from './upsert-record.ts';

/** In an upsert a field that is left out stays as it is; null empties it. */
export interface ContactInput {
  name: string;
  email?: string | null;
  clientId?: string | null;
}

/** @throws DeskbridgeError validation_error when the client is none of the tenant's */
export async function createContact(
  tx: Transaction,
  input: ContactInput & { externalId?: string },
  now: Date,
): Promise<ContactRecord> {
  const clientId = input.clientId ?? null;
  const contact: ContactRecord = {
    contactId: newId(),
    clientId,
    clientName: await clientName(tx, clientId),
    name: input.name,
    email: input.email ?? null,
    externalId: input.externalId ?? null,
    createdAt: now,
    updatedAt: now,
  };
  await insertContact(tx, contact);
  return contact;
}

/**
 * Creates the contact of another desk or changes the fields that are given.
 * @throws DeskbridgeError validation_error when the client is none of the tenant's
 */
export function upsertContact(
  tx: Transaction,
  externalId: string,
  input: ContactInput,
  now: Date,
): Promise<Upserted<ContactRecord>> {
  return upsertRecord<ContactRecord>(tx, {
    find: () => lockContactByExternalId(tx, externalId),
    create: () => createContact(tx, { ...input, externalId }, now),
    change: async (existing) => {
      const email = input.email === undefined ? existing.email : input.email;
      const clientId = input.clientId === undefined ? existing.clientId : input.clientId;
      const same = existing.name === input.name && existing.email === email && existing.clientId === clientId;
      if (same) return { record: existing, outcome: 'unchanged' };
      const named = { name: input.name, email, clientId, clientName: await clientName(tx, clientId) };
      const record = { ...existing, ...named, updatedAt: now };
      await updateContact(tx, record);
      return { record, outcome: 'updated' };
    },
  });
}

async function clientName(tx: Transaction, clientId: string | null): Promise<string | null> {
  if (clientId === null) return null;
  const client = await findClient(tx, clientId);
  if (client !== null) return client.name;
  throw new DeskbridgeError('validation_error', { fields: [{ path: 'client_id', message: 'is no client' }] });
}
