/** The one way to raise a domain event: it is recorded, and whoever has to be told will be. */
import type { Transaction } from '../infra/database.ts';
import { notifyOfEvent } from '../notify/notify-event.ts';
import { type DomainEvent, recordDomainEvent } from './domain-event-store.ts';

/** Records the event and enqueues its notification; both travel with the next statements and commit with what they tell of. */
export function raiseEvent(tx: Transaction, event: DomainEvent): void {
  const eventId = recordDomainEvent(tx, event);
  notifyOfEvent(tx, { ...event, eventId });
}
