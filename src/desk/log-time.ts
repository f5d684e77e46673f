/** Logs working time on a ticket. */
import type { Transaction } from '../infra/database.ts';
import { newId } from '../kernel/ids.ts';
import { raiseEvent } from './raise-event.ts';
import type { TicketRecord, TimeEntryRecord } from './records.ts';
import { enqueueTimeEntry } from './time-entry-store.ts';

export interface TimeEntryInput {
  ticket: Pick<TicketRecord, 'ticketId' | 'number' | 'title' | 'url'>;
  user: { userId: string; name: string };
  /** 1–1440. */
  minutes: number;
  /** Null: the work has just ended. */
  startedAt: Date | null;
  note: string | null;
  billable: boolean;
}

/** Raises `time_logged`; the writes travel with the next statements. */
export function logTime(tx: Transaction, input: TimeEntryInput, now: Date): TimeEntryRecord {
  const { ticket, user, minutes } = input;
  const entry: TimeEntryRecord = {
    timeEntryId: newId(),
    ticketId: ticket.ticketId,
    ticketNumber: ticket.number,
    ticketTitle: ticket.title,
    ticketUrl: ticket.url,
    userId: user.userId,
    userName: user.name,
    minutes,
    startedAt: input.startedAt ?? new Date(now.getTime() - minutes * 60_000),
    note: input.note,
    billable: input.billable,
    createdAt: now,
  };
  enqueueTimeEntry(tx, entry);
  raiseEvent(tx, {
    type: 'time_logged',
    target: { kind: 'ticket', id: ticket.ticketId },
    data: { number: ticket.number, time_entry_id: entry.timeEntryId, minutes, billable: input.billable },
    actorUserId: user.userId,
    now,
  });
  return entry;
}
