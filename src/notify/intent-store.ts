/** SQL of intents: what is about to be sent, written before it is, fenced by the lane's epoch. */
import { statement, type Transaction } from '../infra/database.ts';

// Whoever takes the lane over waits for this, or this finds the other's epoch.
const fenceSql = statement(
  'lane_fence',
  `select t.status, exists (select 1 from registration_directory where registration_id = $2 and tenant_id = $1) as live
     from lanes l join tenants t on t.tenant_id = $1
    where l.tenant_id = $1 and l.lane_id = $2 and l.epoch = $3 for key share of l`,
);

const intendSql = statement(
  'ready_intend',
  `update delivery_ready r
      set phase = 'sending', try_no = r.try_no + 1, started_at = i.started_at, not_after = i.not_after,
          first_started_at = case when r.first_started_at is null then i.started_at else r.first_started_at end
     from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $6::bool[], $7::int[])
       as i (delivery_id, started_at, not_after, repeats, try_no)
    where r.tenant_id = $1 and r.delivery_id = i.delivery_id
      and (r.phase = 'ready' or (i.repeats and r.try_no = i.try_no)) and (r.expires_at is null or r.expires_at > $5 or i.repeats)
   returning r.delivery_id, r.try_no`,
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
      intents.map(({ repeats }) => repeats),
      intents.map(({ tryNo }) => tryNo),
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
