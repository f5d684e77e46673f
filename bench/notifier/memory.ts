/** The notifier's memory while a million deliveries are queued, beside ten thousand. */
import { newId } from '../../src/kernel/ids.ts';
import { newDeliveryId } from '../../src/notify/delivery-id.ts';
import { insertDeliveries } from '../../src/notify/delivery-store.ts';
import { createDatabase } from '../inbound-servers.ts';
import type { Measurement } from '../measure.ts';
import { slackSetup } from '../slack/setup.ts';
import type { MemoryUse } from './memory-side.ts';
import type { NotifierBench } from './notifier.ts';
import { SideProcess } from './side-process.ts';
import { addTenant, openWorld, settle, type Tenant, type World } from './world.ts';

const few = 10_000;
/** A tenth of the long history: 1,000,000 of 10,000,000; twice the few at least. */
const shareOfRows = 0.1;
/** So few that each lane has more than its owner holds in memory, however much is queued. */
const tenantCount = 4;
const insertAtOnce = 1_000;
/** Of the few, how much all rounds may drain. */
const drainedShare = 0.4;
/** At most 1.2 times. */
const goal = 0.83;

export async function benchMemory(bench: NotifierBench): Promise<Measurement[]> {
  const many = Math.max(2 * few, Math.round(bench.rows * shareOfRows));
  const queued = [many, few];
  const ownerUrls = new Map<number, string>();
  for (const count of queued) {
    const ownerUrl = await createDatabase(bench.cluster.url, `memory_${count}`);
    await fillQueue(bench, ownerUrl, count);
    ownerUrls.set(count, ownerUrl);
  }
  const perRound = (few * drainedShare) / (bench.rounds + 1) / tenantCount;
  const task = { sendsPerSecond: Math.max(1, Math.floor(perRound / bench.seconds)), seconds: bench.seconds };
  const used = new Map(queued.map((count) => [count, [] as MemoryUse[]]));
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const count of round % 2 === 0 ? queued.toReversed() : queued) {
      // A process of its own each time: memory that was once needed is not always given back.
      const options = { flags: ['--expose-gc'] };
      const side = await SideProcess.start('memory-side.ts', { ownerUrl: ownerUrls.get(count) }, options);
      const use = await side.ask<MemoryUse>(task);
      await side.stop();
      used.get(count)?.push(use);
      const { heap, resident, sent } = use;
      bench.note(
        `round ${round}  ${count} queued  heap ${heap.toFixed(1)} MB, resident ${resident.toFixed(1)} MB, ${sent} sent`,
      );
    }
  }
  const figure = (name: 'heap' | 'resident'): Measurement => ({
    bench: `notifier/memory/${name}`,
    subject: `Deskbridge's notifier, draining, ${many} queued, after a garbage collection`,
    peer: `the same with ${few} queued`,
    unit: 'MB',
    better: 'lower',
    subjectRounds: (used.get(many) ?? []).map((use) => use[name]),
    peerRounds: (used.get(few) ?? []).map((use) => use[name]),
    goal,
  });
  return [figure('heap'), figure('resident')];
}

async function fillQueue(bench: NotifierBench, ownerUrl: string, count: number): Promise<void> {
  const began = performance.now();
  const world = await openWorld(ownerUrl);
  try {
    for (let index = 0; index < tenantCount; index += 1) {
      const tenant = await addTenant(world, slackSetup, { slug: `${index}`, people: 0 });
      await queueUp(world, tenant, Math.ceil(count / tenantCount));
    }
    await settle(world);
  } finally {
    await world.close();
  }
  bench.note(`${count} queued in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
}

/** To addresses, each another one. */
async function queueUp(world: World, tenant: Tenant, count: number): Promise<void> {
  const notificationId = newId();
  const content = { kind: 'text', title: 'Maintenance tonight', text: 'From 22:00 on.', ticket: null };
  await world.database.inTenant(tenant.tenantId, (tx) =>
    tx.execute(
      `insert into notifications (tenant_id, notification_id, category, content, on_unknown, priority, recipients,
         created_by_kind, expanded_at, created_at) values ($1, $2, 'announcement', $3, 'hold', 0, $4, 'operator', $5, $5)`,
      [tx.tenantId, notificationId, JSON.stringify(content), count, new Date()],
    ),
  );
  for (let first = 0; first < count; first += insertAtOnce) {
    const now = new Date();
    const deliveries = Array.from({ length: Math.min(insertAtOnce, count - first) }, (_, index) => ({
      deliveryId: newDeliveryId(now),
      createdAt: now,
      notificationId,
      category: 'announcement' as const,
      userId: null,
      channel: {
        registrationId: tenant.registrationId,
        platform: 'slack',
        type: 'slack_dm' as const,
        id: `U${first + index}`,
      },
      fallback: [],
      fallbackOf: null,
      skipped: null,
      dueAt: now,
      expiresAt: null,
      priority: 0 as const,
      onUnknown: 'hold' as const,
    }));
    await world.database.inTenant(tenant.tenantId, (tx) => insertDeliveries(tx, deliveries), {
      durable: false,
    });
  }
}
