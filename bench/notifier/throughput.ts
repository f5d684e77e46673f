/** Deliveries a second on Deskbridge's notifier, beside jobs a second on pg-boss and graphile-worker; then its latency. */

import type { TenantCount } from '../inbound-platform.ts';
import { createDatabase } from '../inbound-servers.ts';
import { type Measurement, median } from '../measure.ts';
import { cpuSeconds, treeCpuSeconds } from '../processes.ts';
import { beginCounting, describeStatements } from '../statements.ts';
import {
  besideOf,
  type Finished,
  type JobsWorkloadId,
  perSecond,
  type WorkloadId,
  workloadIds,
} from './contestant.ts';
import { latencyRows } from './latency.ts';
import type { NotifierBench } from './notifier.ts';
import { SideProcess } from './side-process.ts';

const subject = 'Deskbridge: notification enqueued, intent, outcome, all durable';
/** The first runs are as long as this, until it is known how many a round takes. */
const warmUpCount = 1_000;

interface Peer {
  id: string;
  title: string;
  goal: number;
}

/** @see README.md for where the goals come from */
const peers: readonly (Peer & { file: string; batched: boolean })[] = [
  {
    id: 'pg_boss',
    title: 'pg-boss: no-op job, completion recorded',
    goal: 1,
    file: 'pg-boss-side.ts',
    batched: true,
  },
  {
    id: 'graphile_worker',
    title: 'graphile-worker, batched: no-op job, completion recorded',
    goal: 0.5,
    file: 'graphile-worker-side.ts',
    batched: true,
  },
  {
    id: 'graphile_worker_unbatched',
    title: 'graphile-worker, unbatched: no-op job, completion recorded',
    goal: 1,
    file: 'graphile-worker-side.ts',
    batched: false,
  },
];

/** Somebody who takes part in one workload. */
interface Contestant {
  name: string;
  workload: WorkloadId | JobsWorkloadId;
  pid: number;
  run(count: number): Promise<Finished>;
  settle(): Promise<unknown>;
  /** By round, a second. */
  rates: number[];
  /** How many make a round of the wanted length. */
  count: number;
}

/** @throws Error when a delivery or job was lost, done twice, or not recorded */
export async function benchThroughput(bench: NotifierBench): Promise<Measurement[]> {
  const sides: SideProcess[] = [];
  try {
    const ownerUrl = await createDatabase(bench.cluster.url, 'notifier');
    const deskbridge = await SideProcess.start(
      'deskbridge-side.ts',
      { ownerUrl },
      { profileInto: bench.profileInto },
    );
    sides.push(deskbridge);
    const contestants = subjectsOf(deskbridge, bench.tenants);
    for (const peer of peers) {
      const databaseUrl = await createDatabase(bench.cluster.url, peer.id);
      const side = await SideProcess.start(peer.file, { databaseUrl, batched: peer.batched });
      sides.push(side);
      for (const workload of new Set(workloadIds.map(besideOf)))
        contestants.push(peerContestant(peer.id, side, workload));
    }
    await warmUp(bench, contestants);
    if (bench.profileInto !== null) await profile(bench, ownerUrl, contestants);
    await race(bench, contestants);
    const rates = bench.tenants.flatMap((tenants) => throughputRows(contestants, tenants));
    // What the race left to vacuum and to write would stop single ones on their way.
    for (const contestant of contestants) await contestant.settle();
    const latency = await latencyRowsOf(bench, deskbridge, contestants);
    await checkRecords(bench, deskbridge);
    return [...rates, ...latency];
  } finally {
    for (const side of sides.reverse()) await side.stop();
  }
}

function subjectsOf(side: SideProcess, tenantCounts: readonly TenantCount[]): Contestant[] {
  return tenantCounts.flatMap((tenants) =>
    workloadIds.map((workload) => ({
      name: nameOf(tenants),
      workload,
      pid: side.pid,
      run: (count: number) => side.ask<Finished>({ kind: 'throughput', tenants, workload, count }),
      settle: () => side.ask({ kind: 'settle' }),
      rates: [],
      count: warmUpCount,
    })),
  );
}

function nameOf(tenants: TenantCount): string {
  return `deskbridge, ${tenants} tenant${tenants === 1 ? '' : 's'}`;
}

function peerContestant(name: string, side: SideProcess, workload: JobsWorkloadId): Contestant {
  return {
    name,
    workload,
    pid: side.pid,
    run: (count) => side.ask<Finished>({ kind: 'run', workload, count }),
    settle: () => side.ask({ kind: 'settle' }),
    rates: [],
    count: warmUpCount,
  };
}

