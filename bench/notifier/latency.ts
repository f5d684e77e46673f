/** From enqueue to wire: notifications of one person each, at a steady rate. */
import { availableParallelism } from 'node:os';
import type { TenantCount } from '../inbound-platform.ts';
import type { Measurement } from '../measure.ts';
import { cpuSeconds, treeCpuSeconds } from '../processes.ts';
import type { Latency } from './latency-side.ts';
import type { NotifierBench } from './notifier.ts';
import type { SideProcess } from './side-process.ts';

const wantedP99Ms = 50;
const workloads = ['request', 'event'] as const;
type Workload = (typeof workloads)[number];

/** Half of the processors, by definition. */
const halfLoad = 0.5;
/** The rate at which the search for half a load begins, and how often it is corrected. */
const firstRate = 50;
const corrections = 3;
/** So long at least is measured: of a second's notifications a pause of the machine's own would be the slowest hundredth. */
const leastSeconds = 12;

/** @param of.throughput what was measured for each, a second */
export async function latencyRows(
  bench: NotifierBench,
  side: SideProcess,
  of: { tenants: TenantCount; throughput: Record<Workload, number> },
): Promise<Measurement[]> {
  const rows: Measurement[] = [];
  for (const workload of workloads) {
    const task = { workload, tenants: of.tenants };
    const seconds = Math.max(leastSeconds, bench.seconds);
    const measure = (rate: number) => measureLoaded(bench, side, { ...task, rate, seconds });
    let rate = firstRate;
    for (let turn = 0; turn < corrections; turn += 1)
      rate *= halfLoad / (await measureLoaded(bench, side, { ...task, rate, seconds: bench.seconds })).load;
    rows.push(await rowOf(bench, { workload, when: 'half-load', rate, goal: 1 }, measure));
    // Under that load they are worked through together, at less cost each: the machine is full, the queue is not.
    const half = of.throughput[workload] / 2;
    rows.push(await rowOf(bench, { workload, when: 'half-throughput', rate: half, goal: 0 }, measure));
  }
  return rows;
}

async function rowOf(
  bench: NotifierBench,
  row: { workload: Workload; when: string; rate: number; goal: number },
  measure: (rate: number) => Promise<Latency & { load: number }>,
): Promise<Measurement> {
  const { workload, when, rate, goal } = row;
  const p99s: number[] = [];
  for (let round = 1; round <= bench.rounds; round += 1) {
    const { count, p50, p99, max, load } = await measure(rate);
    const shown = [p50, p99, max].map((ms) => ms.toFixed(1)).join(', ');
    bench.note(
      `round ${round}  ${workload}, ${when}  ${rate.toFixed(0)}/s, processors ${(load * 100).toFixed(0)} % busy  p50, p99, max of ${count}: ${shown} ms`,
    );
    p99s.push(p99);
  }
  return {
    bench: `notifier/latency/${workload}/p99-at-${when}`,
    subject: `Deskbridge: from before the transaction to the platform, at ${rate.toFixed(0)}/s`,
    peer: `${wantedP99Ms} ms`,
    unit: 'ms',
    better: 'lower',
    subjectRounds: p99s,
    peerRounds: p99s.map(() => wantedP99Ms),
    goal,
  };
}

/** The latency at a rate, and which part of the processors the process and its database used meanwhile. */
async function measureLoaded(
  bench: NotifierBench,
  side: SideProcess,
  task: { workload: Workload; tenants: TenantCount; rate: number; seconds: number },
): Promise<Latency & { load: number }> {
  const busySeconds = () => cpuSeconds(side.pid) + treeCpuSeconds(bench.cluster.pid);
  const before = { busy: busySeconds(), at: performance.now() };
  const latency = await side.ask<Latency>({ kind: 'latency', ...task });
  const seconds = (performance.now() - before.at) / 1_000;
  return { ...latency, load: (busySeconds() - before.busy) / seconds / availableParallelism() };
}
