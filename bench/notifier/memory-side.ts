/** Deskbridge's notifier beside a backlog, as a process whose memory is measured. Needs --expose-gc. */
import { setTimeout as sleep } from 'node:timers/promises';
import { slack } from '../../bots/slack/index.ts';
import { windows } from '../../src/kernel/rate-limit.ts';
import { inProcessRuntime } from './in-process-platform.ts';
import { runNotifier, Tally } from './running-notifier.ts';
import { serve } from './side-process.ts';
import { openWorld } from './world.ts';

export interface MemoryPreparation {
  ownerUrl: string;
}

export interface MemoryTask {
  /** Of each lane, so that every backlog is drained equally fast. */
  sendsPerSecond: number;
  seconds: number;
}

/** Megabytes after a garbage collection, while it drains. */
export interface MemoryUse {
  heap: number;
  resident: number;
  sent: number;
}

const latencyMs = 5;
const megabyte = 1_048_576;

serve<MemoryPreparation, MemoryTask>(async ({ ownerUrl }) => {
  const world = await openWorld(ownerUrl);
  return {
    async answer({ sendsPerSecond, seconds }) {
      const tally = new Tally();
      const limits = slack.limits.map((limit) => ({
        ...limit,
        windows: windows([limit.scope === 'app_organization' ? sendsPerSecond : 1e6, 1]),
      }));
      const runtime = inProcessRuntime((delivery) => tally.onWire(delivery), latencyMs);
      const stop = await runNotifier(world, { platform: { ...slack, limits }, runtime }, tally);
      await sleep(seconds * 1_000);
      const { sent } = tally;
      collectGarbage();
      const { heapUsed, external, rss } = process.memoryUsage();
      await stop();
      return { heap: (heapUsed + external) / megabyte, resident: rss / megabyte, sent } satisfies MemoryUse;
    },
    close: () => world.close(),
  };
});

/** Twice, since finalizers of the first leave work for the second. */
function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('this needs --expose-gc');
  globalThis.gc();
  globalThis.gc();
}
