/** Reads of boards and their statuses. */
import { statement, type Transaction } from '../infra/database.ts';
import { ListConditions, type Page, type PageRequest, toPage } from '../infra/keyset.ts';
import { isUuid } from '../kernel/ids.ts';
import type { BoardRecord, StatusRecord } from './records.ts';

const selectBoard = `select board_id as "boardId", name, is_default as "isDefault", external_id as "externalId",
  created_at as "createdAt", updated_at as "updatedAt" from boards where tenant_id = $1`;
const selectStatus = `select status_id as "statusId", board_id as "boardId", name, kind, position
  from ticket_statuses where tenant_id = $1`;

const byId = statement('board-by-id', `${selectBoard} and board_id = $2`);
const byName = statement('board-by-name', `${selectBoard} and lower(name) = lower($2) order by name limit 1`);
const byExternalId = statement('board-by-external-id', `${selectBoard} and external_id = $2 for update`);
const statusById = statement('status-by-id', `${selectStatus} and status_id = $2`);
const statusesOfBoard = statement(
  'statuses-of-board',
  `${selectStatus} and board_id = $2 order by position, name`,
);

/** By id. */
export async function findBoard(tx: Transaction, boardId: string): Promise<BoardRecord | null> {
  const [board] = await tx.query<BoardRecord>(byId, [tx.tenantId, boardId]);
  return board ?? null;
}

/** By id or name; names are unique but for their case. */
export async function findBoardByText(tx: Transaction, text: string): Promise<BoardRecord | null> {
  const [board] = await tx.query<BoardRecord>(isUuid(text) ? byId : byName, [tx.tenantId, text]);
  return board ?? null;
}

/** Locked until the transaction ends. */
export async function lockBoardByExternalId(
  tx: Transaction,
  externalId: string,
): Promise<BoardRecord | null> {
  const [board] = await tx.query<BoardRecord>(byExternalId, [tx.tenantId, externalId]);
  return board ?? null;
}

export async function findStatus(tx: Transaction, statusId: string): Promise<StatusRecord | null> {
  const [status] = await tx.query<StatusRecord>(statusById, [tx.tenantId, statusId]);
  return status ?? null;
}

/** The board's statuses in their order; the first is that of a new ticket. */
export function listStatuses(tx: Transaction, boardId: string): Promise<StatusRecord[]> {
  return tx.query<StatusRecord>(statusesOfBoard, [tx.tenantId, boardId]);
}

/** Boards newest first. */
export async function listBoards(tx: Transaction, page: PageRequest): Promise<Page<BoardRecord>> {
  const conditions = new ListConditions(tx.tenantId);
  conditions.startAfter(page.after, 'created_at', 'board_id');
  const limit = conditions.parameter(page.limit + 1);
  const rows = await tx.query<BoardRecord>(
    `${selectBoard}${conditions.sql} order by created_at desc, board_id desc limit ${limit}`,
    conditions.values,
  );
  return toPage(rows, page.limit, (board) => ({ createdAt: board.createdAt, id: board.boardId }));
}
