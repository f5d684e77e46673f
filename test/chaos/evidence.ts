/** What the database holds of a tenant after the trials, read past the product by the database's owner. */
import type { Sql } from '../../src/infra/database.ts';
import type { WorldTenant } from '../support/kill-world.ts';
import type { Ledger } from './ledger.ts';

export interface ReceiptEvidence {
  receipt_id: string;
  event_key: string;
  status: string;
  error_code: string | null;
  attempts: number;
  ambiguous: boolean;
  /** The message that was sent, or brought up to date. */
  platform_message_id: string | null;
}

export interface AuditEvidence {
  seq: number;
  action: string;
  result: string;
  error_code: string | null;
  target_id: string | null;
  source_id: string | null;
}

export interface Evidence {
  /** What was written, by marker: a ticket, a note, a time entry, or (by `#` and the ticket's number) an assignment. */
  effects: Map<string, Effect[]>;
  receipts: ReceiptEvidence[];
  audit: AuditEvidence[];
  head: number;
  dueReplies: number;
}

export interface Effect {
  kind: 'ticket' | 'note' | 'time_entry' | 'assignment';
  id: string;
  /** Whom a ticket was assigned to; the author of a note or time entry. */
  userId: string | null;
}

const effectsSql = `
  select 'ticket' as kind, ticket_id as id, title as text, created_by as user_id from tickets where tenant_id = $1
  union all
  select 'note', note_id, text, author_user_id from ticket_notes where tenant_id = $1
  union all
  select 'time_entry', time_entry_id, note, user_id from time_entries where tenant_id = $1
  union all
  select 'assignment', event_id, '#' || number, (data ->> 'assignee_id')::uuid
    from domain_events join tickets on tickets.tenant_id = domain_events.tenant_id and ticket_id = target_id
    where domain_events.tenant_id = $1 and type = 'assignment'`;

/** @throws Error for a record that has no marker and was not there before */
export async function collectEvidence(sql: Sql, tenant: WorldTenant, ledger: Ledger): Promise<Evidence> {
  const of = [tenant.tenantId];
  const [written, receipts, audit, heads, due] = await Promise.all([
    sql.query<{ kind: Effect['kind']; id: string; text: string | null; user_id: string | null }>(
      effectsSql,
      of,
    ),
    sql.query<ReceiptEvidence>(
      `select receipt_id, event_key, status, error_code, attempts, ambiguous, platform_message_id
         from receipts where tenant_id = $1`,
      of,
    ),
    sql.query<AuditEvidence>(
      `select seq, action, result, error_code, target_id, source_id
         from audit_events where tenant_id = $1 order by seq`,
      of,
    ),
    sql.query<{ seq: number }>('select seq from audit_heads where tenant_id = $1', of),
    sql.query<{ n: number }>(
      "select count(*)::int as n from due_work where kind = 'reply' and tenant_id = $1",
      of,
    ),
  ]);
  const ready = new Set(tenant.tickets.map(({ ticketId }) => ticketId));
  const effects = new Map<string, Effect[]>();
  for (const { kind, id, text, user_id: userId } of written) {
    if (ready.has(id)) continue;
    const marker = kind === 'assignment' ? text : (ledger.markersIn(text ?? '')[0] ?? null);
    if (marker === null) throw new Error(`a ${kind} that nobody asked for: ${id}`);
    effects.set(marker, [...(effects.get(marker) ?? []), { kind, id, userId }]);
  }
  return { effects, receipts, audit, head: heads[0]?.seq ?? -1, dueReplies: due[0]?.n ?? 0 };
}
