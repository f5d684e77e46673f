/** Creates and mirrors boards with their statuses. */
import { codeOf, type Transaction } from '../infra/database.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { listStatuses, lockBoardByExternalId } from './board-queries.ts';
import { deleteStatus, insertBoard, insertStatus, updateBoard, updateStatusPosition } from './board-store.ts';
import type { BoardRecord, StatusKind, StatusRecord, Upserted } from './records.ts';
import { conflictWhenTaken, upsertRecord } from './upsert-record.ts';

export interface StatusInput {
  name: string;
  kind: StatusKind;
}

export interface BoardInput {
  name: string;
  /** True: it takes the place of the present default board. */
  isDefault?: boolean;
  /** In their order, the first is that of new tickets; at least one, names distinct, one of them closed. */
  statuses: readonly StatusInput[];
}

const foreignKeyViolation = '23503';

/** @throws DeskbridgeError conflict when a board has the name already; validation_error for unusable statuses */
export async function createBoard(
  tx: Transaction,
  input: BoardInput & { externalId?: string },
  now: Date,
): Promise<BoardRecord> {
  return conflictWhenTaken(writeBoard(tx, input, now));
}

async function writeBoard(
  tx: Transaction,
  input: BoardInput & { externalId?: string },
  now: Date,
): Promise<BoardRecord> {
  checkStatuses(input.statuses);
  const board: BoardRecord = {
    boardId: newId(),
    name: input.name,
    isDefault: input.isDefault ?? false,
    externalId: input.externalId ?? null,
    createdAt: now,
    updatedAt: now,
  };
  await insertBoard(tx, board);
  await Promise.all(
    input.statuses.map((status, position) =>
      insertStatus(tx, { statusId: newId(), boardId: board.boardId, ...status, position }),
    ),
  );
  return board;
}

/**
 * Creates the board of another desk or changes it. Statuses that are given replace the present ones by name; without
 * them those stay.
 * @throws DeskbridgeError conflict when the name is taken, a status that tickets have would go, or a status would
 * change its kind (its tickets would be closed or reopened without anybody's doing)
 */
export function upsertBoard(
  tx: Transaction,
  externalId: string,
  input: Omit<BoardInput, 'statuses'> & { statuses?: readonly StatusInput[] },
  defaults: { now: Date; statuses: readonly StatusInput[] },
): Promise<Upserted<BoardRecord>> {
  const { now } = defaults;
  return upsertRecord<BoardRecord>(tx, {
    find: () => lockBoardByExternalId(tx, externalId),
    create: () =>
      writeBoard(tx, { ...input, statuses: input.statuses ?? defaults.statuses, externalId }, now),
    change: async (existing) => {
      const moved = input.statuses ? await replaceStatuses(tx, existing.boardId, input.statuses) : false;
      const isDefault = existing.isDefault || (input.isDefault ?? false);
      if (!moved && existing.name === input.name && existing.isDefault === isDefault) {
        return { record: existing, outcome: 'unchanged' };
      }
      const record = { ...existing, name: input.name, isDefault, updatedAt: now };
      await conflictWhenTaken(updateBoard(tx, record));
      return { record, outcome: 'updated' };
    },
  });
}

async function replaceStatuses(
  tx: Transaction,
  boardId: string,
  wanted: readonly StatusInput[],
): Promise<boolean> {
  checkStatuses(wanted);
  const present = new Map((await listStatuses(tx, boardId)).map((status) => [status.name, status]));
  const steps: Promise<number>[] = [];
  for (const [position, status] of wanted.entries()) {
    const existing = present.get(status.name);
    present.delete(status.name);
    const step = keepStatus(tx, { ...status, boardId, position }, existing);
    if (step) steps.push(step);
  }
  for (const gone of present.values()) steps.push(deleteStatus(tx, gone.statusId));
  try {
    await Promise.all(steps);
  } catch (error) {
    if (codeOf(error) !== foreignKeyViolation) throw error;
    throw new DeskbridgeError('conflict', { detail: 'A status that tickets have cannot go.', cause: error });
  }
  return steps.length > 0;
}

function keepStatus(
  tx: Transaction,
  wanted: Omit<StatusRecord, 'statusId'>,
  existing: StatusRecord | undefined,
): Promise<number> | null {
  if (existing === undefined) return insertStatus(tx, { statusId: newId(), ...wanted });
  if (existing.kind !== wanted.kind) {
    throw new DeskbridgeError('conflict', { detail: 'A status keeps its kind; name another one.' });
  }
  if (existing.position === wanted.position) return null;
  return updateStatusPosition(tx, existing.statusId, wanted.position);
}

function checkStatuses(statuses: readonly StatusInput[]): void {
  const names = new Set(statuses.map((status) => status.name.toLowerCase()));
  const usable =
    names.size === statuses.length &&
    statuses[0] !== undefined &&
    statuses[0].kind !== 'closed' &&
    statuses.some((status) => status.kind === 'closed');
  if (usable) return;
  throw new DeskbridgeError('validation_error', {
    fields: [
      { path: 'statuses', message: 'need distinct names, an open one first, and one that closes a ticket' },
    ],
  });
}
