/** SQL of intents: what is about to be sent, written before it is, fenced by the lane's epoch. */
import { statement, type Transaction } from '../infra/database.ts';

// Whoever takes the lane over waits for this, or this finds the other's epoch.
const fenceSql = statement(
  'lane_fence',
  `select t.status, exists (select 1 from registration_directory where registration_id = $2 and tenant_id = $1) as live
     from lanes l join tenants t on t.tenant_id = $1
    where l.tenant_id = $1 and l.lane_id = $2 and l.epoch = $3 for key share of l`,
);

// Without a join, as in `outcome-store.ts`.
const intendSql = statement(
  'ready_intend',
  `update delivery_ready
      set phase = 'sending', try_no = try_no + 1,
          started_at = ($3::timestamptz[])[array_position($2::uuid[], delivery_id)],
          not_after = ($4::timestamptz[])[array_position($2::uuid[], delivery_id)],
          first_started_at = coalesce(first_started_at, ($3::timestamptz[])[array_position($2::uuid[], delivery_id)])
    where tenant_id = $1 and delivery_id = any($2::uuid[])
      and (phase = 'ready' and (expires_at is null or expires_at > $5)
        or try_no = ($6::int[])[array_position($2::uuid[], delivery_id)])
   returning delivery_id, try_no`,
);

export interface Intent {
  deliveryId: string;
  startedAt: Date;
  notAfter: Date;
  /** Tries so far. */
  tryNo: number;
  /** The try before is of unknown outcome, and the platform takes both for one. */
  repeats: boolean;
}

/** `lost`: somebody else owns the lane; the others: nothing may be sent for it now. */
export type RefusedIntents = 'lost' | 'tenant_suspended' | 'registration_inactive';

/** Thrown so that the intents are rolled back. */
export class IntentsRefused extends Error {
  readonly reason: RefusedIntents;

  constructor(reason: RefusedIntents) {
    super(`no intents: ${reason}`);
    this.reason = reason;
  }
}

/**
 * Writes the intents to send, unless the lane has another owner by now, or is not to send. Those that were cancelled,
 * superseded, withdrawn or that expired are left out of the answer.
 * @returns the number of each try
 * @throws IntentsRefused
 */
export async function writeIntents(
  tx: Transaction,
  lane: { laneId: string; epoch: number },
  intents: readonly Intent[],
  now: Date,
): Promise<Map<string, number>> {
  const [[ours], rows] = await Promise.all([
    tx.query<{ status: string; live: boolean }>(fenceSql, [tx.tenantId, lane.laneId, lane.epoch]),
    tx.query<{ delivery_id: string; try_no: number }>(intendSql, [
      tx.tenantId,
      intents.map(({ deliveryId }) => deliveryId),
      intents.map(({ startedAt }) => startedAt),
      intents.map(({ notAfter }) => notAfter),
      now,
      intents.map(({ repeats, tryNo }) => (repeats ? tryNo : null)),
    ]),
  ]);
  const refusal = refusalOf(ours);
  if (refusal === null) return new Map(rows.map((row) => [row.delivery_id, row.try_no]));
  throw new IntentsRefused(refusal);
}

function refusalOf(ours: { status: string; live: boolean } | undefined): RefusedIntents | null {
  if (ours === undefined) return 'lost';
  if (ours.status !== 'active') return 'tenant_suspended';
  return ours.live ? null : 'registration_inactive';
}
