/** Mirrors a ticket of another desk by its id there. */
import type { Transaction } from '../infra/database.ts';
import type { MirrorChange } from './change.ts';
import { applyPatch } from './change-ticket.ts';
import { raiseCreated, type TicketInput, writeTicket } from './create-ticket.ts';
import type { TicketRecord, Upserted } from './records.ts';
import { lockTicketByExternalId } from './ticket-queries.ts';
import { upsertRecord } from './upsert-record.ts';

/**
 * Creates the ticket or changes the fields that are given. Events are raised only with `change.notify`.
 * @throws DeskbridgeError validation_error for a reference that is none of the tenant's
 */
export async function upsertTicket(
  tx: Transaction,
  externalId: string,
  input: TicketInput,
  change: MirrorChange,
): Promise<Upserted<TicketRecord>> {
  const upserted = await upsertRecord<TicketRecord>(tx, {
    find: () => lockTicketByExternalId(tx, externalId),
    create: () => writeTicket(tx, { ...input, externalId }, change),
    change: (existing) => applyPatch(tx, existing, input, change),
  });
  if (upserted.outcome === 'created' && change.notify) {
    raiseCreated(tx, upserted.record, { actorUserId: change.actorUserId, now: change.now });
  }
  return upserted;
}
