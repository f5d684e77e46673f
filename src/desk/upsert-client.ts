/** Creates and mirrors clients. */
import type { Transaction } from '../infra/database.ts';
import { newId } from '../kernel/ids.ts';
import { lockClientByExternalId } from './client-queries.ts';
import { insertClient, updateClient } from './client-store.ts';
import type { ClientRecord, Upserted } from './records.ts';
import { upsertRecord } from './upsert-record.ts';

export interface ClientInput {
  name: string;
}

/** Creates a client; names need not be unique. */
export async function createClient(
  tx: Transaction,
  input: ClientInput & { externalId?: string },
  now: Date,
): Promise<ClientRecord> {
  const client: ClientRecord = {
    clientId: newId(),
    name: input.name,
    externalId: input.externalId ?? null,
    createdAt: now,
    updatedAt: now,
  };
  await insertClient(tx, client);
  return client;
}

/** Creates the client of another desk or renames it. */
export function upsertClient(
  tx: Transaction,
  externalId: string,
  input: ClientInput,
  now: Date,
): Promise<Upserted<ClientRecord>> {
  return upsertRecord<ClientRecord>(tx, {
    find: () => lockClientByExternalId(tx, externalId),
    create: () => createClient(tx, { ...input, externalId }, now),
    change: async (existing) => {
      if (existing.name === input.name) return { record: existing, outcome: 'unchanged' };
      const record = { ...existing, name: input.name, updatedAt: now };
      await updateClient(tx, record);
      return { record, outcome: 'updated' };
    },
  });
}
