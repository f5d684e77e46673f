/** Reads of time entries. */
import { statement, type Transaction } from '../infra/database.ts';
import type { TimeEntryRecord } from './records.ts';

const byId = statement(
  'time-entry-by-id',
  `select e.time_entry_id as "timeEntryId", e.ticket_id as "ticketId", t.number as "ticketNumber",
     t.title as "ticketTitle", t.url as "ticketUrl", e.user_id as "userId", u.name as "userName", e.minutes,
     e.started_at as "startedAt", e.note, e.billable, e.created_at as "createdAt"
   from time_entries e
   join tickets t on t.tenant_id = $1 and t.ticket_id = e.ticket_id
   join users u on u.tenant_id = $1 and u.user_id = e.user_id
   where e.tenant_id = $1 and e.time_entry_id = $2`,
);

export async function findTimeEntry(tx: Transaction, timeEntryId: string): Promise<TimeEntryRecord | null> {
  const [entry] = await tx.query<TimeEntryRecord>(byId, [tx.tenantId, timeEntryId]);
  return entry ?? null;
}
