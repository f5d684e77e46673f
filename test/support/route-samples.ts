/** A valid request for every route of the admin API: a new route without one fails the matrix. */
import { randomUUID } from 'node:crypto';
import {
  endDelivery,
  newDelivery,
  newNotification,
  newRegistration,
  newUser,
  type TenantWorld,
} from './tenant-world.ts';

export interface Sample {
  /** Path parameters besides the tenant. */
  params?: Record<string, string>;
  body?: Record<string, unknown>;
}

/** Makes what the request needs, so that a destructive one meets a record of its own. */
type Sampler = (world: TenantWorld) => Promise<Sample> | Sample;

const one = (name: keyof TenantWorld['ids']): Sampler => {
  return (world) => ({ params: { [name]: world.ids[name] } });
};
const external: Sample['params'] = { external_id: 'desk/4711 ü' };

async function freshId(world: TenantWorld, path: string, body: unknown, id: string): Promise<string> {
  return String((await world.create(path, body))[id]);
}

/** What an unlinked person is shown. */
export async function codeShownInChat(
  world: TenantWorld,
  platformUserId: string = randomUUID(),
): Promise<string> {
  const { database, linkCodes } = world.app.services;
  const identity = { registrationId: world.ids.registration_id, platformUserId, platformUserName: null };
  return await database.inTenant(world.tenantId, (tx) => linkCodes.issueForChat(tx, identity, new Date()));
}

async function pendingRegistration(world: TenantWorld): Promise<Sample> {
  const answer = await world.call('POST', '/registrations', {
    key: world.keys.admin,
    body: newRegistration(),
  });
  return { params: { registration_id: String(answer.body.registration_id) }, body: {} };
}

/** A delivery of its own that ended so. */
function endedDelivery(end: Parameters<typeof endDelivery>[2], body: Record<string, unknown> = {}): Sampler {
  return async (world) => {
    const delivery_id = await newDelivery(world);
    await endDelivery(world, delivery_id, end);
    return { params: { delivery_id }, body };
  };
}

