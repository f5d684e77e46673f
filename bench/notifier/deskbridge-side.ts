/** Deskbridge's notifier as a process under measurement: enqueue, intents and outcomes, all durable, no wire. */
import { slack } from '../../bots/slack/index.ts';
import type { TenantCount } from '../inbound-platform.ts';
import { tenantCounts } from '../inbound-platform.ts';
import { slackSetup } from '../slack/setup.ts';
import type { Finished, WorkloadId } from './contestant.ts';
import { inProcessRuntime, withWideLimits } from './in-process-platform.ts';
import { type LatencyTask, measureLatency } from './latency-side.ts';
import { announce, announcers, inParallel, runNotifier, Tally } from './running-notifier.ts';
import { serve } from './side-process.ts';
import { addTenant, openWorld, settle, type Tenant, type World } from './world.ts';

export interface DeskbridgePreparation {
  ownerUrl: string;
}

export type DeskbridgeTask =
  | { kind: 'throughput'; tenants: TenantCount; workload: WorkloadId; count: number }
  | ({ kind: 'latency' } & LatencyTask)
  | { kind: 'settle' }
  | { kind: 'count' };

/** People of each set-up, in all its tenants together. */
const peoplePerSetup = 20_000;
/** Callers that enqueue one notification after the other. */
const callers = 16;
/** Large audiences that are accepted at the same time. */
const largeAtOnce = 4;

serve<DeskbridgePreparation, DeskbridgeTask>(async ({ ownerUrl }) => {
  const world = await openWorld(ownerUrl);
  const setups = new Map<TenantCount, Tenant[]>();
  for (const count of tenantCounts) setups.set(count, await addTenants(world, count));
  await settle(world);
  const tally = new Tally();
  let onWire = (delivery: Parameters<Tally['onWire']>[0]) => tally.onWire(delivery);
  const runtime = inProcessRuntime((delivery) => onWire(delivery));
  const stop = await runNotifier(world, { platform: withWideLimits(slack), runtime }, tally);
  const tenantsOf = (count: TenantCount) => setups.get(count) ?? [];
  return {
    async answer(task) {
      tally.reset();
      if (task.kind === 'settle') return await settle(world);
      if (task.kind === 'count') return await countRecords(world);
      if (task.kind === 'throughput') return await run(world, tenantsOf(task.tenants), tally, task);
      const measured = await measureLatency(world, tenantsOf(task.tenants), task, {
        tally,
        watch: (watcher) => {
          onWire = (delivery) => {
            watcher(delivery);
            tally.onWire(delivery);
          };
        },
      });
      onWire = (delivery) => tally.onWire(delivery);
      return measured;
    },
    async close() {
      await stop();
      await world.close();
    },
  };
});

async function addTenants(world: World, count: TenantCount): Promise<Tenant[]> {
  const tenants: Tenant[] = [];
  for (let index = 0; index < count; index += 1) {
    const slug = `notifier-${count}-${index}`;
    tenants.push(await addTenant(world, slackSetup, { slug, people: peoplePerSetup / count }));
  }
  return tenants;
}

/** Which people of which tenant are told next; neighbours are of different tenants. */
function* turns(tenants: readonly Tenant[], count: number): Generator<{ tenant: Tenant; user: string }> {
  for (let turn = 0; turn < count; turn += 1) {
    const tenant = tenants[turn % tenants.length];
    const userIds = tenant?.userIds ?? [];
    const user = userIds[Math.floor(turn / tenants.length) % userIds.length];
    if (tenant === undefined || user === undefined) throw new Error('there is nobody to tell');
    yield { tenant, user };
  }
}

async function run(
  world: World,
  tenants: readonly Tenant[],
  tally: Tally,
  { workload, count }: { workload: WorkloadId; count: number },
): Promise<Finished> {
  const began = performance.now();
  if (workload !== 'audience') {
    const all = [...turns(tenants, count)];
    await inParallel(all, callers, ({ tenant, user }) => announcers[workload](world, tenant, [{ user }]));
  } else {
    const audiences = audiencesOf(tenants, count);
    await inParallel(audiences, largeAtOnce, ({ tenant, users }) => announce(world, tenant, users));
  }
  const acceptedMs = performance.now() - began;
  await tally.until(count);
  const ms = performance.now() - began;
  tally.check(count);
  return { count, ms, acceptedMs };
}

/** One notification a tenant, and more when it has not so many people. */
function audiencesOf(
  tenants: readonly Tenant[],
  count: number,
): { tenant: Tenant; users: { user: string }[] }[] {
  const byTenant = Map.groupBy(turns(tenants, count), ({ tenant }) => tenant);
  return [...byTenant].flatMap(([tenant, told]) => {
    const size = tenant.userIds.length;
    const parts = Math.ceil(told.length / size);
    return Array.from({ length: parts }, (_, part) => ({
      tenant,
      users: told.slice(part * size, (part + 1) * size).map(({ user }) => ({ user })),
    }));
  });
}

/** What stands in the database, to be compared with what was sent. */
async function countRecords({ database }: World): Promise<Record<string, number>> {
  const [row] = await database.maintenance.query<Record<string, number>>(
    `select (select count(*) from deliveries where status = 'sent' and provider_message_id is not null) as sent,
            (select count(*) from deliveries) as deliveries, (select count(*) from delivery_attempts) as attempts,
            (select count(*) from delivery_idempotency) as keys, (select count(*) from delivery_ready) as waiting`,
  );
  return row ?? {};
}
