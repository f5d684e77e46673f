/** What the sides of the throughput benchmark have in common. */

/**
 * `audience`: many at once, by the way that is meant for it: one announcement to many people, jobs inserted in batches.
 * The others: one after the other, each in a transaction of its own; `request`: that makes the delivery too, as a request of
 * the API does; `event`: that leaves this to the notifier, as an event of the desk does.
 */
export const workloadIds = ['audience', 'request', 'event'] as const;
export type WorkloadId = (typeof workloadIds)[number];

/** Jobs are inserted in batches, or each by itself. */
export type JobsWorkloadId = 'audience' | 'single';

/** What jobs do beside a workload of ours. */
export const besideOf = (workload: WorkloadId): JobsWorkloadId =>
  workload === 'audience' ? 'audience' : 'single';

/** What a side of jobs is asked. */
export type JobsTask = { kind: 'run'; workload: JobsWorkloadId; count: number } | { kind: 'settle' };

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
