/** How long it takes from enqueue to the wire while notifications come at a steady rate. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutboundDelivery } from '../../src/kernel/notification.ts';
import type { TenantCount } from '../inbound-platform.ts';
import { announcers, type Tally } from './running-notifier.ts';
import { percentile } from './statistics.ts';
import type { Tenant, World } from './world.ts';

export interface LatencyTask {
  tenants: TenantCount;
  workload: keyof typeof announcers;
  /** Notifications a second, each to one person. */
  rate: number;
  seconds: number;
}

/** Milliseconds from when a notification was due to be enqueued to when its delivery left. */
export interface Latency {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/**
 * Enqueues by the clock, whether or not earlier ones are through: a queue that builds up anywhere is seen. Times count from
 * when each was due, before its transaction began.
 */
export async function measureLatency(
  world: World,
  tenants: readonly Tenant[],
  { workload, rate, seconds }: LatencyTask,
  wire: { tally: Tally; watch: (watcher: (delivery: OutboundDelivery) => void) => void },
): Promise<Latency> {
  const count = Math.max(1, Math.round(rate * seconds));
  // A person is told once: one in flight a conversation is a rule, no delay of the notifier's.
  const dueOf = new Map<string, number>();
  const latencies: number[] = [];
  wire.watch(({ destination }) => {
    const due = dueOf.get(destination.id);
    if (due !== undefined) latencies.push(performance.now() - due);
  });
  const platformIds = await platformIdsOf(world, tenants);
  const enqueuing: Promise<unknown>[] = [];
  const began = performance.now();
  for (let turn = 0; turn < count; turn += 1) {
    const due = began + (turn / rate) * 1_000;
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait);
    const tenant = tenants[turn % tenants.length];
    const user = tenant?.userIds[Math.floor(turn / tenants.length)];
    if (tenant === undefined || user === undefined) throw new Error('there are too few people');
    dueOf.set(platformIds.get(user) ?? '', due);
    enqueuing.push(announcers[workload](world, tenant, [{ user }]));
  }
  await Promise.all(enqueuing);
  await wire.tally.until(count);
  wire.tally.check(count);
  if (latencies.length !== count) throw new Error(`${latencies.length} of ${count} were timed`);
  return {
    count,
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    max: percentile(latencies, 100),
  };
}

async function platformIdsOf(world: World, tenants: readonly Tenant[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const { tenantId } of tenants) {
    const rows = await world.database.inTenant(tenantId, (tx) =>
      tx.query<{ user: string; id: string }>(
        'select user_id as user, platform_user_id as id from links where tenant_id = $1',
        [tx.tenantId],
      ),
    );
    for (const { user, id } of rows) ids.set(user, id);
  }
  return ids;
}
