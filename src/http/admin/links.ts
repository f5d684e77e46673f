/** Chat identities of people: made by an administrator, or by redeeming the code that an unlinked person was shown. */
import { z } from 'zod';
import { toPage } from '../../infra/keyset.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import { readRegistration } from '../../registrations/registration-store.ts';
import { deleteLink, insertLink, type LinkRow, listLinks, readLink } from '../../tenants/link-store.ts';
import { requireActiveUser } from '../../tenants/links.ts';
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
  recordId,
  toPageRequest,
} from '../route.ts';
import { platformId } from './fields.ts';

const link = z.object({
  link_id: id,
  user_id: id,
  registration_id: id,
  platform_user_id: z.string(),
  created_at: instant,
});

function present({ created_at, ...row }: LinkRow) {
  return { ...row, created_at: created_at.toISOString() };
}

const path = '/v1/tenants/{tenant}/links';
const tag = 'People';

export const linkRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Link a chat identity to a person',
    capability: 'link:manage',
    action: 'link.create',
    body: z.strictObject({
      user_id: recordId,
      registration_id: recordId,
      platform_user_id: platformId.describe('Entra object id, Slack U…, Lark open_id'),
    }),
    response: link,
    status: 201,
    handle: async (tx, { body, now }) => {
      await requireActiveUser(tx, body.user_id);
      found(await readRegistration(tx, body.registration_id));
      const row = await insertLink(tx, { link_id: newId(), ...body, created_at: now });
      if (row === null)
        throw new DeskbridgeError('conflict', { detail: 'The chat identity is linked already.' });
      return { body: present(row), target: { kind: 'link', id: row.link_id } };
    },
  }),
  mutationRoute({
    method: 'post',
    path: `${path}/redeem`,
    tag,
    summary: 'Redeem the code that an unlinked person was shown in the chat',
    capability: 'link:manage',
    action: 'link.redeem',
    body: z.strictObject({ code: z.string().trim().min(1).max(40), user_id: recordId }),
    response: link,
    status: 201,
    handle: async (tx, { body, services, now }) => {
      const row = await services.linkCodes.redeemForUser(tx, body.code, body.user_id, now);
      return { body: present(row), target: { kind: 'link', id: row.link_id } };
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List links, newest first',
    capability: 'link:read',
    query: pageQuery.extend({ user_id: recordId.optional() }),
    response: listOf(link),
    handle: async (tx, { query }) => {
      const rows = await listLinks(tx, { ...toPageRequest(query), userId: query.user_id });
      const page = toPage(rows, query.limit, (row) => ({ createdAt: row.created_at, id: row.link_id }));
      return { items: page.items.map(present), next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: `${path}/{link_id}`,
    tag,
    summary: 'Read a link',
    capability: 'link:read',
    response: link,
    handle: async (tx, { params }) => present(found(await readLink(tx, idIn(params, 'link_id')))),
  }),
  mutationRoute({
    method: 'delete',
    path: `${path}/{link_id}`,
    tag,
    summary: 'Unlink a chat identity',
    capability: 'link:manage',
    action: 'link.delete',
    response: z.null(),
    status: 204,
    handle: async (tx, { params }) => {
      const linkId = idIn(params, 'link_id');
      if (!(await deleteLink(tx, linkId))) throw new DeskbridgeError('not_found');
      return { body: null, target: { kind: 'link', id: linkId } };
    },
  }),
];
