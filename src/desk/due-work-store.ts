/** The directory of due work: which ticket of which tenant the SLA sweep must look at next, and when. */
import { type Sql, statement, type Transaction } from '../infra/database.ts';

const kind = 'sla';

const upsertWork = statement(
  'due-work-upsert',
  `insert into due_work (kind, tenant_id, item_id, due_at) values ('${kind}', $1, $2, $3)
   on conflict (kind, tenant_id, item_id) do update set due_at = excluded.due_at`,
);

const deleteWork = statement(
  'due-work-delete',
  `delete from due_work where kind = '${kind}' and tenant_id = $1 and item_id = $2`,
);

const findDue = statement(
  'due-work-find',
  `select tenant_id as "tenantId", item_id as "ticketId" from due_work
    where kind = '${kind}' and due_at <= $1 order by due_at, tenant_id, item_id limit $2`,
);

export interface DueWork {
  tenantId: string;
  ticketId: string;
}

/** Puts the ticket down for a moment, or takes it off; travels with the next statements. */
export function planDueWork(tx: Transaction, ticketId: string, next: Date | null): void {
  if (next === null) tx.enqueue(deleteWork, [tx.tenantId, ticketId]);
  else tx.enqueue(upsertWork, [tx.tenantId, ticketId, next]);
}

/** The oldest due work, across tenants: the table holds ids and times only and has no row-level security. */
export function findDueWork(directory: Sql, now: Date, limit: number): Promise<DueWork[]> {
  return directory.query<DueWork>(findDue, [now, limit]);
}