/** By method and path below the tenant; the routes of tenants themselves have samples of their own. */
export const samples: Record<string, Sampler> = {
  'get ': () => ({}),
  'patch ': () => ({ body: { name: 'Acme renamed' } }),
  'get /settings': () => ({}),
  'patch /settings': () => ({ body: { group_chat: true } }),
  'post /users': () => ({ body: newUser() }),
  'get /users': () => ({}),
  'get /users/{user_id}': one('user_id'),
  'patch /users/{user_id}': (world) => ({ params: { user_id: world.ids.user_id }, body: { name: 'Ann B.' } }),
  'post /users/{user_id}/link-codes': (world) => ({ params: { user_id: world.ids.user_id }, body: {} }),
  'post /links': ({ ids }) => ({
    body: { user_id: ids.user_id, registration_id: ids.registration_id, platform_user_id: randomUUID() },
  }),
  'post /links/redeem': async (world) => ({
    body: { code: await codeShownInChat(world), user_id: world.ids.user_id },
  }),
  'get /links': () => ({}),
  'get /links/{link_id}': one('link_id'),
  'delete /links/{link_id}': async (world) => {
    const { user_id, registration_id } = world.ids;
    const body = { user_id, registration_id, platform_user_id: randomUUID() };
    return { params: { link_id: await freshId(world, '/links', body, 'link_id') } };
  },
  'post /keys': () => ({ body: { name: 'ci', role: 'viewer' } }),
  'get /keys': () => ({}),
  'delete /keys/{key_id}': async (world) => ({
    params: { key_id: await freshId(world, '/keys', { name: 'gone', role: 'viewer' }, 'key_id') },
  }),
  'post /registrations': () => ({ body: newRegistration() }),
  'get /registrations': () => ({}),
  'get /registrations/{registration_id}': one('registration_id'),
  'get /registrations/{registration_id}/doctor': one('registration_id'),
  'get /registrations/{registration_id}/manifest': one('registration_id'),
  'patch /registrations/{registration_id}': ({ ids }) => ({
    params: { registration_id: ids.registration_id },
    body: { name: 'Renamed' },
  }),
  'delete /registrations/{registration_id}': async (world) => ({
    params: {
      registration_id: await freshId(world, '/registrations', newRegistration(), 'registration_id'),
    },
  }),
  'post /registrations/{registration_id}/approve': pendingRegistration,
  'get /conversations': () => ({}),
  'get /actions': () => ({}),
  'post /actions/{action}': ({ ids }) => ({
    params: { action: 'create_ticket' },
    body: { as_user: ids.user_id, input: { title: 'By API' } },
  }),
  'get /audit-events': () => ({}),
  'get /audit-events/verification': () => ({}),
  'post /clients': () => ({ body: { name: 'Fabrikam' } }),
  'get /clients': () => ({}),
  'get /clients/{client_id}': one('client_id'),
  'put /clients/by-external-id/{external_id}': () => ({ params: external, body: { name: 'Mirrored' } }),
  'post /contacts': () => ({ body: { name: 'Carl', email: 'Carl@contoso.test' } }),
  'get /contacts': () => ({}),
  'get /contacts/{contact_id}': one('contact_id'),
  'put /contacts/by-external-id/{external_id}': () => ({ params: external, body: { name: 'Mirrored' } }),
  'post /boards': () => ({ body: { name: `Board ${randomUUID()}` } }),
  'get /boards': () => ({}),
  'get /boards/{board_id}': one('board_id'),
  'put /boards/by-external-id/{external_id}': () => ({ params: external, body: { name: 'Mirrored' } }),
  'post /tickets': () => ({ body: { title: 'Mouse gone', due_at: '2030-01-01T09:00:00+02:00' } }),
  'get /tickets': () => ({}),
  'get /tickets/{ticket}': one('ticket'),
  'patch /tickets/{ticket}': ({ ids }) => ({ params: { ticket: ids.ticket }, body: { priority: 'urgent' } }),
  'put /tickets/by-external-id/{external_id}': () => ({ params: external, body: { title: 'Mirrored' } }),
  'post /tickets/{ticket}/notes': ({ ids }) => ({
    params: { ticket: ids.ticket },
    body: { text: 'Water used', author_user_id: ids.user_id },
  }),
  'get /tickets/{ticket}/notes': one('ticket'),
  'put /tickets/{ticket}/notes/by-external-id/{external_id}': ({ ids }) => ({
    params: { ...external, ticket: ids.ticket },
    body: { text: 'Foam used', author_contact_id: ids.contact_id },
  }),
  'post /approvals': ({ ids }) => ({ body: { title: 'Foam', approver_id: ids.user_id } }),
  'get /approvals': () => ({}),
  'get /approvals/{approval_id}': one('approval_id'),
  'put /approvals/by-external-id/{external_id}': ({ ids }) => ({
    params: external,
    body: { title: 'Mirrored', approver_id: ids.user_id },
  }),
  'get /users/{user_id}/preferences': one('user_id'),
  'put /users/{user_id}/preferences': ({ ids }) => ({
    params: { user_id: ids.user_id },
    body: { quiet_hours: null, categories: { announcement: { muted: false } } },
  }),
  'post /users/{user_id}/test-notification': ({ ids }) => ({ params: { user_id: ids.user_id }, body: {} }),
  'post /groups': ({ ids }) => ({ body: { name: `Group ${randomUUID()}`, members: [ids.user_id] } }),
  'get /groups': () => ({}),
  'get /groups/{group_id}': one('group_id'),
  'patch /groups/{group_id}': ({ ids }) => ({
    params: { group_id: ids.group_id },
    body: { members: [ids.user_id] },
  }),
  'delete /groups/{group_id}': async (world) => ({
    params: {
      group_id: await freshId(world, '/groups', { name: `Group ${randomUUID()}` }, 'group_id'),
    },
  }),
  'post /notifications': ({ ids }) => ({ body: newNotification({ to: [{ user: ids.user_id }] }) }),
  'get /notifications/{notification_id}': one('notification_id'),
  'post /notifications/{notification_id}/withdraw': async (world) => {
    const body = newNotification({ to: [{ user: world.ids.user_id }] });
    const notification_id = await freshId(world, '/notifications', body, 'notification_id');
    return { params: { notification_id }, body: {} };
  },
  'get /deliveries': () => ({}),
  'get /deliveries/{delivery_id}': one('delivery_id'),
  'post /deliveries/{delivery_id}/retry': endedDelivery({ status: 'failed', error_code: 'not_found' }),
  'post /deliveries/{delivery_id}/resolve': endedDelivery(
    { status: 'failed', error_code: 'outcome_unknown' },
    { outcome: 'sent', note: 'Ann saw it' },
  ),
  'post /deliveries/{delivery_id}/cancel': async (world) => ({
    params: { delivery_id: await newDelivery(world) },
    body: {},
  }),
};

const root = '/v1/tenants/{tenant}';

/** The sample of a tenant's route. @throws Error when there is none */
export async function sampleOf(route: { method: string; path: string }, world: TenantWorld): Promise<Sample> {
  const name = `${route.method} ${route.path.slice(root.length)}`;
  const sampler = samples[name];
  if (sampler === undefined) throw new Error(`no sample of ${name}`);
  return await sampler(world);
}

/** The path of a route below its tenant, filled in. */
export function pathOf(route: { path: string }, params: Record<string, string> = {}): string {
  return route.path
    .slice(root.length)
    .replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}
