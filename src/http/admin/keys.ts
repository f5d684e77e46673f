/** API keys of a tenant: each carries one role and is shown once. */
import { z } from 'zod';
import { requiredLine } from '../../actions/input-fields.ts';
import { toPage } from '../../infra/keyset.ts';
import { createApiKey } from '../../tenants/api-keys.ts';
import { roles } from '../../tenants/capabilities.ts';
import { type ApiKeyRow, listKeys, readKey, revokeKey } from '../../tenants/key-store.ts';
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
  toPageRequest,
} from '../route.ts';

const apiKey = z.object({
  key_id: id,
  name: z.string(),
  role: z.enum(roles),
  created_at: instant,
  revoked_at: instant.nullable(),
});

function present(row: ApiKeyRow) {
  return {
    key_id: row.key_id,
    name: row.name,
    role: row.role,
    created_at: row.created_at.toISOString(),
    revoked_at: row.revoked_at?.toISOString() ?? null,
  };
}

const path = '/v1/tenants/{tenant}/keys';
const tag = 'Keys';

export const keyRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Make a key; the answer alone shows it',
    capability: 'key:manage',
    action: 'key.create',
    body: z.strictObject({ name: requiredLine(200), role: z.enum(roles) }),
    response: apiKey.extend({ key: z.string() }),
    status: 201,
    handle: async (tx, { body, now }) => {
      const { row, key } = createApiKey(tx, body, now);
      return { body: { ...present(row), key }, target: { kind: 'key', id: row.key_id } };
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List keys, newest first, revoked ones too',
    capability: 'key:read',
    query: pageQuery,
    response: listOf(apiKey),
    handle: async (tx, { query }) => {
      const rows = await listKeys(tx, toPageRequest(query));
      const page = toPage(rows, query.limit, (row) => ({ createdAt: row.created_at, id: row.key_id }));
      return { items: page.items.map(present), next_cursor: page.nextCursor };
    },
  }),
  mutationRoute({
    method: 'delete',
    path: `${path}/{key_id}`,
    tag,
    summary: 'Revoke a key; another process may still take it for two seconds',
    capability: 'key:manage',
    action: 'key.revoke',
    response: z.null(),
    status: 204,
    handle: async (tx, { params, now }) => {
      const keyId = idIn(params, 'key_id');
      // A key that is revoked already stays so: the same request again is no mistake.
      if (!(await revokeKey(tx, keyId, now))) found(await readKey(tx, keyId));
      return { body: null, target: { kind: 'key', id: keyId }, keysChanged: true };
    },
  }),
];
