/** Deskbridge's notifier as a process that several tenants contend for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { lark } from '../../bots/lark/index.ts';
import type { OutboundDelivery } from '../../src/kernel/notification.ts';
import { wakeLane } from '../../src/notify/lane-store.ts';
import { larkSetup } from '../lark/setup.ts';
import { inProcessRuntime, withWideLimits } from './in-process-platform.ts';
import { announce, announceAndExpand, runNotifier, Tally } from './running-notifier.ts';
import { serve } from './side-process.ts';
import { percentile } from './statistics.ts';
import { addTenant, openWorld, settle, type Tenant, type World } from './world.ts';

export interface FairnessPreparation {
  ownerUrl: string;
}

/** `published`: the platform's own limits. `wide`: none binds, and the process itself is what is contended for. */
export type LimitsId = 'published' | 'wide';

export type FairnessTask =
  /** How long a tenant's ten take to the wire, alone or beside one with a hundred thousand. */
  | { kind: 'quiet'; limits: LimitsId; noisy: boolean; seconds: number }
  /** What each of twenty tenants with as much to send gets sent. */
  | { kind: 'equal'; seconds: number };

/** Milliseconds from before the transaction to the wire. */
export interface QuietLatency {
  count: number;
  p50: number;
  p99: number;
  /** Sent for the noisy tenant meanwhile. */
  noisySent: number;
}

const noisyPeople = 100_000;
/** Of the noisy tenant's, so many still wait at the end. */
const leastNoisy = 50_000;
/** Several, so that none comes near its own limits. */
const quietTenants = 10;
const quietPeople = 500;
const quietBatch = 10;
const betweenBatchesMs = 200;
const equalTenants = 20;
const equalPeople = 1_000;
/** Queued for each of the equal ones by second of a round, more than it can be sent. */
const equalBacklogPerSecond = 600;
/** Besides a round's own length. */
const equalBacklogSeconds = 3;
/** Until every lane is leased and connections have their plans. */
const startMs = 1_500;
const longestStartMs = 20_000;
/** What a platform that is near takes. */
const latencyMs = 5;

interface Contest {
  world: World;
  noisy: Tenant;
  quiet: readonly Tenant[];
  equal: readonly Tenant[];
}

serve<FairnessPreparation, FairnessTask>(async ({ ownerUrl }) => {
  const world = await openWorld(ownerUrl);
  const add = (slug: string, people: number) => addTenant(world, larkSetup, { slug, people });
  const noisy = await add('noisy', noisyPeople);
  const quiet: Tenant[] = [];
  for (let index = 0; index < quietTenants; index += 1) quiet.push(await add(`quiet-${index}`, quietPeople));
  const equal: Tenant[] = [];
  for (let index = 0; index < equalTenants; index += 1) equal.push(await add(`equal-${index}`, equalPeople));
  await settle(world);
  const contest = { world, noisy, quiet, equal };
  return {
    answer: (task) => (task.kind === 'quiet' ? measureQuiet(contest, task) : shareOut(contest, task.seconds)),
    close: () => world.close(),
  };
});

async function measureQuiet(
  { world, noisy, quiet }: Contest,
  { limits, noisy: isNoisy, seconds }: Extract<FairnessTask, { kind: 'quiet' }>,
): Promise<QuietLatency> {
  const platform = limits === 'wide' ? withWideLimits(lark) : lark;
  if (isNoisy) await topUp(world, noisy, noisyPeople);
  await setAwake(world, noisy, isNoisy);
  const tally = new Tally();
  const latencies: number[] = [];
  const begun = new Map<string, number>();
  const onWire = (delivery: OutboundDelivery) => {
    tally.onWire(delivery);
    const at = begun.get(keyOf(delivery.registration.tenantId, delivery.destination.id));
    if (at !== undefined) latencies.push(performance.now() - at);
  };
  const stop = await runNotifier(world, { platform, runtime: inProcessRuntime(onWire, latencyMs) }, tally);
  try {
    await sleep(startMs);
    const measured = Math.ceil((seconds * 1_000) / betweenBatchesMs);
    // Each tenant once before it counts: then its lane is looked after.
    for (let turn = 0; turn < quiet.length + measured; turn += 1) {
      const tenant = quiet[turn % quiet.length];
      if (tenant === undefined) throw new Error('there are no quiet tenants');
      const isWarm = turn >= quiet.length;
      await announceTo(world, tenant, turn, (key) => isWarm && begun.set(key, performance.now()));
      await sleep(betweenBatchesMs);
    }
    const expected = measured * quietBatch;
    for (let waits = 0; latencies.length < expected && waits < 200; waits += 1) await sleep(50);
    if (latencies.length !== expected) throw new Error(`${latencies.length} of ${expected} arrived`);
    if (isNoisy) await checkBacklog(world, noisy, limits === 'wide' ? 1 : leastNoisy);
  } finally {
    await stop();
  }
  return {
    count: latencies.length,
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    noisySent: tally.left.get(noisy.tenantId) ?? 0,
  };
}

