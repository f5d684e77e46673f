/** A tenant with one record of every kind, made through the API, for tests that go over all resources. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Role } from '../../src/tenants/capabilities.ts';
import type { Answer, CallOptions, TestApp } from './app.ts';

export interface TenantWorld {
  app: TestApp;
  tenantId: string;
  slug: string;
  keys: Record<Role, string>;
  ids: {
    user_id: string;
    link_id: string;
    key_id: string;
    registration_id: string;
    client_id: string;
    contact_id: string;
    board_id: string;
    ticket: string;
    approval_id: string;
    group_id: string;
    notification_id: string;
    delivery_id: string;
  };
  /** Calls a path below the tenant, as the operator unless a key is given. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Creates below the tenant, and fails loudly. */
  create(path: string, body: unknown): Promise<Record<string, unknown>>;
}

export async function makeWorld(app: TestApp): Promise<TenantWorld> {
  const slug = `t-${randomBytes(5).toString('hex')}`;
  const tenant = await app.call('POST', '/v1/tenants', { body: { slug, name: slug } });
  if (tenant.status !== 201) throw new Error(`no tenant: ${tenant.status}`);
  const tenantId = String(tenant.body.tenant_id);
  const call: TenantWorld['call'] = (method, path, options) =>
    app.call(method, `/v1/tenants/${tenantId}${path}`, options);
  const create: TenantWorld['create'] = async (path, body) => {
    const answer = await call('POST', path, { body });
    if (answer.status !== 201 && answer.status !== 202)
      throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const keys: Partial<Record<Role, string>> = {};
  for (const role of ['viewer', 'technician', 'admin'] as const) {
    keys[role] = String((await create('/keys', { name: role, role })).key);
  }
  const ids = await makeRecords(create);
  return { app, tenantId, slug, keys: keys as Record<Role, string>, ids, call, create };
}

async function makeRecords(create: TenantWorld['create']): Promise<TenantWorld['ids']> {
  const made = async (path: string, body: unknown, id: string) => String((await create(path, body))[id]);
  const userId = await made('/users', newUser(), 'user_id');
  const registrationId = await made('/registrations', newRegistration(), 'registration_id');
  const link = { user_id: userId, registration_id: registrationId, platform_user_id: randomUUID() };
  const clientId = await made('/clients', { name: 'Contoso' }, 'client_id');
  const contact = { name: 'Cleo', email: 'cleo@contoso.test', client_id: clientId };
  return {
    user_id: userId,
    registration_id: registrationId,
    link_id: await made('/links', link, 'link_id'),
    key_id: await made('/keys', { name: 'spare', role: 'viewer' }, 'key_id'),
    client_id: clientId,
    contact_id: await made('/contacts', contact, 'contact_id'),
    board_id: await made('/boards', { name: 'Projects' }, 'board_id'),
    ticket: await made('/tickets', { title: 'Printer on fire', assignee_id: userId }, 'ticket_id'),
    approval_id: await made('/approvals', { title: 'New laptop', approver_id: userId }, 'approval_id'),
    group_id: await made('/groups', { name: 'On call', members: [userId] }, 'group_id'),
    ...(await notify(create, userId)),
  };
}

/** Tells one person something. */
async function notify(
  create: TenantWorld['create'],
  userId: string,
): Promise<{ notification_id: string; delivery_id: string }> {
  const answer = await create('/notifications', newNotification({ to: [{ user: userId }] }));
  const [first] = answer.deliveries as { delivery_id: string }[];
  return { notification_id: String(answer.notification_id), delivery_id: String(first?.delivery_id) };
}

export function newNotification(over: Record<string, unknown> = {}) {
  return {
    category: 'announcement',
    message: { title: 'Maintenance', text: 'Tonight from 22:00 on.' },
    to: [{ everyone: true }],
    ...over,
  };
}

/** A delivery of its own to the world's person, still queued. */
export async function newDelivery(world: TenantWorld): Promise<string> {
  const { delivery_id } = await notify(world.create, world.ids.user_id);
  return delivery_id;
}

/** Lets a delivery end as a notifier would have it: what waits is gone, what is recorded says why. */
export async function endDelivery(
  world: TenantWorld,
  deliveryId: string,
  end: { status: string; reason?: string; error_code?: string; provider_message_id?: string },
): Promise<void> {
  await world.app.services.database.inTenant(world.tenantId, async (tx) => {
    await tx.execute('delete from delivery_ready where tenant_id = $1 and delivery_id = $2', [
      world.tenantId,
      deliveryId,
    ]);
    await tx.execute(
      `update deliveries set status = $3, reason = $4, error_code = $5, provider_message_id = $6
        where tenant_id = $1 and delivery_id = $2`,
      [
        world.tenantId,
        deliveryId,
        end.status,
        end.reason ?? null,
        end.error_code ?? null,
        end.provider_message_id ?? null,
      ],
    );
  });
}

export function newUser(over: Record<string, unknown> = {}) {
  return {
    name: 'Ann',
    email: `ann.${randomBytes(5).toString('hex')}@acme.test`,
    roles: ['technician'],
    ...over,
  };
}

export function newRegistration(over: Record<string, unknown> = {}) {
  return {
    platform: 'teams',
    name: 'Acme Teams',
    app_id: randomUUID(),
    organization: randomUUID(),
    credentials: { client_secret: 'a-secret-that-must-never-come-back' },
    ...over,
  };
}

/** A problem without what may differ between byte-identical ones. */
export function comparable(answer: Answer): unknown {
  const { request_id: _id, instance: _path, ...rest } = answer.body;
  return { status: answer.status, type: answer.headers.get('content-type'), rest };
}

/** The tenant's newest audit rows, newest first. */
export async function auditRows(world: TenantWorld, limit = 200): Promise<Record<string, unknown>[]> {
  const answer = await world.call('GET', `/audit-events?limit=${limit}`);
  return answer.body.items ?? [];
}

/** Runs work and gives the audit rows that it left, oldest first. */
export async function rowsLeftBy(
  world: TenantWorld,
  work: () => Promise<unknown>,
): Promise<Record<string, unknown>[]> {
  const newest = (rows: Record<string, unknown>[]) => Math.max(0, ...rows.map((row) => Number(row.seq)));
  const before = newest(await auditRows(world, 1));
  await work();
  return (await auditRows(world)).filter((row) => Number(row.seq) > before).reverse();
}
