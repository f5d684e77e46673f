/** SQL of outcomes: what became of tries, fenced by the try, in one commit for many. */
import { statement, type Transaction } from '../infra/database.ts';
import { type DeliveryErrorCode, priorityMs, type SkipReason } from './records.ts';

/** One line of the attempt log. */
export interface AttemptRow {
  attemptId: string;
  deliveryId: string;
  at: Date;
  attemptNo: number;
  tryNo: number;
  laneId: string;
  /** With `startedAt`: the limits count it. */
  conversationKey: string | null;
  operation: string | null;
  startedAt: Date | null;
  outcome:
    | 'sent'
    | 'rejected'
    | 'unknown'
    | 'absent'
    | 'delivered'
    | 'held'
    | 'resent'
    | 'resolved_sent'
    | 'resolved_not_sent'
    | 'retried'
    | 'withdrawn'
    | 'surplus';
  errorCode: DeliveryErrorCode | null;
  detail: string | null;
  messageId: string | null;
  requestId: string | null;
}

const insertAttemptsSql = statement(
  'attempts_insert',
  `insert into delivery_attempts (tenant_id, delivery_id, at, attempt_id, attempt_no, try_no, lane_id, conversation_key,
     operation, started_at, outcome, error_code, detail, provider_message_id, provider_request_id)
   select $1, a.* from unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::int[], $6::int[], $7::uuid[], $8::text[],
     $9::text[], $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[]) as a`,
);

/** Adds lines to the log; travels with the next statements. */
export function insertAttempts(tx: Transaction, rows: readonly AttemptRow[]): void {
  if (rows.length === 0) return;
  tx.enqueue(insertAttemptsSql, [
    tx.tenantId,
    rows.map(({ deliveryId }) => deliveryId),
    rows.map(({ at }) => at),
    rows.map(({ attemptId }) => attemptId),
    rows.map(({ attemptNo }) => attemptNo),
    rows.map(({ tryNo }) => tryNo),
    rows.map(({ laneId }) => laneId),
    rows.map(({ conversationKey }) => conversationKey),
    rows.map(({ operation }) => operation),
    rows.map(({ startedAt }) => startedAt),
    rows.map(({ outcome }) => outcome),
    rows.map(({ errorCode }) => errorCode),
    rows.map(({ detail }) => detail?.slice(0, 1_024) ?? null),
    rows.map(({ messageId }) => messageId),
    rows.map(({ requestId }) => requestId),
  ]);
}

// Rows are found by `= any` and their values by `array_position`, without a join: statistics of a queue say that it is empty,
// and a join would be planned from its rows, all of them, for a handful of ids.
const finishSql = statement(
  'ready_finish',
  `delete from delivery_ready
    where tenant_id = $1 and delivery_id = any($2::uuid[])
      and (try_no = ($3::int[])[array_position($2::uuid[], delivery_id)] or phase <> 'sending')
   returning delivery_id`,
);

/**
 * Takes deliveries off that are over. What a later owner has on the wire under a newer try stays; what it only waits with
 * goes, since this try settled it.
 * @returns those that were there
 */
export async function finishReady(
  tx: Transaction,
  tries: readonly { deliveryId: string; tryNo: number }[],
): Promise<Set<string>> {
  const rows = await tx.query<{ delivery_id: string }>(finishSql, [
    tx.tenantId,
    tries.map(({ deliveryId }) => deliveryId),
    tries.map(({ tryNo }) => tryNo),
  ]);
  return new Set(rows.map((row) => row.delivery_id));
}

const requeueSql = statement(
  'ready_requeue',
  `update delivery_ready
      set phase = ($4::text[])[array_position($2::uuid[], delivery_id)],
          due_at = coalesce(($5::timestamptz[])[array_position($2::uuid[], delivery_id)], due_at),
          attempt_no = ($6::int[])[array_position($2::uuid[], delivery_id)],
          reduced = ($7::bool[])[array_position($2::uuid[], delivery_id)]
    where tenant_id = $1 and delivery_id = any($2::uuid[])
      and try_no = ($3::int[])[array_position($2::uuid[], delivery_id)] and phase <> 'ready'
   returning delivery_id`,
);

export interface RequeueRow {
  deliveryId: string;
  tryNo: number;
  phase: 'ready' | 'unknown';
  /** Null: as it was. */
  dueAt: Date | null;
  attemptNo: number;
  reduced: boolean;
}

/** Puts tries back that are not over. @returns those that this try still stood for */
export async function requeue(tx: Transaction, rows: readonly RequeueRow[]): Promise<Set<string>> {
  const found = await tx.query<{ delivery_id: string }>(requeueSql, [
    tx.tenantId,
    rows.map(({ deliveryId }) => deliveryId),
    rows.map(({ tryNo }) => tryNo),
    rows.map(({ phase }) => phase),
    rows.map(({ dueAt }) => dueAt),
    rows.map(({ attemptNo }) => attemptNo),
    rows.map(({ reduced }) => reduced),
  ]);
  return new Set(found.map((row) => row.delivery_id));
}

