/** The notifier's tables by the month: partitions ahead of time, and what is past its retention goes. */
import type { Database } from '../infra/database.ts';
import {
  countMonthsAhead,
  dropPartition,
  ensurePartitions,
  listPartitions,
  monthStart,
  type OwnerSession,
  type Partition,
  partitionsBefore,
  rowsOf,
  withOwnerSession,
} from '../infra/partitions.ts';
import type { Clock, Log } from '../kernel/ports.ts';
import { eraseNotificationRows } from './erase-notifications.ts';
import { countQueued, isAwaited } from './retention-store.ts';

/** Fewer whole months ahead than this, and somebody must act. */
const fewestMonthsAhead = 2;

/** A partition that is past its retention and stays, since something in it still has to be sent. */
export interface KeptPartition {
  name: string;
  /** Deliveries that are queued; 0 for the attempts, which stay with the deliveries of their month. */
  queued: number;
}

export interface DropReport {
  dropped: string[];
  kept: KeptPartition[];
}

/**
 * Drops every partition that lies wholly before the cut-off. A month in which a delivery is still queued is kept whole,
 * with its attempts: it goes once that was sent, has failed or was cancelled.
 * @param options.dryRun says what would be dropped, and drops nothing
 */
export async function dropOldPartitions(
  owner: OwnerSession,
  cutoff: Date,
  options: { dryRun?: boolean; signal?: AbortSignal } = {},
): Promise<DropReport> {
  const report: DropReport = { dropped: [], kept: [] };
  const keptMonths = new Set<number>();
  // Deliveries come first, by the table's name: whether a month stays is decided by them.
  for (const partition of partitionsBefore(await listPartitions(rowsOf(owner)), cutoff)) {
    options.signal?.throwIfAborted();
    const month = partition.month.getTime();
    const queued = partition.table === 'deliveries' ? await queuedIn(owner, partition) : 0;
    if (queued > 0 || keptMonths.has(month)) {
      keptMonths.add(month);
      report.kept.push({ name: partition.name, queued });
    } else if (options.dryRun === true || (await drop(owner, partition))) {
      report.dropped.push(partition.name);
    } else if (partition.table === 'deliveries') {
      keptMonths.add(month);
    }
  }
  return report;
}

/** An administrator may have queued one again since the partition was read. */
async function drop(owner: OwnerSession, partition: Partition): Promise<boolean> {
  const { table, month } = partition;
  return await dropPartition(owner, partition, async (session) => {
    return table !== 'deliveries' || !(await isAwaited(rowsOf(session), month, monthStart(month, 1)));
  });
}

async function queuedIn(owner: OwnerSession, { month }: Partition): Promise<number> {
  return await countQueued(rowsOf(owner), month, monthStart(month, 1));
}

/** Everything before this may go: the beginning of the month in which the retention began. */
export function retentionCutoff(now: Date, retentionDays: number): Date {
  return monthStart(new Date(now.getTime() - retentionDays * 86_400_000), 0);
}

export interface PartitionDependencies {
  database: Database;
  /** Connection string of the database's owner: only it may make and drop partitions. */
  ownerUrl: string;
  clock: Clock;
  log: Log;
  /** Whole days that deliveries are kept at least. */
  retentionDays: number;
  tenantIds: () => Promise<string[]>;
  /** What the service shows. */
  show: (state: { monthsAhead: number; overdue: number }) => void;
  onFailed: () => void;
}

/** Partitions as scheduled work: `keep` in one process at a time, `look` in each, so that each can tell. */
export class PartitionKeeper {
  readonly #deps: PartitionDependencies;
  #monthsAhead: number | null = null;
  #failed = false;
  #reported: ReadonlySet<string> = new Set();

  constructor(deps: PartitionDependencies) {
    this.#deps = deps;
  }

  /** Whether somebody must act: too few months ahead, or the latest turn in this process failed. */
  get isBehind(): boolean {
    return this.#failed || (this.#monthsAhead !== null && this.#monthsAhead < fewestMonthsAhead);
  }

  /**
   * One turn of the loop. What failed is shown until a turn ends well.
   * @param keep `keep` under a leader; absent in processes that only look
   * @throws the failure
   */
  async turn(keep?: () => Promise<unknown>): Promise<void> {
    try {
      // Before as well: erasing may take its time.
      await this.#look();
      try {
        await keep?.();
      } finally {
        await this.#look();
      }
      this.#reportMissing();
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      this.#deps.onFailed();
      throw error;
    }
  }

  /** Makes what is missing, drops what is over, and erases the rows of the same age. */
  async keep(signal: AbortSignal): Promise<void> {
    const { database, ownerUrl, clock, log, retentionDays, tenantIds } = this.#deps;
    const cutoff = retentionCutoff(clock.now(), retentionDays);
    const { made, dropped, kept } = await withOwnerSession(ownerUrl, async (owner) => ({
      // First, and apart: nothing that goes wrong with old months may cost a coming one.
      made: await ensurePartitions(owner, clock.now()),
      ...(await dropOldPartitions(owner, cutoff, { signal })),
    }));
    const erased = await eraseNotificationRows({ database, tenantIds }, cutoff, signal);
    if (made.length + dropped.length + erased.notifications > 0) {
      log.info({ made, dropped, ...erased }, 'partitions were made or dropped');
    }
    this.#reportKept(kept);
  }

  /** Once each, not at every turn; the gauge goes on showing them. */
  #reportKept(kept: readonly KeptPartition[]): void {
    for (const { name, queued } of kept.filter((each) => each.queued > 0)) {
      if (this.#reported.has(name)) continue;
      this.#deps.log.warn({ partition: name, queued }, 'an old partition stays: deliveries in it are queued');
    }
    this.#reported = new Set(kept.map(({ name }) => name));
  }

  async #look(): Promise<void> {
    const { database, clock, retentionDays, show } = this.#deps;
    const now = clock.now();
    const cutoff = retentionCutoff(now, retentionDays);
    const existing = await listPartitions(database.directory);
    const monthsAhead = countMonthsAhead(existing, now);
    this.#monthsAhead = monthsAhead;
    show({ monthsAhead, overdue: partitionsBefore(existing, cutoff).length });
  }

  #reportMissing(): void {
    const monthsAhead = this.#monthsAhead;
    if (monthsAhead === null || monthsAhead >= fewestMonthsAhead) return;
    this.#deps.log.error({ monthsAhead }, 'partitions are missing: run "npx deskbridge partitions ensure"');
  }
}
