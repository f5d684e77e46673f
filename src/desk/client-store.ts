/** Writes of clients. */
import { statement, type Transaction } from '../infra/database.ts';
import type { ClientRecord } from './records.ts';

const insert = statement(
  'client-insert',
  `insert into clients (tenant_id, client_id, name, external_id, created_at, updated_at)
   values ($1, $2, $3, $4, $5, $6)`,
);
const update = statement(
  'client-update',
  'update clients set name = $3, updated_at = $4 where tenant_id = $1 and client_id = $2',
);

export async function insertClient(tx: Transaction, client: ClientRecord): Promise<void> {
  const { clientId, name, externalId, createdAt, updatedAt } = client;
  await tx.execute(insert, [tx.tenantId, clientId, name, externalId, createdAt, updatedAt]);
}

export async function updateClient(tx: Transaction, client: ClientRecord): Promise<void> {
  await tx.execute(update, [tx.tenantId, client.clientId, client.name, client.updatedAt]);
}
