/** What the sides of the throughput benchmark have in common. */

/**
 * `audience`: many at once, by the way that is meant for it: one announcement to many people, jobs inserted in batches.
 * `single`: one after the other, each in a transaction of its own, as events are.
 */
export const workloadIds = ['audience', 'single'] as const;
export type WorkloadId = (typeof workloadIds)[number];

/** What a side of jobs is asked. */
export type JobsTask = { kind: 'run'; workload: WorkloadId; count: number } | { kind: 'settle' };

export interface JobsPreparation {
  databaseUrl: string;
  /** In batches where the side can do so, and by what it is said to be quickest with. */
  batched: boolean;
}

/** A run: everything that was enqueued is recorded as done. */
export interface Finished {
  count: number;
  /** From the first enqueue to the last record. */
  ms: number;
  /** From the first enqueue to the last one's commit. */
  acceptedMs: number;
}

export const perSecond = ({ count, ms }: Finished): number => (count / ms) * 1_000;
