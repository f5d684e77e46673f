/** The desk of a new tenant: one board with the usual statuses. */
import type { Transaction } from '../infra/database.ts';
import { type Say, translator } from '../words/index.ts';
import type { BoardRecord } from './records.ts';
import { createBoard, type StatusInput } from './upsert-board.ts';

/** Statuses for a board that names none. They are data from then on, in the tenant's language. */
export function defaultStatuses(say: Say): StatusInput[] {
  return [
    { name: say('desk.default_status.new'), kind: 'new' },
    { name: say('desk.default_status.open'), kind: 'open' },
    { name: say('desk.default_status.waiting'), kind: 'waiting' },
    { name: say('desk.default_status.closed'), kind: 'closed' },
  ];
}

/** Creates the default board; once per tenant. @param say the tenant's language; English unless given */
export function seedDesk(tx: Transaction, now: Date, say: Say = translator(null)): Promise<BoardRecord> {
  const statuses = defaultStatuses(say);
  return createBoard(tx, { name: say('desk.default_board'), isDefault: true, statuses }, now);
}
