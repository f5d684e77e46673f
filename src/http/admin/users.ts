/** The people of a tenant: who they are, what they may do, and codes that link their chat accounts. */
import { z } from 'zod';
import { requiredLine } from '../../actions/input-fields.ts';
import { toPage } from '../../infra/keyset.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { roles } from '../../tenants/capabilities.ts';
import { linkCodeMinutes } from '../../tenants/links.ts';
import {
  insertUser,
  listUsers,
  lockUser,
  readUser,
  type UserRow,
  updateUser,
} from '../../tenants/user-store.ts';
import {
  found,
  id,
  idIn,
  instant,
  listOf,
  mutationRoute,
  noBody,
  pageQuery,
  type Route,
  readRoute,
  toPageRequest,
} from '../route.ts';
import { externalId, given } from './fields.ts';

const email = z.string().trim().toLowerCase().pipe(z.email().max(254));
const roleList = z
  .array(z.enum(roles))
  .min(1)
  .max(20)
  .transform((list) => roles.filter((role) => list.includes(role)));
const locale = z.string().max(35).refine(isLanguageTag, 'a BCP 47 language tag');
const timeZone = z.string().max(64).refine(isTimeZone, 'an IANA time zone, e.g. Europe/Berlin');
const status = z.enum(['active', 'deactivated']);

const fields = {
  name: requiredLine(200),
  email,
  roles: roleList,
  locale: locale.nullish(),
  time_zone: timeZone.nullish(),
  external_id: externalId.nullish(),
};

const user = z.object({
  user_id: id,
  name: z.string(),
  email: z.string(),
  roles: z.array(z.enum(roles)),
  status,
  locale: z.string().nullable(),
  time_zone: z.string().nullable(),
  external_id: z.string().nullable(),
  created_at: instant,
});

function present({ created_at, ...row }: UserRow) {
  return { ...row, created_at: created_at.toISOString() };
}

const path = '/v1/tenants/{tenant}/users';
const tag = 'People';

export const userRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Add a person',
    capability: 'user:manage',
    action: 'user.create',
    body: z.strictObject(fields),
    response: user,
    status: 201,
    handle: async (tx, { body, now }) => {
      const row = await insertUser(tx, {
        user_id: newId(),
        name: body.name,
        email: body.email,
        roles: body.roles,
        status: 'active',
        locale: body.locale ?? null,
        time_zone: body.time_zone ?? null,
        external_id: body.external_id ?? null,
        created_at: now,
      });
      if (row === null) throw taken();
      return { body: present(row), target: { kind: 'user', id: row.user_id } };
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List people, newest first',
    capability: 'user:read',
    query: pageQuery.extend({ email: z.string().trim().toLowerCase().max(254).optional() }),
    response: listOf(user),
    handle: async (tx, { query }) => {
      const rows = await listUsers(tx, { ...toPageRequest(query), email: query.email });
      const page = toPage(rows, query.limit, (row) => ({ createdAt: row.created_at, id: row.user_id }));
      return { items: page.items.map(present), next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: `${path}/{user_id}`,
    tag,
    summary: 'Read a person',
    capability: 'user:read',
    response: user,
    handle: async (tx, { params }) => present(found(await readUser(tx, idIn(params, 'user_id')))),
  }),
  mutationRoute({
    method: 'patch',
    path: `${path}/{user_id}`,
    tag,
    summary: 'Change a person; a deactivated one can do nothing any more',
    capability: 'user:manage',
    action: 'user.update',
    body: z.strictObject({ ...fields, status }).partial(),
    response: user,
    handle: async (tx, { params, body, now }) => {
      const before = found(await lockUser(tx, idIn(params, 'user_id')));
      const row = { ...before, ...given(body) };
      if (!(await updateUser(tx, row, now))) throw taken();
      return { body: present(row), target: { kind: 'user', id: row.user_id } };
    },
  }),
  mutationRoute({
    method: 'post',
    path: `${path}/{user_id}/link-codes`,
    tag,
    summary: `Make a code that the person types into the chat (link <code>) within ${linkCodeMinutes} minutes`,
    capability: 'link:manage',
    action: 'link_code.create',
    body: noBody,
    response: z.object({ code: z.string(), expires_at: instant }),
    status: 201,
    handle: async (tx, { params, services, now }) => {
      const userId = idIn(params, 'user_id');
      const code = await services.linkCodes.issueForUser(tx, userId, now);
      const expiresAt = new Date(now.getTime() + linkCodeMinutes * 60_000);
      return {
        body: { code, expires_at: expiresAt.toISOString() },
        target: { kind: 'user', id: userId },
      };
    },
  }),
];

function taken(): DeskbridgeError {
  return new DeskbridgeError('conflict', { detail: 'The e-mail address or the external id is taken.' });
}

function isLanguageTag(tag: string): boolean {
  try {
    // Some platforms and systems write `zh_CN`.
    return Intl.getCanonicalLocales(tag.replaceAll('_', '-')).length === 1;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The runtime takes offsets for zones too; they are none, since they know no summer time. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
