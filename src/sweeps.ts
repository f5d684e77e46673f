/** The loops of a process: what has to be done again and again, and when one of them is late. */
import { raiseDueEvents } from './desk/raise-due-events.ts';
import { eraseOldKeys } from './http/idempotency-store.ts';
import { eraseOldReceipts } from './inbound/receipt-store.ts';
import { type ResendDependencies, resendReplies } from './inbound/resend-replies.ts';
import type { Database } from './infra/database.ts';
import type { Metrics } from './infra/metrics.ts';
import type { Clock, Log } from './kernel/ports.ts';
import { countBacklog } from './notify/backlog-queries.ts';
import type { PartitionKeeper } from './notify/keep-partitions.ts';
import { renewCredentials } from './registrations/renew-credentials.ts';
import { eraseOldCodes } from './tenants/link-store.ts';
import { tenantIds } from './tenants/tenant-queries.ts';
import { eraseOld } from './work/erase-old.ts';
import type { Leader } from './work/leader.ts';
import { type PollingLoop, startPolling } from './work/polling-loop.ts';

/** What a worker does again and again. */
export function startSweeps(deps: ResendDependencies, everyMs: number): PollingLoop[] {
  const { database, clock, log } = deps;
  const erasure = {
    database,
    clock,
    tenantIds: () => tenantIds(database.directory),
    erasers: [eraseOldReceipts, eraseOldKeys, eraseOldCodes],
  };
  return [
    startPolling({ name: 'replies', everyMs, log, run: async () => void (await resendReplies(deps)) }),
    startPolling({
      name: 'sla',
      everyMs: 30_000,
      log,
      run: async () => void (await raiseDueEvents(database, clock)),
    }),
    startPolling({
      name: 'credentials',
      everyMs: 30_000,
      log,
      run: async () => void (await renewCredentials(deps)),
    }),
    startPolling({ name: 'erasure', everyMs: 3_600_000, log, run: () => eraseOld(erasure) }),
  ];
}

/** One process makes and drops them; each looks, so that each can tell. */
export function startPartitionUpkeep(
  partitions: PartitionKeeper,
  leader: Leader | null,
  log: Log,
): PollingLoop {
  const everyMs = 900_000;
  const keep = leader?.asLeader('partitions', 3 * everyMs, (signal) => partitions.keep(signal));
  return startPolling({ name: 'partitions', everyMs, log, run: () => partitions.turn(keep) });
}

/** A sweep that has not come round for three of its turns and half a minute. */
export function isLate(loop: PollingLoop, clock: Clock): boolean {
  return clock.now().getTime() - loop.lastSuccess.getTime() > 3 * loop.everyMs + 30_000;
}

/** How much waits, for the metrics. */
export function startBacklogWatch(database: Database, metrics: Metrics, log: Log): PollingLoop {
  const run = async () => metrics.showBacklog(await countBacklog(database.maintenance));
  return startPolling({ name: 'backlog', everyMs: 15_000, log, run });
}
