/** Groups: named sets of people that notifications can go to. */
import { z } from 'zod';
import { requiredLine } from '../../actions/input-fields.ts';
import type { Transaction } from '../../infra/database.ts';
import { toPage } from '../../infra/keyset.ts';
import type { JsonObject } from '../../kernel/canonical-json.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import {
  deleteGroup,
  type GroupRow,
  insertGroup,
  listGroups,
  members,
  readGroup,
  unknownUsers,
  updateGroup,
} from '../../notify/group-store.ts';
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

const maxMembers = 100_000;
/** How many faults are named. */
const maxFaults = 20;

const group = z.object({
  group_id: id,
  name: z.string(),
  member_count: z.int(),
  created_at: instant,
  updated_at: instant,
});
const wholeGroup = group.extend({ members: z.array(id).describe('Ids of the people') });

const fields = {
  name: requiredLine(200),
  members: z
    .array(recordId)
    .max(maxMembers)
    .transform((ids) => [...new Set(ids)]),
};

function present(row: GroupRow): JsonObject {
  return { ...row, created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() };
}

async function presentWhole(tx: Transaction, row: GroupRow): Promise<JsonObject> {
  return { ...present(row), members: await members(tx, row.group_id, { limit: maxMembers }) };
}

/** @throws DeskbridgeError validation_error that names the members who are nobody of the tenant */
async function requireUsers(tx: Transaction, userIds: readonly string[]): Promise<void> {
  const unknown = await unknownUsers(tx, userIds, maxFaults);
  if (unknown.length === 0) return;
  throw new DeskbridgeError('validation_error', {
    fields: unknown.map((userId) => ({ path: `members.${userIds.indexOf(userId)}`, message: 'is no user' })),
  });
}

function taken(): DeskbridgeError {
  return new DeskbridgeError('conflict', { detail: 'Another group has the name.' });
}

const path = '/v1/tenants/{tenant}/groups';
const one = `${path}/{group_id}`;
const tag = 'People';

export const groupRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Make a group of people',
    capability: 'user:manage',
    action: 'group.create',
    body: z.strictObject({ name: fields.name, members: fields.members.default([]) }),
    response: wholeGroup,
    status: 201,
    handle: async (tx, { body, now }) => {
      await requireUsers(tx, body.members);
      const row = await insertGroup(tx, { groupId: newId(), ...body }, now);
      if (row === null) throw taken();
      return { body: await presentWhole(tx, row), target: { kind: 'group', id: row.group_id } };
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List groups, newest first',
    capability: 'user:read',
    query: pageQuery,
    response: listOf(group),
    handle: async (tx, { query }) => {
      const rows = await listGroups(tx, toPageRequest(query));
      const page = toPage(rows, query.limit, (row) => ({ createdAt: row.created_at, id: row.group_id }));
      return { items: page.items.map(present), next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: one,
    tag,
    summary: 'Read a group with its members',
    capability: 'user:read',
    response: wholeGroup,
    handle: async (tx, { params }) =>
      await presentWhole(tx, found(await readGroup(tx, idIn(params, 'group_id')))),
  }),
  mutationRoute({
    method: 'patch',
    path: one,
    tag,
    summary: 'Rename a group, or replace its members; what is left out stays',
    capability: 'user:manage',
    action: 'group.update',
    body: z.strictObject(fields).partial(),
    response: wholeGroup,
    handle: async (tx, { params, body, now }) => {
      const groupId = idIn(params, 'group_id');
      found(await readGroup(tx, groupId));
      await requireUsers(tx, body.members ?? []);
      const row = await updateGroup(tx, groupId, body, now);
      if (row === 'gone') throw new DeskbridgeError('not_found');
      if (row === 'name_taken') throw taken();
      return { body: await presentWhole(tx, row), target: { kind: 'group', id: groupId } };
    },
  }),
  mutationRoute({
    method: 'delete',
    path: one,
    tag,
    summary: 'Delete a group; what was sent to it before still reaches those who were in it',
    capability: 'user:manage',
    action: 'group.delete',
    response: z.null(),
    status: 204,
    handle: async (tx, { params }) => {
      const groupId = idIn(params, 'group_id');
      if (!(await deleteGroup(tx, groupId))) throw new DeskbridgeError('not_found');
      return { body: null, target: { kind: 'group', id: groupId } };
    },
  }),
];
