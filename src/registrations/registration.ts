/** A registration as the fold of its events (pure): the stream is the truth, everything else can be rebuilt. */
import type { JsonObject } from '../kernel/canonical-json.ts';

export type RegistrationStatus = 'pending' | 'active' | 'retired';

export type RegistrationEvent =
  | {
      type: 'registered';
      data: {
        platform: string;
        name: string;
        app_id: string;
        organization: string;
        options: JsonObject;
        /** `pending` until an operator approves it or the credentials are proved. */
        status: 'pending' | 'active';
      };
    }
  | { type: 'approved'; data: Record<string, never> }
  /** The organization consented on the platform's own page, which proves that it is the tenant's. */
  | { type: 'installed'; data: Record<string, never> }
  | { type: 'changed'; data: { name?: string; options?: JsonObject } }
  /** The secrets themselves are sealed elsewhere and never part of the stream. */
  | { type: 'credentials_replaced'; data: { fields: string[] } }
  /** A tombstone: nothing revives it. */
  | { type: 'retired'; data: { reason: string } };

export interface StoredEvent {
  version: number;
  occurredAt: Date;
  event: RegistrationEvent;
}

export interface Registration {
  platform: string;
  name: string;
  app_id: string;
  organization: string;
  options: JsonObject;
  status: RegistrationStatus;
  /** Version of the newest event. */
  version: number;
  created_at: Date;
  updated_at: Date;
}

/** The state after one more event; events on a retired or missing registration change nothing. */
export function applyEvent(state: Registration | null, stored: StoredEvent): Registration | null {
  const { event, version, occurredAt } = stored;
  if (state === null) {
    if (event.type !== 'registered') return null;
    return { ...event.data, version, created_at: occurredAt, updated_at: occurredAt };
  }
  const next = { ...state, version, updated_at: occurredAt };
  if (state.status === 'retired') return { ...state, version };
  switch (event.type) {
    case 'registered':
      return { ...state, version };
    case 'approved':
    case 'installed':
      return { ...next, status: 'active' };
    case 'changed':
      return { ...next, name: event.data.name ?? state.name, options: event.data.options ?? state.options };
    case 'credentials_replaced':
      return next;
    case 'retired':
      return { ...next, status: 'retired' };
  }
}

/** Folds a whole stream, oldest event first; null for an empty one. */
export function foldRegistration(stream: readonly StoredEvent[]): Registration | null {
  return stream.reduce<Registration | null>(applyEvent, null);
}
