/** The ticket that a path names. */
import { parseReference } from '../../actions/parse-reference.ts';
import type { TicketRecord } from '../../desk/records.ts';
import { findTicket, findTicketByNumber } from '../../desk/ticket-queries.ts';
import type { Transaction } from '../../infra/database.ts';
import { DeskbridgeError } from '../../kernel/errors.ts';
import { found } from '../route.ts';

/** By id or number: outside of chat there are no lists, so every number is a ticket's. @throws not_found */
export async function ticketIn(tx: Transaction, params: Record<string, string>): Promise<TicketRecord> {
  const wanted = parseReference(params.ticket ?? '');
  if (wanted === null) throw new DeskbridgeError('not_found');
  if (wanted.kind === 'id') return found(await findTicket(tx, wanted.value));
  return found(await findTicketByNumber(tx, wanted.value));
}
