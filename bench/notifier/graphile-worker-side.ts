/** graphile-worker as a process under measurement: jobs that do nothing, whose completion is recorded. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, makeWorkerUtils, run, type WorkerUtils } from 'graphile-worker';
import { Client } from 'pg';
import type { Finished, JobsPreparation, JobsTask, JobsWorkloadId } from './contestant.ts';
import { inParallel } from './running-notifier.ts';
import { serve } from './side-process.ts';

const task = 'deliver';
/** Jobs of one `addJobs()`, which is the way for many at once. */
const addAtOnce = 1_000;
/** Callers of `addJob()`, as many as enqueue on the other sides. */
const callers = 16;
/** The settings behind the project's own figures: https://worker.graphile.org/docs/performance#quick-stats */
const workers = { concurrentJobs: 24, maxPoolSize: 25 };
const batching = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
const lookEveryMs = 5;

serve<JobsPreparation, JobsTask>(async ({ databaseUrl, batched }) => {
  const logger = new Logger(() => () => undefined);
  const preset = {
    worker: { connectionString: databaseUrl, logger, ...workers, ...(batched ? batching : {}) },
  };
  const utils = await makeWorkerUtils({ preset });
  await utils.migrate();
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  let seen = 0;
  const runner = await run({
    preset,
    noHandleSignals: true,
    taskList: {
      [task]: async () => {
        seen += 1;
      },
    },
    parsedCronItems: [],
  });
  return {
    async answer(request) {
      if (request.kind === 'settle') {
        await client.query('vacuum (analyze)');
        return null;
      }
      seen = 0;
      const began = performance.now();
      await enqueue(utils, request.workload, request.count);
      const acceptedMs = performance.now() - began;
      while (seen < request.count || (await isAnyOpen(client))) await sleep(lookEveryMs);
      const ms = performance.now() - began;
      if (seen !== request.count) throw new Error(`graphile-worker ran ${seen} of ${request.count}`);
      return { count: request.count, ms, acceptedMs } satisfies Finished;
    },
    async close() {
      await runner.stop();
      await utils.release();
      await client.end();
    },
  };
});

async function enqueue(utils: WorkerUtils, workload: JobsWorkloadId, count: number): Promise<void> {
  const payload = (index: number) => ({ delivery: index, title: 'Maintenance tonight' });
  if (workload === 'single') {
    const indexes = Array.from({ length: count }, (_, index) => ({ index }));
    await inParallel(indexes, callers, ({ index }) => utils.addJob(task, payload(index)));
    return;
  }
  for (let first = 0; first < count; first += addAtOnce) {
    const size = Math.min(addAtOnce, count - first);
    await utils.addJobs(
      Array.from({ length: size }, (_, index) => ({ identifier: task, payload: payload(first + index) })),
    );
  }
}

/** A completed job is deleted. */
async function isAnyOpen(client: Client): Promise<boolean> {
  const { rows } = await client.query('select 1 from graphile_worker._private_jobs limit 1');
  return rows.length > 0;
}
