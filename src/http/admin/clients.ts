/** The desk's clients. */
import { z } from 'zod';
import { requiredLine } from '../../actions/input-fields.ts';
import { findClient, listClients } from '../../desk/client-queries.ts';
import { clientItem } from '../../desk/record-items.ts';
import { createClient, upsertClient } from '../../desk/upsert-client.ts';
import {
  found,
  id,
  idIn,
  instant,
  listOf,
  mutationRoute,
  pageQuery,
  type Route,
  readRoute,
  toDeskPage,
} from '../route.ts';
import { created, upserted } from './desk-answers.ts';
import { externalId, externalIdIn, given } from './fields.ts';

const client = z.object({
  client_id: id,
  name: z.string(),
  external_id: z.string().nullable(),
  created_at: instant,
  updated_at: instant,
});

const fields = { name: requiredLine(200) };
const path = '/v1/tenants/{tenant}/clients';
const tag = 'Desk';

export const clientRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Add a client',
    capability: 'desk:manage',
    action: 'client.create',
    body: z.strictObject({ ...fields, external_id: externalId.optional() }),
    response: client,
    status: 201,
    handle: async (tx, { body, now }) => {
      const input = { name: body.name, ...given({ externalId: body.external_id }) };
      const record = await createClient(tx, input, now);
      return created('client', record.clientId, clientItem(record));
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List clients, newest first',
    capability: 'client:read',
    query: pageQuery,
    response: listOf(client),
    handle: async (tx, { query }) => {
      const page = await listClients(tx, toDeskPage(query));
      return { items: page.items.map(clientItem), next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: `${path}/{client_id}`,
    tag,
    summary: 'Read a client',
    capability: 'client:read',
    response: client,
    handle: async (tx, { params }) => clientItem(found(await findClient(tx, idIn(params, 'client_id')))),
  }),
  mutationRoute({
    method: 'put',
    path: `${path}/by-external-id/{external_id}`,
    tag,
    summary: 'Mirror a client of another desk; 201 when it is new',
    capability: 'desk:manage',
    action: 'client.upsert',
    body: z.strictObject(fields),
    response: client,
    handle: async (tx, { params, body, now }) => {
      const { record, outcome } = await upsertClient(tx, externalIdIn(params), body, now);
      return upserted('client', record.clientId, clientItem(record), outcome);
    },
  }),
];
