/** When a ticket with a due time is at risk and when it is overdue. Pure. */
import type { TicketRecord } from './records.ts';

/** Part of the time from creation to the due time after which a ticket is at risk. */
const riskShare = 0.8;
/** People are warned at least this long before the due time, however short the whole time is. */
const leastWarningMs = 15 * 60 * 1000;

type Timed = Pick<TicketRecord, 'createdAt' | 'dueAt' | 'closedAt' | 'slaRiskAt' | 'escalatedAt'>;

/** At 80 % of the time from creation to the due time, and at least 15 minutes before it; never before creation. */
export function slaRiskMoment(createdAt: Date, dueAt: Date): Date {
  const created = createdAt.getTime();
  const due = dueAt.getTime();
  const atShare = created + (due - created) * riskShare;
  return new Date(Math.max(created, Math.round(Math.min(atShare, due - leastWarningMs))));
}

/** The moment at which the sweep must look at the ticket next; null when there is nothing more to raise. */
export function nextSlaMoment(ticket: Timed): Date | null {
  if (ticket.dueAt === null || ticket.closedAt !== null || ticket.escalatedAt !== null) return null;
  return ticket.slaRiskAt === null ? slaRiskMoment(ticket.createdAt, ticket.dueAt) : ticket.dueAt;
}

/**
 * What is to be raised now. A ticket that is already overdue is escalated at once: a warning would come too late.
 */
export function dueEvent(ticket: Timed, now: Date): 'sla_risk' | 'escalation' | null {
  const next = nextSlaMoment(ticket);
  if (ticket.dueAt === null || next === null || next > now) return null;
  return ticket.dueAt <= now ? 'escalation' : 'sla_risk';
}
