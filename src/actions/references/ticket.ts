/** The ticket that an input names. */
import type { TicketRecord } from '../../desk/records.ts';
import { findTicket, findTicketByNumber } from '../../desk/ticket-queries.ts';
import type { ActionContext, ActionTarget } from '../define-action.ts';
import { parseReference } from '../parse-reference.ts';
import { resolveOrdinal } from './ordinal.ts';
import { refuseField } from './present.ts';

/**
 * By ordinal, number or id. Outside of chat there are no lists: every number is a ticket's.
 * @throws DeskbridgeError not_found; AskBack for an ordinal that means nothing
 */
export async function resolveTicket(context: ActionContext, text: string): Promise<TicketRecord> {
  const ticket = await lookUpTicket(context, text);
  if (ticket !== null) return ticket;
  throw refuseField('not_found', 'ticket', context.say('not_found.ticket', { reference: text }));
}

/** The same as a target; for `resolve` of an action. */
export async function resolveTicketTarget(
  context: ActionContext,
  input: { ticket: string },
): Promise<{ target: ActionTarget; record: TicketRecord }> {
  const record = await resolveTicket(context, input.ticket);
  return { target: { kind: 'ticket', id: record.ticketId }, record };
}

/** Null when the tenant has no such ticket. @throws AskBack for an ordinal that means nothing */
export async function lookUpTicket(context: ActionContext, text: string): Promise<TicketRecord | null> {
  const { tx } = context;
  const wanted = parseReference(text);
  if (wanted === null) return null;
  if (wanted.kind === 'id') return findTicket(tx, wanted.value);
  if (wanted.kind === 'number' || context.chat === null) return findTicketByNumber(tx, wanted.value);
  return findTicket(tx, await resolveOrdinal(context, 'ticket', wanted.value));
}
