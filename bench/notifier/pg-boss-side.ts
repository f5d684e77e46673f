/** pg-boss as a process under measurement: jobs that do nothing, whose completion is recorded. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { PgBoss } from 'pg-boss';
import type { Finished, JobsPreparation, JobsTask, JobsWorkloadId } from './contestant.ts';
import { inParallel } from './running-notifier.ts';
import { serve } from './side-process.ts';

const queue = 'deliveries';
/** Jobs of one `insert()`, which is the way for many at once. */
const insertAtOnce = 1_000;
/** Callers of `send()`, as many as enqueue on the other sides. */
const callers = 16;
/**
 * A fetch and a completion for many jobs (`batchSize`), the next as soon as one was full (`burstWhenBatchFull`), woken by
 * NOTIFY else: https://pgboss.io/api/workers#work-name-options-handler. Of sizes from 200 to 2,000 and
 * one to four workers, these were among the quickest here, with and without a table of its own.
 */
const working = {
  batchSize: 1_000,
  localConcurrency: 2,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
};
const lookEveryMs = 5;

serve<JobsPreparation, JobsTask>(async ({ databaseUrl }) => {
  const boss = new PgBoss({ connectionString: databaseUrl, max: 16, useListenNotify: true, schedule: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  // A table of its own: https://pgboss.io/api/queues#createqueue-name-queue (`partition`).
  await boss.createQueue(queue, { partition: true, notify: true });
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  let seen = 0;
  await boss.work<object>(queue, working, async (jobs) => {
    seen += jobs.length;
  });
  return {
    async answer(task) {
      if (task.kind === 'settle') {
        await client.query('vacuum (analyze)');
        return null;
      }
      seen = 0;
      const began = performance.now();
      await enqueue(boss, task.workload, task.count);
      const acceptedMs = performance.now() - began;
      while (seen < task.count || (await isAnyOpen(client))) await sleep(lookEveryMs);
      const ms = performance.now() - began;
      if (seen !== task.count) throw new Error(`pg-boss ran ${seen} of ${task.count}`);
      return { count: task.count, ms, acceptedMs } satisfies Finished;
    },
    async close() {
      await client.end();
      await boss.stop({ graceful: false });
    },
  };
});

async function enqueue(boss: PgBoss, workload: JobsWorkloadId, count: number): Promise<void> {
  const payload = (index: number) => ({ delivery: index, title: 'Maintenance tonight' });
  if (workload === 'single') {
    const indexes = Array.from({ length: count }, (_, index) => ({ index }));
    await inParallel(indexes, callers, ({ index }) => boss.send(queue, payload(index)));
    return;
  }
  for (let first = 0; first < count; first += insertAtOnce) {
    const size = Math.min(insertAtOnce, count - first);
    await boss.insert(
      queue,
      Array.from({ length: size }, (_, index) => ({ data: payload(first + index) })),
    );
  }
}

async function isAnyOpen(client: Client): Promise<boolean> {
  const { rows } = await client.query(`select 1 from pgboss.job where state < 'completed' limit 1`);
  return rows.length > 0;
}
