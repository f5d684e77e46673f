/** Two servers on one database: both at once, one killed, and one that stands still past its lease and comes back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KillableServer } from '../support/kill-server.ts';
import type { DeliveryCounts } from './notifier-kill-check.ts';
import { NotifierScene } from './notifier-kill-scene.ts';
import { Random } from './random.ts';
import type { Violation } from './violation.ts';

export interface WorkersOptions {
  platform: string;
  ownerUrl: string;
  folder: string;
  seed: number;
  /** How often a server stands still. */
  rounds: number;
  /** By SIGSTOP, or with its event loop blocked for so long. */
  stallMs?: number;
  /** The system clocks of the two are wrong by so much, in opposite directions. */
  skewMs?: number;
}

export interface WorkersResult extends DeliveryCounts {
  /** Servers that had a lane before any stood still. */
  owners: number;
  /** Of each round: from the stop until the other had all its lanes. */
  takeOverMs: number[];
  /** Of each round: intents without an outcome of the one that stood still. */
  frozen: number[];
  /** The highest epoch of a lane: 1 means that nobody took one over. */
  epochs: number;
  violations: Violation[];
}

interface Pair {
  zombie: KillableServer;
  living: KillableServer;
}

/** Longer than a lease: 5 s. */
const standStillMs = { min: 6_500, max: 9_000 };
const takeOverLimitMs = 15_000;
const intentLimitMs = 1_500;
/** A zombie does at once what it has in mind. */
const comeBackMs = 1_500;

/** Both servers work; now one, now the other stands still; at the end one is killed. */
export async function runTwoWorkers(options: WorkersOptions): Promise<WorkersResult> {
  const { stallMs, skewMs = 0 } = options;
  // A request is dated by the clock of who takes it: with clocks that are wrong nothing is posted.
  const enqueued = skewMs === 0 ? {} : { enqueuedShare: 1 };
  const load = { worker: 0, unfinished: 160, wireMs: { min: 20, max: 900 }, ...enqueued };
  const scene = await NotifierScene.open({ ...options, ...load, tenants: 4, servers: 2 });
  const random = new Random(options.seed, 'zombies');
  const owners = new Set<string>();
  const takeOverMs: number[] = [];
  const frozen: number[] = [];
  try {
    const [one, other] = scene.servers;
    if (other === undefined) throw new Error('there is one server only');
    for (const [server, way] of [
      [one, 1],
      [other, -1],
    ] as const) {
      server.faults = { skewMs: way * skewMs, ...(stallMs === undefined ? {} : { stallMs }) };
    }
    await Promise.all([one.start(), other.start()]);
    await share(scene, [one, other], owners, skewMs === 0 ? 'posted' : 'enqueued');
    scene.accept([one, other]);
    scene.load.start();
    for (let round = 0; round < options.rounds; round += 1) {
      await sleep(random.between(200, 1_500));
      const taken = await standStill(scene, await busier(scene, one, other), random, stallMs);
      if (taken.ms !== null) takeOverMs.push(taken.ms);
      frozen.push(taken.frozen);
    }
    const { zombie: killed, living } = await busier(scene, one, other);
    await killed.kill();
    await scene.count();
    scene.accept([living]);
    await scene.drain();
    const epochs = await highestEpoch(scene);
    const { counts, violations } = await scene.check();
    return { ...counts, owners: owners.size, takeOverMs, frozen, epochs, violations };
  } finally {
    await scene.close();
  }
}

/** Tenants are spread over the servers by who accepts their first notification. */
async function share(
  scene: NotifierScene,
  servers: readonly KillableServer[],
  owners: Set<string>,
  how: 'posted' | 'enqueued',
): Promise<void> {
  for (const [index, tenant] of scene.world.tenants.entries()) {
    const server = servers[index % servers.length];
    if (server !== undefined) scene.accept([server]);
    await scene.load.send(tenant, 8, how);
  }
  const deadline = Date.now() + takeOverLimitMs;
  while (owners.size < servers.length && Date.now() < deadline) {
    const rows = await scene.world.database.maintenance.query<{ owner: string }>(
      'select distinct owner from active_lanes where owner is not null',
    );
    for (const { owner } of rows) owners.add(owner);
    await sleep(20);
  }
}