function keyOf(tenantId: string, destinationId: string): string {
  return `${tenantId} ${destinationId}`;
}

/** Ten people of a tenant, others each time. */
async function announceTo(
  world: World,
  tenant: Tenant,
  turn: number,
  begin: (key: string) => unknown,
): Promise<void> {
  const first = (Math.floor(turn / quietTenants) * quietBatch) % quietPeople;
  const places = Array.from({ length: quietBatch }, (_, index) => (first + index) % quietPeople);
  const index = turn % quietTenants;
  for (const place of places)
    begin(keyOf(tenant.tenantId, larkSetup.platformUserId(`quiet-${index}-${place}`)));
  const users = places.flatMap((place) => tenant.userIds[place] ?? []);
  await announce(
    world,
    tenant,
    users.map((user) => ({ user })),
  );
}

async function waitingOf(world: World, { tenantId }: Tenant): Promise<number> {
  const [row] = await world.database.inTenant(tenantId, (tx) =>
    tx.query<{ waiting: number }>('select count(*) as waiting from delivery_ready where tenant_id = $1', [
      tx.tenantId,
    ]),
  );
  return row?.waiting ?? 0;
}

/** Queues announcements until so many deliveries wait. */
async function topUp(world: World, tenant: Tenant, least: number): Promise<void> {
  const waiting = await waitingOf(world, tenant);
  for (let missing = least - waiting; missing > 0; missing -= tenant.userIds.length) {
    const users = tenant.userIds.slice(0, missing);
    await announceAndExpand(
      world,
      lark,
      tenant,
      users.map((user) => ({ user })),
    );
  }
}

/** Lets the notifier see a tenant's lane, or not; no notifier runs meanwhile. */
async function setAwake(world: World, { tenantId, registrationId }: Tenant, isAwake: boolean): Promise<void> {
  await world.database.inTenant(tenantId, async (tx) => {
    if (isAwake) wakeLane(tx, { laneId: registrationId, platform: lark.id }, new Date());
    else await tx.execute('delete from active_lanes where tenant_id = $1', [tenantId]);
  });
}

async function checkBacklog(world: World, tenant: Tenant, least: number): Promise<void> {
  const waiting = await waitingOf(world, tenant);
  if (waiting < least) throw new Error(`only ${waiting} are left waiting: nothing was contended for`);
}

/** @returns how many left for each tenant within the time, while all of them had more */
async function shareOut({ world, noisy, equal }: Contest, seconds: number): Promise<number[]> {
  await setAwake(world, noisy, false);
  const backlog = equalBacklogPerSecond * (seconds + equalBacklogSeconds);
  for (const tenant of equal) await topUp(world, tenant, backlog);
  const tally = new Tally();
  const runtime = inProcessRuntime((delivery) => tally.onWire(delivery), latencyMs);
  const stop = await runNotifier(world, { platform: withWideLimits(lark), runtime }, tally);
  try {
    const deadline = performance.now() + longestStartMs;
    while (tally.left.size < equal.length && performance.now() < deadline) await sleep(10);
    const before = new Map(tally.left);
    await sleep(seconds * 1_000);
    const shares = equal.map(({ tenantId }) => (tally.left.get(tenantId) ?? 0) - (before.get(tenantId) ?? 0));
    for (const tenant of equal) await checkBacklog(world, tenant, 1);
    return shares;
  } finally {
    await stop();
  }
}
