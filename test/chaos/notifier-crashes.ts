/** Crashes of the notifier at its failpoints and on the wire, one after another, with the platform's faults mixed in. */
import { crashPoints } from './notifier-life.ts';
import { type CrashOptions, type CrashResult, Round } from './notifier-round.ts';
import { wireFaults } from './notifier-wire.ts';
import { NotifierWorld } from './notifier-world.ts';
import { Random } from './random.ts';

const crashesPerRound = 100;
/** The longest window of any platform: limits and keys begin anew. */
const betweenRoundsMs = 3_700_000;

/** Runs until so many workers were killed; each round has its own randomness, so that the seed repeats it. */
export async function runCrashes(options: CrashOptions): Promise<CrashResult> {
  const began = Date.now();
  const { platform, ownerUrl, seed } = options;
  const jitter = new Random(seed, `${platform} jitter`);
  const world = await NotifierWorld.start(platform, ownerUrl, () => jitter.next());
  const result = emptyResult(options);
  const start = world.time.now();
  try {
    while (result.crashes < options.crashes && result.violations.length === 0) {
      const left = Math.min(crashesPerRound, options.crashes - result.crashes);
      await new Round(world, result, options).run(left);
      result.rounds += 1;
      await world.time.run(() => false, betweenRoundsMs);
    }
  } finally {
    await world.close();
  }
  result.simulatedMs = world.time.now() - start;
  result.seconds = (Date.now() - began) / 1_000;
  return result;
}

function emptyResult({ platform, seed }: CrashOptions): CrashResult {
  const zeros = <Key extends string>(keys: readonly Key[]) =>
    Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>;
  return {
    platform,
    seed,
    crashes: 0,
    rounds: 0,
    standstills: 0,
    byPoint: zeros(crashPoints),
    faults: zeros(wireFaults),
    leastUnfinished: Number.POSITIVE_INFINITY,
    inFlight: { total: 0, most: 0 },
    slowestRecoveryMs: 0,
    forgottenThrottled: 0,
    simulatedMs: 0,
    seconds: 0,
    deliveries: 0,
    delivered: 0,
    unknown: 0,
    surplus: 0,
    violations: [],
  };
}