/** Who has more lanes is worth to be stopped. */
async function busier(scene: NotifierScene, one: KillableServer, other: KillableServer): Promise<Pair> {
  const [ofOne, ofOther] = [await lanesOf(scene, one), await lanesOf(scene, other)];
  return ofOne.length >= ofOther.length ? { zombie: one, living: other } : { zombie: other, living: one };
}

/** One stands still until the other has its lanes, and then goes on. */
async function standStill(
  scene: NotifierScene,
  { zombie, living }: Pair,
  random: Random,
  stallMs: number | undefined,
): Promise<{ ms: number | null; frozen: number }> {
  const lanes = await lanesOf(scene, zombie);
  scene.accept([living]);
  await intended(scene, lanes);
  if (stallMs === undefined) zombie.pause();
  else zombie.stall();
  const began = performance.now();
  await scene.count();
  const frozen = await onTheWireOf(scene, lanes);
  const standStill = sleep(stallMs ?? random.between(standStillMs.min, standStillMs.max));
  const ms = await takenOver(scene, lanes, living, began);
  await standStill;
  zombie.resume();
  await sleep(comeBackMs);
  scene.accept(scene.servers);
  return { ms, frozen };
}

/** The worst moment: intents are committed, and their sends are due in some milliseconds. Without one in a while, any. */
async function intended(scene: NotifierScene, lanes: readonly string[]): Promise<void> {
  const deadline = Date.now() + intentLimitMs;
  while (Date.now() < deadline) {
    const rows = await scene.world.database.maintenance.query(
      `select 1 from delivery_ready
        where phase = 'sending' and lane_id = any($1::uuid[]) and started_at > clock_timestamp() + interval '20 ms' limit 1`,
      [lanes],
    );
    if (rows.length > 0) return;
  }
}

/** Waits for the living one to own these lanes. */
async function takenOver(
  scene: NotifierScene,
  lanes: readonly string[],
  living: KillableServer,
  began: number,
): Promise<number | null> {
  while (performance.now() - began < takeOverLimitMs) {
    const now = new Set(await lanesOf(scene, living));
    if (lanes.every((lane) => now.has(lane))) return performance.now() - began;
    await sleep(100);
  }
  const rows = await scene.world.database.maintenance.query(
    'select lane_id, owner, lease_until, wake_at, clock_timestamp() as now from active_lanes order by 1',
  );
  const detail = `lanes ${lanes.join(', ')} of a server that stands still were not taken in ${takeOverLimitMs} ms by ${living.pid}`;
  scene.fail('late restart', `${detail}: ${JSON.stringify(rows)}`);
  return null;
}

/** Owners are named `host:pid:random`. */
async function lanesOf(scene: NotifierScene, { pid }: KillableServer): Promise<string[]> {
  const rows = await scene.world.database.maintenance.query<{ lane: string }>(
    'select lane_id as lane from active_lanes where owner like $1 order by 1',
    [`%:${pid}:%`],
  );
  return rows.map(({ lane }) => lane);
}

async function onTheWireOf(scene: NotifierScene, lanes: readonly string[]): Promise<number> {
  const [row] = await scene.world.database.maintenance.query<{ count: number }>(
    "select count(*) as count from delivery_ready where phase <> 'ready' and lane_id = any($1::uuid[])",
    [lanes],
  );
  return row?.count ?? 0;
}

async function highestEpoch(scene: NotifierScene): Promise<number> {
  const [row] = await scene.world.database.maintenance.query<{ epoch: number }>(
    'select max(epoch) as epoch from lanes',
  );
  return row?.epoch ?? 0;
}
