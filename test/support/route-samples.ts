/** A valid request for every route of the admin API: a new route without one fails the matrix. */
import { randomUUID } from 'node:crypto';
import { newRegistration, newUser, type TenantWorld } from './tenant-world.ts';

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
