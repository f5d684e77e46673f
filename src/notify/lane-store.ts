/** SQL of lanes: the directory of those with work, who holds the lease of each, and the epoch that fences its owner. */
import { type Sql, statement, type Transaction } from '../infra/database.ts';

/** A lane that somebody may lease. */
export interface FreeLane {
  laneId: string;
  tenantId: string;
  platform: string;
}

const wakeSql = statement(
  'lane_wake',
  `with awake as (select lane_id from active_lanes where lane_id = $1 and wake_at <= $4 for key share)
   insert into active_lanes (lane_id, tenant_id, platform, wake_at)
   select $1, $2, $3, $4 where not exists (select 1 from awake)
   on conflict (lane_id) do update set wake_at = least(active_lanes.wake_at, excluded.wake_at)`,
);

/**
 * Puts a lane into the directory, to be looked at from `wakeAt` on; travels with the next statements. A lane that is
 * there already is only locked against being taken out before this commits, so that enqueuers do not wait for one another.
 */
export function wakeLane(tx: Transaction, lane: { laneId: string; platform: string }, wakeAt: Date): void {
  tx.enqueue(wakeSql, [lane.laneId, tx.tenantId, lane.platform, wakeAt]);
  tx.announce({ kind: 'lane', tenantId: tx.tenantId, id: lane.laneId });
}

/** Lanes with work whose lease nobody holds, the longest waiting first. */
export async function findFreeLanes(directory: Sql, now: Date, limit: number): Promise<FreeLane[]> {
  return await directory.query<FreeLane>(
    `select lane_id as "laneId", tenant_id as "tenantId", platform from active_lanes
      where wake_at <= $1 and (lease_until is null or lease_until <= $1)
      order by wake_at, lane_id limit $2`,
    [now, limit],
  );
}

/** The directory's row of a lane that is free and has work; null otherwise. */
export async function findFreeLane(directory: Sql, laneId: string, now: Date): Promise<FreeLane | null> {
  const [lane] = await directory.query<FreeLane>(
    `select lane_id as "laneId", tenant_id as "tenantId", platform from active_lanes
      where lane_id = $1 and wake_at <= $2 and (lease_until is null or lease_until <= $2)`,
    [laneId, now],
  );
  return lane ?? null;
}

/**
 * Takes the lease and raises the epoch, so that whatever an earlier owner still tries fails.
 * @returns the epoch; null when somebody else was first, or the registration is gone
 */
export async function leaseLane(
  tx: Transaction,
  lane: { laneId: string; platform: string; owner: string },
  now: Date,
  leaseUntil: Date,
): Promise<number | null> {
  const leased = await tx.execute(
    `update active_lanes set owner = $3, lease_until = $4
      where lane_id = $1 and tenant_id = $2 and (lease_until is null or lease_until <= $5)`,
    [lane.laneId, tx.tenantId, lane.owner, leaseUntil, now],
  );
  if (leased === 0) return null;
  await tx.execute(
    `insert into lanes (tenant_id, lane_id, platform, epoch, created_at)
     select tenant_id, registration_id, $3, 0, $4 from bot_registrations where tenant_id = $1 and registration_id = $2
     on conflict (tenant_id, lane_id) do nothing`,
    [tx.tenantId, lane.laneId, lane.platform, now],
  );
  // For update: intents of the owner before hold a key share until they are committed, and are seen by what follows.
  await tx.query('select epoch from lanes where tenant_id = $1 and lane_id = $2 for update', [
    tx.tenantId,
    lane.laneId,
  ]);
  const [row] = await tx.query<{ epoch: number }>(
    `update lanes set epoch = epoch + 1, owner = $3 where tenant_id = $1 and lane_id = $2 returning epoch`,
    [tx.tenantId, lane.laneId, lane.owner],
  );
  return row?.epoch ?? null;
}

/** Renews the leases of an owner, all at once. @returns the lanes that it still holds */
export async function renewLeases(
  directory: Sql,
  owner: string,
  laneIds: readonly string[],
  leaseUntil: Date,
): Promise<Set<string>> {
  const rows = await directory.query<{ lane_id: string }>(
    'update active_lanes set lease_until = $3 where owner = $1 and lane_id = any($2::uuid[]) returning lane_id',
    [owner, [...laneIds], leaseUntil],
  );
  return new Set(rows.map((row) => row.lane_id));
}

/** Gives lanes back, so that another owner may lease them at once. */
export async function releaseLanes(directory: Sql, owner: string, laneIds: readonly string[]): Promise<void> {
  await directory.execute(
    'update active_lanes set owner = null, lease_until = null where owner = $1 and lane_id = any($2::uuid[])',
    [owner, [...laneIds]],
  );
}

/**
 * Gives a lane back that has nothing to do before `nextDueAt`, or nothing at all (null): then it leaves the directory. What was
 * enqueued meanwhile holds the directory's row until it is committed, hence the lock first and the look afterwards.
 * @returns false when there is work after all: the lane stays leased
 */
export async function retireLane(
  tx: Transaction,
  lane: { laneId: string; owner: string },
  now: Date,
): Promise<boolean> {
  const held = await tx.query('select 1 from active_lanes where lane_id = $1 and owner = $2 for update', [
    lane.laneId,
    lane.owner,
  ]);
  if (held.length === 0) return true;
  const [next] = await tx.query<{ due: Date | null }>(
    'select min(due_at) as due from delivery_ready where tenant_id = $1 and lane_id = $2',
    [tx.tenantId, lane.laneId],
  );
  const due = next?.due ?? null;
  if (due !== null && due.getTime() <= now.getTime() + soonMs) return false;
  if (due === null) await tx.execute('delete from active_lanes where lane_id = $1', [lane.laneId]);
  else {
    await tx.execute(
      'update active_lanes set owner = null, lease_until = null, wake_at = $2 where lane_id = $1',
      [lane.laneId, due],
    );
  }
  return true;
}

/** A lane whose next delivery is due within this time is kept. */
const soonMs = 30_000;

/** Lanes with work, by platform: how many deliveries wait is in `delivery_ready`, of each tenant apart. */
export async function countActiveLanes(directory: Sql): Promise<{ platform: string; lanes: number }[]> {
  return await directory.query('select platform, count(*) as lanes from active_lanes group by platform');
}

export interface LaneBlock {
  /** Empty: the whole lane. */
  conversationKey: string;
  blockedUntil: Date;
}

/** Puts down how long the platform asked to wait; a longer wait stands. Travels with the next statements. */
export function blockLane(tx: Transaction, laneId: string, block: LaneBlock): void {
  tx.enqueue(
    `insert into lane_blocks (tenant_id, lane_id, conversation_key, blocked_until) values ($1, $2, $3, $4)
     on conflict (tenant_id, lane_id, conversation_key)
     do update set blocked_until = greatest(lane_blocks.blocked_until, excluded.blocked_until)`,
    [tx.tenantId, laneId, block.conversationKey, block.blockedUntil],
  );
}

/** The waits that still stand; those that are over are forgotten. */
export async function readLaneBlocks(tx: Transaction, laneId: string, now: Date): Promise<LaneBlock[]> {
  tx.enqueue('delete from lane_blocks where tenant_id = $1 and lane_id = $2 and blocked_until <= $3', [
    tx.tenantId,
    laneId,
    now,
  ]);
  return await tx.query<LaneBlock>(
    `select conversation_key as "conversationKey", blocked_until as "blockedUntil" from lane_blocks
      where tenant_id = $1 and lane_id = $2`,
    [tx.tenantId, laneId],
  );
}