/**
 * Once with empty tables, and twice more after the database has learnt their sizes: a short run to know how many make a round,
 * and one of that length, since long ones are quicker by the piece.
 */
async function warmUp(bench: NotifierBench, contestants: readonly Contestant[]): Promise<void> {
  for (const when of ['cold', 'warm', 'full']) {
    for (const contestant of contestants) {
      const finished = await runOne(bench, when, contestant);
      if (when !== 'cold') contestant.count = Math.ceil(perSecond(finished) * bench.seconds);
    }
    for (const contestant of contestants) await contestant.settle();
  }
}

/** Which statements each workload of ours takes, per delivery, and what they cost. */
async function profile(
  bench: NotifierBench,
  ownerUrl: string,
  contestants: readonly Contestant[],
): Promise<void> {
  for (const contestant of contestants.filter(({ name }) => name.startsWith('deskbridge'))) {
    await beginCounting(ownerUrl);
    const { count } = await runOne(bench, 'profile', contestant);
    for (const line of await describeStatements(ownerUrl, count)) bench.note(line);
  }
}

/** Rounds in turn; each second round the order is the other way round. */
async function race(bench: NotifierBench, contestants: readonly Contestant[]): Promise<void> {
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const contestant of round % 2 === 0 ? contestants.toReversed() : contestants) {
      const finished = await runOne(bench, `round ${round}`, contestant);
      contestant.rates.push(perSecond(finished));
    }
  }
}

async function runOne(bench: NotifierBench, when: string, contestant: Contestant): Promise<Finished> {
  const { workload, name, pid } = contestant;
  const cpuNow = () => [cpuSeconds(pid), treeCpuSeconds(bench.cluster.pid)] as const;
  const [ownBefore, databaseBefore] = cpuNow();
  const finished = await contestant.run(contestant.count);
  const [own, database] = cpuNow();
  const { count, ms, acceptedMs } = finished;
  const perThousand = (seconds: number) => ((seconds / count) * 1_000).toFixed(3);
  const rate = `${perSecond(finished).toFixed(0)}/s  (${count} in ${(ms / 1_000).toFixed(2)} s, the last enqueued after ${(acceptedMs / 1_000).toFixed(2)} s)`;
  const cpu = `CPU s per 1,000: process ${perThousand(own - ownBefore)}, database ${perThousand(database - databaseBefore)}`;
  bench.note(`${when}  ${workload}  ${name}  ${rate}; ${cpu}`);
  return finished;
}

function throughputRows(contestants: readonly Contestant[], tenants: TenantCount): Measurement[] {
  return workloadIds.flatMap((workload) =>
    peers.map(({ id, title, goal }) => ({
      bench: `notifier/full-path/${tenants}-tenant${tenants === 1 ? '' : 's'}/${workload}`,
      subject,
      peer: title,
      unit: 'deliveries or jobs/s',
      better: 'higher' as const,
      subjectRounds: find(contestants, nameOf(tenants), workload).rates,
      peerRounds: find(contestants, id, besideOf(workload)).rates,
      goal,
    })),
  );
}

function find(
  contestants: readonly Contestant[],
  name: string,
  workload: Contestant['workload'],
): Contestant {
  const found = contestants.find((each) => each.name === name && each.workload === workload);
  if (found === undefined) throw new Error(`nobody is ${name}`);
  return found;
}

async function latencyRowsOf(
  bench: NotifierBench,
  deskbridge: SideProcess,
  contestants: readonly Contestant[],
): Promise<Measurement[]> {
  const tenants = bench.tenants.at(-1);
  if (tenants === undefined) return [];
  const rateOf = (workload: WorkloadId) => median(find(contestants, nameOf(tenants), workload).rates);
  const throughput = { request: rateOf('request'), event: rateOf('event') };
  return await latencyRows(bench, deskbridge, { tenants, throughput });
}

/** @throws Error unless each delivery has its key, its attempt, and the platform's id */
async function checkRecords(bench: NotifierBench, deskbridge: SideProcess): Promise<void> {
  const records = await deskbridge.ask<Record<string, number>>({ kind: 'count' });
  const { sent, deliveries, attempts, keys, waiting } = records;
  if (sent !== deliveries || attempts !== deliveries || keys !== deliveries || waiting !== 0) {
    throw new Error(`the records do not match: ${JSON.stringify(records)}`);
  }
  bench.note(`checked: ${deliveries} deliveries, each sent once, with its attempt and its key`);
}
