/** Writes of time entries. */
import { statement, type Transaction } from '../infra/database.ts';
import type { TimeEntryRecord } from './records.ts';

const insert = statement(
  'time-entry-insert',
  `insert into time_entries (tenant_id, time_entry_id, ticket_id, user_id, minutes, started_at, note, billable,
     created_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
);

/** Travels with the next statements. */
export function enqueueTimeEntry(tx: Transaction, entry: TimeEntryRecord): void {
  tx.enqueue(insert, [
    tx.tenantId,
    entry.timeEntryId,
    entry.ticketId,
    entry.userId,
    entry.minutes,
    entry.startedAt,
    entry.note,
    entry.billable,
    entry.createdAt,
  ]);
}