const putOffSql = statement(
  'ready_put_off',
  `update delivery_ready
      set due_at = ($4::timestamptz[])[array_position($2::uuid[], delivery_id)],
          rank = ($5::bigint[])[array_position($2::uuid[], delivery_id)]
    where tenant_id = $1 and delivery_id = any($2::uuid[])
      and try_no = ($3::int[])[array_position($2::uuid[], delivery_id)] and phase = 'ready'`,
);

/** Lets deliveries that were not started wait, as if they had been planned for then. */
export async function putOff(
  tx: Transaction,
  rows: readonly { deliveryId: string; tryNo: number; priority: number; until: Date }[],
): Promise<void> {
  await tx.execute(putOffSql, [
    tx.tenantId,
    rows.map(({ deliveryId }) => deliveryId),
    rows.map(({ tryNo }) => tryNo),
    rows.map(({ until }) => until),
    rows.map(({ until, priority }) => until.getTime() - priority * priorityMs),
  ]);
}

const claimKeysSql = statement(
  'attempt_keys_claim',
  `insert into delivery_idempotency (tenant_id, idempotency_key, delivery_id, created_at)
   select $1, k.* from unnest($2::text[], $3::uuid[], $4::timestamptz[]) as k
   on conflict (tenant_id, idempotency_key) do nothing`,
);

/** Puts the keys of attempts down; travels with the next statements. */
export function claimAttemptKeys(
  tx: Transaction,
  keys: readonly { key: string; deliveryId: string; createdAt: Date }[],
): void {
  if (keys.length === 0) return;
  tx.enqueue(claimKeysSql, [
    tx.tenantId,
    keys.map(({ key }) => key),
    keys.map(({ deliveryId }) => deliveryId),
    keys.map(({ createdAt }) => createdAt),
  ]);
}

// By the whole key, without bounds on the time besides: those would be taken for the index's condition, and walk the month.
const sentSql = statement(
  'deliveries_sent',
  `update deliveries d
      set status = case when o.proof then 'delivered' else 'sent' end, error_code = null, error_message = null,
          attempts = o.attempts, provider_message_id = o.message_id, provider_request_id = o.request_id, sent_at = o.at,
          delivered_at = case when o.proof then o.at else null end
     from unnest($2::uuid[], $3::timestamptz[], $4::int[], $5::text[], $6::text[], $7::timestamptz[], $8::bool[])
       as o (delivery_id, created_at, attempts, message_id, request_id, at, proof)
    where d.tenant_id = $1 and d.delivery_id = o.delivery_id and d.created_at = o.created_at
      and (d.status = 'queued' or (d.status = 'failed' and d.error_code = 'outcome_unknown'))
   returning d.delivery_id`,
);

export interface SentRow {
  deliveryId: string;
  createdAt: Date;
  attempts: number;
  messageId: string | null;
  requestId: string | null;
  at: Date;
  /** The platform showed it. */
  proof: boolean;
}

/** Records what the platform accepted. @returns those that this changed: the others were over before */
export async function markSent(tx: Transaction, rows: readonly SentRow[]): Promise<Set<string>> {
  const found = await tx.query<{ delivery_id: string }>(sentSql, [
    tx.tenantId,
    rows.map(({ deliveryId }) => deliveryId),
    rows.map(({ createdAt }) => createdAt),
    rows.map(({ attempts }) => attempts),
    rows.map(({ messageId }) => messageId),
    rows.map(({ requestId }) => requestId),
    rows.map(({ at }) => at),
    rows.map(({ proof }) => proof),
  ]);
  return new Set(found.map((row) => row.delivery_id));
}

const endedSql = statement(
  'deliveries_ended',
  `update deliveries d
      set status = o.status, reason = o.reason, error_code = o.error_code, error_message = o.error_message,
          attempts = o.attempts, provider_request_id = o.request_id
     from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::text[])
       as o (delivery_id, created_at, status, reason, error_code, error_message, attempts, request_id)
    where d.tenant_id = $1 and d.delivery_id = o.delivery_id and d.created_at = o.created_at
      and d.status = 'queued'`,
);

export interface EndedRow {
  deliveryId: string;
  createdAt: Date;
  status: 'failed' | 'skipped';
  reason: SkipReason | null;
  errorCode: DeliveryErrorCode | null;
  errorMessage: string | null;
  attempts: number;
  requestId: string | null;
}

/** Records deliveries that are over without having been sent; travels with the next statements. */
export function markEnded(tx: Transaction, rows: readonly EndedRow[]): void {
  if (rows.length === 0) return;
  tx.enqueue(endedSql, [
    tx.tenantId,
    rows.map(({ deliveryId }) => deliveryId),
    rows.map(({ createdAt }) => createdAt),
    rows.map(({ status }) => status),
    rows.map(({ reason }) => reason),
    rows.map(({ errorCode }) => errorCode),
    rows.map(({ errorMessage }) => errorMessage?.slice(0, 1_024) ?? null),
    rows.map(({ attempts }) => attempts),
    rows.map(({ requestId }) => requestId),
  ]);
}
