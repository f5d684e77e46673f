/** The notifier: throughput and latency beside job queues, cost of history, fairness, memory, and the platforms' runtimes. */
import { type DurableCluster, startDurableCluster } from '../durable-cluster.ts';
import type { TenantCount } from '../inbound-platform.ts';
import type { BenchOptions } from '../main.ts';
import type { Measurement } from '../measure.ts';
import { countingSettings } from '../statements.ts';
import { benchFairness } from './fairness.ts';
import { benchHistory } from './history.ts';
import { benchMemory } from './memory.ts';
import { benchSimulators } from './simulators.ts';
import { benchThroughput } from './throughput.ts';

/** What each part of it is given. */
export interface NotifierBench {
  cluster: DurableCluster;
  rounds: number;
  seconds: number;
  tenants: readonly TenantCount[];
  /** Ids of the platforms whose runtimes are measured. */
  platforms: readonly string[];
  /** Deliveries of the long history. */
  rows: number;
  profileInto: string | null;
  note: (line: string) => void;
}

/** Every side at once has more than the hundred connections of the default. */
const serverSettings = { max_connections: '300' };

const parts: Record<string, (bench: NotifierBench) => Promise<Measurement[]>> = {
  throughput: benchThroughput,
  simulators: benchSimulators,
  fairness: benchFairness,
  history: benchHistory,
  memory: benchMemory,
};

export const notifierParts: readonly string[] = Object.keys(parts);

/** Runs the chosen parts, each on a server of its own. @throws Error when anything was lost, doubled or not recorded */
export async function benchNotifier(options: BenchOptions): Promise<Measurement[]> {
  const measured: Measurement[] = [];
  for (const [name, run] of Object.entries(parts)) {
    if (!options.parts.includes(name)) continue;
    options.note(`notifier: ${name}`);
    const cluster = await startDurableCluster({
      ...serverSettings,
      ...(options.profileInto === null ? {} : countingSettings),
    });
    try {
      measured.push(...(await run({ ...options, cluster })));
    } finally {
      await cluster.stop();
    }
  }
  return measured;
}
