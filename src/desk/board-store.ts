/** Writes of boards and their statuses. */
import { statement, type Transaction } from '../infra/database.ts';
import type { BoardRecord, StatusRecord } from './records.ts';

const insert = statement(
  'board-insert',
  `insert into boards (tenant_id, board_id, name, is_default, external_id, created_at, updated_at)
   values ($1, $2, $3, $4, $5, $6, $7)`,
);
const update = statement(
  'board-update',
  `update boards set name = $3, is_default = $4, updated_at = $5 where tenant_id = $1 and board_id = $2`,
);
const unsetDefault = statement(
  'board-unset-default',
  'update boards set is_default = false, updated_at = $2 where tenant_id = $1 and is_default',
);
const insertStatusRow = statement(
  'status-insert',
  `insert into ticket_statuses (tenant_id, status_id, board_id, name, kind, position)
   values ($1, $2, $3, $4, $5, $6)`,
);
const moveStatus = statement(
  'status-move',
  'update ticket_statuses set position = $3 where tenant_id = $1 and status_id = $2',
);
const deleteStatusRow = statement(
  'status-delete',
  'delete from ticket_statuses where tenant_id = $1 and status_id = $2',
);

/** A default board takes the place of the former one. */
export async function insertBoard(tx: Transaction, board: BoardRecord): Promise<void> {
  const { boardId, name, isDefault, externalId, createdAt, updatedAt } = board;
  if (isDefault) tx.enqueue(unsetDefault, [tx.tenantId, updatedAt]);
  await tx.execute(insert, [tx.tenantId, boardId, name, isDefault, externalId, createdAt, updatedAt]);
}

export async function updateBoard(tx: Transaction, board: BoardRecord): Promise<void> {
  if (board.isDefault) tx.enqueue(unsetDefault, [tx.tenantId, board.updatedAt]);
  await tx.execute(update, [tx.tenantId, board.boardId, board.name, board.isDefault, board.updatedAt]);
}

export function insertStatus(tx: Transaction, status: StatusRecord): Promise<number> {
  const { statusId, boardId, name, kind, position } = status;
  return tx.execute(insertStatusRow, [tx.tenantId, statusId, boardId, name, kind, position]);
}

export function updateStatusPosition(tx: Transaction, statusId: string, position: number): Promise<number> {
  return tx.execute(moveStatus, [tx.tenantId, statusId, position]);
}

/** Fails with SQLSTATE 23503 while a ticket has the status. */
export function deleteStatus(tx: Transaction, statusId: string): Promise<number> {
  return tx.execute(deleteStatusRow, [tx.tenantId, statusId]);
}
