/** The SLA sweep: tells once that a ticket is at risk and once that it is overdue. */
import type { Database, Transaction } from '../infra/database.ts';
import type { Clock } from '../kernel/ports.ts';
import { findDueWork, planDueWork } from './due-work-store.ts';
import { raiseEvent } from './raise-event.ts';
import type { TicketRecord } from './records.ts';
import { dueEvent, nextSlaMoment } from './sla.ts';
import { lockFreeTickets } from './ticket-queries.ts';
import { markDueEvent } from './ticket-store.ts';

/**
 * Raises `sla_risk` and `escalation` for what is due, one transaction a tenant, and puts down when to look next.
 * Changes nothing that a person sees and leaves no audit rows. Two workers may run it at once: a ticket that another
 * transaction holds is left for the next sweep, and each event is marked on the ticket in its own transaction. A
 * tenant that fails does not stop the others.
 * @param options.limit tickets looked at, over all tenants
 * @returns the number of events raised
 * @throws the first failure, after all tenants were tried
 */
export async function raiseDueEvents(
  database: Database,
  clock: Clock,
  options: { limit: number } = { limit: 500 },
): Promise<number> {
  const now = clock.now();
  const due = await findDueWork(database.directory, now, options.limit);
  const byTenant = Map.groupBy(due, (work) => work.tenantId);
  const failures: unknown[] = [];
  let raised = 0;
  for (const [tenantId, works] of byTenant) {
    const ticketIds = works.map((work) => work.ticketId);
    try {
      raised += await database.inTenant(tenantId, (tx) => raiseForTenant(tx, ticketIds, now));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return raised;
}

async function raiseForTenant(tx: Transaction, ticketIds: readonly string[], now: Date): Promise<number> {
  let raised = 0;
  for (const ticket of await lockFreeTickets(tx, ticketIds)) {
    const event = dueEvent(ticket, now);
    const marked = event === null ? ticket : await raise(tx, ticket, event, now);
    if (event !== null && marked !== null) raised += 1;
    if (marked !== null) planDueWork(tx, ticket.ticketId, nextSlaMoment(marked));
  }
  return raised;
}

/** Null when a change came first. */
async function raise(
  tx: Transaction,
  ticket: TicketRecord,
  event: 'sla_risk' | 'escalation',
  now: Date,
): Promise<TicketRecord | null> {
  const { ticketId, dueAt } = ticket;
  if (dueAt === null || !(await markDueEvent(tx, event, { ticketId, dueAt, now }))) return null;
  raiseEvent(tx, {
    type: event,
    target: { kind: 'ticket', id: ticketId },
    data: { number: ticket.number, assignee_id: ticket.assigneeId, due_at: dueAt.toISOString() },
    actorUserId: null,
    now,
  });
  return event === 'sla_risk' ? { ...ticket, slaRiskAt: now } : { ...ticket, escalatedAt: now };
}
