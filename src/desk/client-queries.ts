/** Reads of clients. */
import { statement, type Transaction } from '../infra/database.ts';
import { ListConditions, type Page, type PageRequest, prefixPattern, toPage } from '../infra/keyset.ts';
import { isUuid } from '../kernel/ids.ts';
import type { ClientRecord } from './records.ts';

const selectClient = `select client_id as "clientId", name, external_id as "externalId", created_at as "createdAt",
  updated_at as "updatedAt" from clients where tenant_id = $1`;

const byId = statement('client-by-id', `${selectClient} and client_id = $2`);
const byExternalId = statement('client-by-external-id', `${selectClient} and external_id = $2 for update`);
const byName = statement(
  'client-by-name',
  `${selectClient} and lower(name) = lower($2) order by name, client_id limit $3`,
);
const byPrefix = statement(
  'client-by-prefix',
  `${selectClient} and name ilike $2 order by name, client_id limit $3`,
);

/** Shorter beginnings of a name mean nothing: `new ticket no answer for a week` names no client. */
const leastPrefix = 3;

export async function findClient(tx: Transaction, clientId: string): Promise<ClientRecord | null> {
  const [client] = await tx.query<ClientRecord>(byId, [tx.tenantId, clientId]);
  return client ?? null;
}

/** Locked until the transaction ends. */
export async function lockClientByExternalId(
  tx: Transaction,
  externalId: string,
): Promise<ClientRecord | null> {
  const [client] = await tx.query<ClientRecord>(byExternalId, [tx.tenantId, externalId]);
  return client ?? null;
}

/** Clients whom a text may mean: by id; else by the whole name; else by its beginning. The first that finds decides. */
export async function findClients(tx: Transaction, text: string, limit: number): Promise<ClientRecord[]> {
  if (isUuid(text)) return tx.query<ClientRecord>(byId, [tx.tenantId, text]);
  const prefixed = text.length >= leastPrefix;
  const [named, begun] = await Promise.all([
    tx.query<ClientRecord>(byName, [tx.tenantId, text, limit]),
    prefixed ? tx.query<ClientRecord>(byPrefix, [tx.tenantId, prefixPattern(text), limit]) : [],
  ]);
  return named.length > 0 ? named : begun;
}

/** Clients newest first. */
export async function listClients(tx: Transaction, page: PageRequest): Promise<Page<ClientRecord>> {
  const conditions = new ListConditions(tx.tenantId);
  conditions.startAfter(page.after, 'created_at', 'client_id');
  const limit = conditions.parameter(page.limit + 1);
  const rows = await tx.query<ClientRecord>(
    `${selectClient}${conditions.sql} order by created_at desc, client_id desc limit ${limit}`,
    conditions.values,
  );
  return toPage(rows, page.limit, (client) => ({ createdAt: client.createdAt, id: client.clientId }));
}
