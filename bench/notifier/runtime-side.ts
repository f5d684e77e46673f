/** Deskbridge's notifier with a platform's own runtime, as a process under measurement. */
import type { PlatformEnvironment } from '../../src/kernel/platform.ts';
import { systemClock } from '../../src/kernel/ports.ts';
import { silentLog } from '../../test/support/log.ts';
import type { Finished } from './contestant.ts';
import { announce, runNotifier, Tally } from './running-notifier.ts';
import { serve } from './side-process.ts';
import { simulatedPlatform, simulatedSlug, wideOverrides } from './simulated-platforms.ts';
import { addTenant, openWorld, settle } from './world.ts';

export interface RuntimePreparation {
  ownerUrl: string;
  platformId: string;
  people: number;
  settings: PlatformEnvironment['settings'];
}

serve<RuntimePreparation, { count: number }>(async ({ ownerUrl, platformId, people, settings }) => {
  const world = await openWorld(ownerUrl);
  const { platform, setup } = simulatedPlatform(platformId);
  const options = { limits: wideOverrides(platform) };
  // Nobody has spoken: where a chat has to be opened first, the warm-up opens it.
  const tenant = await addTenant(world, setup, { slug: simulatedSlug, people, options, spoken: false });
  await settle(world);
  const environment = { apps: world.registrations, clock: systemClock, log: silentLog, settings };
  const runtime = await platform.loadRuntime(environment);
  const tally = new Tally();
  const watched = {
    ...runtime,
    deliver: (delivery: Parameters<typeof runtime.deliver>[0]) => {
      tally.onWire(delivery);
      return runtime.deliver(delivery);
    },
  };
  const stop = await runNotifier(world, { platform, runtime: watched }, tally);
  return {
    async answer({ count }) {
      tally.reset();
      const began = performance.now();
      for (let first = 0; first < count; first += people) {
        const users = tenant.userIds.slice(0, Math.min(people, count - first));
        await announce(
          world,
          tenant,
          users.map((user) => ({ user })),
        );
      }
      const acceptedMs = performance.now() - began;
      await tally.until(count);
      const ms = performance.now() - began;
      tally.check(count);
      return { count, ms, acceptedMs } satisfies Finished;
    },
    async close() {
      await stop();
      await runtime.close();
      await world.close();
    },
  };
});
