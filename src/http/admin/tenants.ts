/** Tenants: made, listed and suspended by operators; each readable by its own keys. */
import { z } from 'zod';
import { recordAudit } from '../../audit/record-audit.ts';
import { toPage } from '../../infra/keyset.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { createTenant } from '../../tenants/create-tenant.ts';
import { listTenants, type TenantRow, updateTenant } from '../../tenants/tenant-store.ts';
import {
  id,
  instant,
  listOf,
  mutationRoute,
  operatorRoute,
  pageQuery,
  type Route,
  readRoute,
  toPageRequest,
} from '../route.ts';

const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and hyphens')
  // A slug that looks like an id could never be told from one.
  .refine((text) => !/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(text), 'must not look like an id');
const name = z.string().trim().min(1).max(200);

const tenant = z.object({
  tenant_id: id,
  slug,
  name,
  status: z.enum(['active', 'suspended']),
  created_at: instant,
});

function present(row: TenantRow) {
  return {
    tenant_id: row.tenant_id,
    slug: row.slug,
    name: row.name,
    status: row.status,
    created_at: row.created_at.toISOString(),
  };
}

export const tenantRoutes: Route[] = [
  operatorRoute({
    method: 'post',
    path: '/v1/tenants',
    tag: 'Tenants',
    summary: 'Create a tenant',
    capability: 'operator',
    body: z.strictObject({ slug, name }),
    response: tenant,
    status: 201,
    handle: async (_directory, { services, principal, body, now }) => {
      const tenantId = newId();
      const row = await services.database.inTenant(tenantId, async (tx) => {
        const created = await createTenant(tx, services.auditKeys, { tenantId, ...body }, now);
        const entry = {
          payload: { action: 'tenant.create', input: body, target: { kind: 'tenant', id: tenantId } },
          actorKind: 'operator' as const,
          actorId: principal.id,
          actorUserId: null,
          platformUserId: null,
          platform: null,
          surface: 'admin',
          sourceId: null,
          result: 'success' as const,
          errorCode: null,
        };
        await recordAudit(tx, services.auditKeys, entry, now);
        return created;
      });
      return present(row);
    },
  }),
  operatorRoute({
    method: 'get',
    path: '/v1/tenants',
    tag: 'Tenants',
    summary: 'List tenants, newest first',
    capability: 'operator',
    query: pageQuery,
    response: listOf(tenant),
    handle: async (directory, { query }) => {
      const request = toPageRequest(query);
      const page = toPage(await listTenants(directory, request), query.limit, (row) => ({
        createdAt: row.created_at,
        id: row.tenant_id,
      }));
      return { items: page.items.map(present), next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: '/v1/tenants/{tenant}',
    tag: 'Tenants',
    summary: 'Read a tenant',
    capability: 'settings:read',
    response: tenant,
    handle: async (_tx, context) => present(context.tenant),
  }),
  mutationRoute({
    method: 'patch',
    path: '/v1/tenants/{tenant}',
    tag: 'Tenants',
    summary: 'Rename, suspend or resume a tenant',
    capability: 'operator',
    action: 'tenant.update',
    body: z.strictObject({ name: name.optional(), status: z.enum(['active', 'suspended']).optional() }),
    response: tenant,
    handle: async (tx, { body, now, services }) => {
      const row = await updateTenant(tx, tx.tenantId, body, now);
      if (row === null) throw new DeskbridgeError('not_found');
      return {
        body: present(row),
        target: { kind: 'tenant', id: row.tenant_id },
        afterCommit: () => services.registrations.clear(),
      };
    },
  }),
];
