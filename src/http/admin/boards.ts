/** The desk's boards, each with the statuses that its tickets go through. */
import { z } from 'zod';
import { requiredLine } from '../../actions/input-fields.ts';
import { findBoard, listBoards, listStatuses } from '../../desk/board-queries.ts';
import { boardItem } from '../../desk/record-items.ts';
import { type BoardRecord, statusKinds } from '../../desk/records.ts';
import { defaultStatuses } from '../../desk/seed-desk.ts';
import { createBoard, type StatusInput, upsertBoard } from '../../desk/upsert-board.ts';
import type { Transaction } from '../../infra/database.ts';
import { readSettings } from '../../tenants/tenant-store.ts';
import { translator } from '../../words/index.ts';
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

const board = z.object({
  board_id: id,
  name: z.string(),
  default: z.boolean(),
  statuses: z.array(z.object({ status_id: id, name: z.string(), kind: z.enum(statusKinds) })),
  external_id: z.string().nullable(),
  created_at: instant,
  updated_at: instant,
});

const fields = z.strictObject({
  name: requiredLine(200),
  default: z.boolean().optional().describe('True: takes the place of the present default board'),
  statuses: z
    .array(z.strictObject({ name: requiredLine(100), kind: z.enum(statusKinds) }))
    .min(1)
    .max(50)
    .optional()
    .describe('In their order, the first is that of new tickets; without them the usual four'),
});

async function present(tx: Transaction, record: BoardRecord) {
  return boardItem(record, await listStatuses(tx, record.boardId));
}

/** In the tenant's language. */
async function usualStatuses(tx: Transaction): Promise<StatusInput[]> {
  const { language } = await readSettings(tx);
  return defaultStatuses(translator(language));
}

const path = '/v1/tenants/{tenant}/boards';
const tag = 'Desk';

export const boardRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path,
    tag,
    summary: 'Add a board',
    capability: 'desk:manage',
    action: 'board.create',
    body: fields.extend({ external_id: externalId.optional() }),
    response: board,
    status: 201,
    handle: async (tx, { body, now }) => {
      const statuses = body.statuses ?? (await usualStatuses(tx));
      const input = {
        name: body.name,
        statuses,
        ...given({ isDefault: body.default, externalId: body.external_id }),
      };
      const record = await createBoard(tx, input, now);
      return created('board', record.boardId, await present(tx, record));
    },
  }),
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List boards, newest first',
    capability: 'board:read',
    query: pageQuery,
    response: listOf(board),
    handle: async (tx, { query }) => {
      const page = await listBoards(tx, toDeskPage(query));
      const items = await Promise.all(page.items.map((record) => present(tx, record)));
      return { items, next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: `${path}/{board_id}`,
    tag,
    summary: 'Read a board',
    capability: 'board:read',
    response: board,
    handle: async (tx, { params }) => present(tx, found(await findBoard(tx, idIn(params, 'board_id')))),
  }),
  mutationRoute({
    method: 'put',
    path: `${path}/by-external-id/{external_id}`,
    tag,
    summary: 'Mirror a board of another desk; statuses that are given replace the present ones by name',
    capability: 'desk:manage',
    action: 'board.upsert',
    body: fields,
    response: board,
    handle: async (tx, { params, body, now }) => {
      const input = {
        name: body.name,
        ...given({ isDefault: body.default, statuses: body.statuses }),
      };
      const defaults = { now, statuses: await usualStatuses(tx) };
      const { record, outcome } = await upsertBoard(tx, externalIdIn(params), input, defaults);
      return upserted('board', record.boardId, await present(tx, record), outcome);
    },
  }),
];
