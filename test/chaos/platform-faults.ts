/** Faults of the platform during the load, by seed: many that leave no doubt, and now and then one that does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SendFault } from '../support/fault-switch.ts';
import type { KillWorld } from '../support/kill-world.ts';
import type { Random } from './random.ts';

/** The outcome of the send is certain. `slow` stays below the server's own limit of 5 s. */
const definite: ((random: Random) => SendFault)[] = [
  (random) => ({ kind: 'slow', ms: random.between(30, 700) }),
  (random) => ({ kind: 'slow', ms: random.between(30, 700) }),
  () => ({ kind: 'throttled' }),
  () => ({ kind: 'refused' }),
];
/** The server cannot know whether the message was posted. */
const ambiguous: SendFault[] = [
  { kind: 'error_before' },
  { kind: 'error_after' },
  { kind: 'drop_before' },
  { kind: 'drop_after' },
];
const everyMs = { min: 60, max: 300 };
/** How long an ambiguous outcome may take to be on its receipt. */
const settleMs = 2_000;

export interface PlatformFaults {
  counts: { definite: number; ambiguous: number };
  /** Ends all faults. */
  stop(): Promise<void>;
}

/**
 * By the published rules a reply whose outcome was ambiguous twice is given up. So the next such fault waits until no
 * receipt is left whose one try was ambiguous: then every reply must arrive.
 */
export function startPlatformFaults(world: KillWorld, random: Random): PlatformFaults {
  const counts = { definite: 0, ambiguous: 0 };
  const { faults } = world.platform;
  let stopping = false;
  let lastAmbiguous = 0;
  const mayBeAmbiguous = async () => {
    if (Date.now() - lastAmbiguous < settleMs) return false;
    const rows = await world.database.maintenance.query(
      "select 1 from receipts where status = 'handled' and ambiguous limit 1",
    );
    return rows.length === 0;
  };
  const run = async () => {
    while (!stopping) {
      const kind = random.chance(0.9) ? 'post' : 'update';
      const fault = random.chance(0.1) && (await mayBeAmbiguous()) ? random.pick(ambiguous) : null;
      // At most one waits for each kind, so that a quiet moment does not pile them up.
      faults.next(kind, fault ?? random.pick(definite)(random));
      if (fault !== null) lastAmbiguous = Date.now();
      counts[fault === null ? 'definite' : 'ambiguous'] += 1;
      await sleep(random.between(everyMs.min, everyMs.max));
    }
    faults.clear();
  };
  const ended = run();
  return {
    counts,
    async stop() {
      stopping = true;
      await ended;
    },
  };
}
