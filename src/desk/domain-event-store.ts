/** Domain events: what happened in the desk, written in the transaction in which it happened. */
import { statement, type Transaction } from '../infra/database.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { newId } from '../kernel/ids.ts';

/** Types are stable: subscribers and outgoing webhooks name them. */
export type DomainEventType =
  | 'ticket_created'
  | 'ticket_status_changed'
  | 'assignment'
  | 'note_added'
  | 'time_logged'
  | 'reply_to_contact'
  | 'customer_reply'
  | 'approval_request'
  | 'approval_response'
  | 'escalation'
  | 'sla_risk';

export interface DomainEvent {
  type: DomainEventType;
  target: { kind: 'ticket' | 'approval'; id: string };
  /** The user who did it; null for a key, another desk or a sweep. */
  actorUserId: string | null;
  /** Ids and numbers that a subscriber needs to find the records; no text that people wrote. */
  data: JsonObject;
  now: Date;
}

const insertEvent = statement(
  'domain-event-insert',
  `insert into domain_events (tenant_id, event_id, type, target_kind, target_id, actor_user_id, data, created_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8)`,
);

/**
 * Records an event; it travels with the next statements and commits with what it tells of. For `raiseEvent` alone.
 * @returns its id
 */
export function recordDomainEvent(tx: Transaction, event: DomainEvent): string {
  const { type, target, actorUserId, data, now } = event;
  const eventId = newId();
  const values = [tx.tenantId, eventId, type, target.kind, target.id, actorUserId, JSON.stringify(data), now];
  tx.enqueue(insertEvent, values);
  return eventId;
}
