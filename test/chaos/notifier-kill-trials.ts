/** Trials of the notifier: load, kill -9 at a random moment, start again, many times over; then drain and check. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryCounts } from './notifier-kill-check.ts';
import { type Caught, NotifierScene } from './notifier-kill-scene.ts';
import { Random } from './random.ts';
import type { Violation } from './violation.ts';

export interface NotifierTrialOptions {
  /** Platform id, e.g. `teams`. */
  platform: string;
  /** A database of its own, empty or migrated. */
  ownerUrl: string;
  /** For the server's files. */
  folder: string;
  /** Tells workers apart, in ids and in markers. */
  worker: number;
  seed: number;
  trials: number;
  onTrial?: () => void;
}

export interface NotifierTrialResult extends DeliveryCounts {
  trials: number;
  caught: Caught[];
  /** From the start of a process to the first notification that people saw after it, milliseconds. */
  backMs: number[];
  repeatedRequests: number;
  drainMs: number;
  seconds: number;
  errors: Record<string, number>;
  violations: Violation[];
}

/** At every kill so many deliveries are not over. */
export const leastUnfinished = 50;
/** The promise: a lane goes on within this time of a start. */
export const backWithinMs = 15_000;
/** A busy machine may need longer for the start itself. */
const backLimitMs = 40_000;
const longestWorkMs = 2_500;
/** Share of kills while the process starts and no lane is leased yet. */
const startShare = 0.1;
const longestStartMs = 2_500;

export async function runNotifierTrials(options: NotifierTrialOptions): Promise<NotifierTrialResult> {
  const began = performance.now();
  const { trials, seed, worker } = options;
  const load = { unfinished: 160, wireMs: { min: 100, max: 2_500 } };
  const scene = await NotifierScene.open({ ...options, ...load });
  const random = new Random(seed * 100 + worker, 'notifier kills');
  const caught: Caught[] = [];
  const backMs: number[] = [];
  try {
    const [server] = scene.servers;
    scene.accept([server]);
    scene.load.start();
    for (let trial = 0; trial < trials; trial += 1) {
      const back = await liveAndDie(scene, random, trial === 0);
      caught.push(back.caught);
      if (back.ms !== null) backMs.push(back.ms);
      options.onTrial?.();
    }
    await server.start();
    const drainMs = await scene.drain();
    const { counts, violations } = await scene.check();
    const seconds = (performance.now() - began) / 1_000;
    const { repeated: repeatedRequests } = scene.load;
    const errors = scene.errors();
    return { trials, caught, backMs, repeatedRequests, drainMs, seconds, errors, ...counts, violations };
  } finally {
    await scene.close();
  }
}

/** One life of the server. @returns what its death interrupted, and how long it took to be back before */
async function liveAndDie(
  scene: NotifierScene,
  random: Random,
  isFirst: boolean,
): Promise<{ caught: Caught; ms: number | null }> {
  const [server] = scene.servers;
  let ms: number | null = null;
  if (!isFirst && random.chance(startShare)) {
    const starting = server.start();
    await Promise.race([sleep(random.between(50, longestStartMs)), starting]);
  } else {
    const sent = scene.nextSend(backLimitMs);
    await server.start();
    ms = await sent;
    if (ms !== null && ms > backWithinMs)
      scene.fail('late restart', `the first message came after ${Math.round(ms)} ms`);
    await enoughWaits(scene);
    await sleep(random.between(0, longestWorkMs));
  }
  scene.noteEnds();
  await server.kill();
  return { caught: await scene.count(), ms };
}

/** Waits for the load to have caught up. */
async function enoughWaits(scene: NotifierScene): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await scene.load.unfinished()) < 1.5 * leastUnfinished && Date.now() < deadline) await sleep(20);
}
