/** Deliveries a second through each platform's own runtime to its simulator, beside a bare loop of the same posts. */
import type { PlatformEnvironment } from '../../src/kernel/platform.ts';
import { createDatabase } from '../inbound-servers.ts';
import type { Measurement } from '../measure.ts';
import { type Finished, perSecond } from './contestant.ts';
import type { NotifierBench } from './notifier.ts';
import { SideProcess } from './side-process.ts';

const people = 1_000;
/** What the platforms' HTTP agent opens to one host. */
const connections = 128;
/** Enough to open every chat. */
const warmUpCount = people;

/** @throws Error when a delivery was refused, lost or doubled */
export async function benchSimulators(bench: NotifierBench): Promise<Measurement[]> {
  const measured: Measurement[] = [];
  for (const platformId of bench.platforms) measured.push(await benchPlatform(bench, platformId));
  return measured;
}

async function benchPlatform(bench: NotifierBench, platformId: string): Promise<Measurement> {
  const sides: SideProcess[] = [];
  const start = async (file: string, preparation: object, profileInto: string | null = null) => {
    const side = await SideProcess.start(file, { platformId, people, ...preparation }, { profileInto });
    sides.push(side);
    return side;
  };
  try {
    const simulator = await start('simulator-side.ts', {});
    const settings = await simulator.ask<PlatformEnvironment['settings']>({ kind: 'settings' });
    const ownerUrl = await createDatabase(bench.cluster.url, `notifier_${platformId}`);
    const ours = await start('runtime-side.ts', { ownerUrl, settings }, bench.profileInto);
    const bare = await start('bare-loop-side.ts', { settings, connections });
    const rates = await race(bench, platformId, [ours, bare]);
    return {
      bench: `notifier/simulators/${platformId}`,
      subject: "Deskbridge: notification enqueued, intent, the platform's own runtime, outcome",
      peer: `bare loop of the same posts, ${connections} connections`,
      unit: 'deliveries or posts/s',
      better: 'higher',
      subjectRounds: rates.map(([subject]) => subject),
      peerRounds: rates.map(([, peer]) => peer),
      // For information: nothing was promised of it.
      goal: 0,
    };
  } finally {
    for (const side of sides.reverse()) await side.stop();
  }
}

/** @returns by round, ours and the bare loop's a second */
async function race(
  bench: NotifierBench,
  platformId: string,
  [ours, bare]: [SideProcess, SideProcess],
): Promise<[number, number][]> {
  const names = new Map([
    [ours, 'deskbridge'],
    [bare, 'bare loop'],
  ]);
  const counts = new Map([ours, bare].map((side) => [side, warmUpCount]));
  const run = async (when: string, side: SideProcess) => {
    const finished = await side.ask<Finished>({ count: counts.get(side) ?? warmUpCount });
    const rate = perSecond(finished);
    bench.note(`${when}  ${platformId}  ${names.get(side)}  ${rate.toFixed(0)}/s  (${finished.count})`);
    return rate;
  };
  for (const when of ['cold', 'warm']) {
    for (const side of [ours, bare]) counts.set(side, Math.ceil((await run(when, side)) * bench.seconds));
  }
  const rates: [number, number][] = [];
  for (let round = 1; round <= bench.rounds; round += 1) {
    const when = `round ${round}`;
    if (round % 2 === 1) rates.push([await run(when, ours), await run(when, bare)]);
    else {
      const peer = await run(when, bare);
      rates.push([await run(when, ours), peer]);
    }
  }
  return rates;
}
