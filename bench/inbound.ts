/** An authentic command from chat on Deskbridge, beside bots of the vendors' SDKs, platform by platform. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startDurableCluster } from './durable-cluster.ts';
import type { InboundPlatform, Peer, TenantCount, Workload } from './inbound-platform.ts';
import { describeRound, type Machinery, type Round, runRound, type Task } from './inbound-round.ts';
import { createDatabase, type Side, startSides } from './inbound-servers.ts';
import { type BenchWorld, createBenchWorld, type Tally } from './inbound-world.ts';
import type { BenchOptions } from './main.ts';
import type { Measurement } from './measure.ts';
import { inboundPlatforms } from './platforms.ts';
import { beginCounting, countingSettings, describeStatements } from './statements.ts';

const subjects: Record<Workload['id'], string> = {
  'new-ticket': 'Deskbridge: new ticket, audited, durable, replied',
  'my-tickets': 'Deskbridge: list of own tickets, replied',
};

/** A set-up that is measured on every side. */
interface Setting {
  tenants: TenantCount;
  workload: Workload;
  /** By side, in the order of the rounds. */
  rounds: Map<string, Round[]>;
}

interface Bench extends Machinery {
  sides: [Side, ...Side[]];
  settings: Setting[];
  /** Commands that Deskbridge acknowledged, warm-up included. */
  acknowledged: Record<Workload['id'], number>;
}

/**
 * Runs it on each chosen platform. @throws Error when a command was refused, a reply was missing, doubled or wrong, or
 * the database does not hold exactly one receipt for each acknowledged command, and one ticket and one audit row for
 * each that makes a ticket
 */
export async function benchInbound(options: BenchOptions): Promise<Measurement[]> {
  const measured: Measurement[] = [];
  for (const platform of inboundPlatforms) {
    if (options.platforms.includes(platform.id)) measured.push(...(await benchPlatform(platform, options)));
  }
  return measured;
}

async function benchPlatform(platform: InboundPlatform, options: BenchOptions): Promise<Measurement[]> {
  const { profileInto } = options;
  const cleanups: (() => Promise<void>)[] = [];
  try {
    const cluster = await startDurableCluster(profileInto === null ? {} : countingSettings);
    cleanups.push(() => cluster.stop());
    const databaseUrl = await createDatabase(cluster.url, 'inbound');
    const world = await createBenchWorld(databaseUrl, platform);
    cleanups.push(() => world.close());
    const { load, url: platformUrl } = await startLoad(platform);
    cleanups.push(async () => load.disconnect());
    const { registrationId } = world;
    const { url: clusterUrl, folder } = cluster;
    const place = { platform, clusterUrl, databaseUrl, registrationId, platformUrl, folder, profileInto };
    const sides = await startSides(place);
    cleanups.push(
      ...sides.map(
        ({ server }) =>
          () =>
            server.stop(),
      ),
    );
    const bench: Bench = {
      ...{ load, postmasterPid: cluster.pid, seconds: options.seconds, sides },
      settings: settingsOf(platform, sides, options),
      acknowledged: { 'new-ticket': 0, 'my-tickets': 0 },
    };
    await warmUp(bench, options, world);
    if (profileInto !== null) await beginCounting(databaseUrl);
    const before = commandsOf(bench);
    await measure(bench, options);
    if (profileInto !== null) {
      const lines = await describeStatements(databaseUrl, commandsOf(bench) - before);
      for (const line of lines) options.note(line);
    }
    checkTally(await world.tally(), bench);
    options.note(`checked on ${platform.id}: ${commandsOf(bench)} commands, each with its receipt and reply`);
    return platform.peers.flatMap((peer) =>
      bench.settings.flatMap((setting) => measurements(platform, peer, setting)),
    );
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

function settingsOf(platform: InboundPlatform, sides: readonly Side[], options: BenchOptions): Setting[] {
  return options.tenants.flatMap((tenants) =>
    platform.workloads.map((workload) => ({
      tenants,
      workload,
      rounds: new Map(sides.map(({ id }) => [id, []])),
    })),
  );
}

/** Once with empty tables, and once more after the database has learnt their sizes and makes its plans anew. */
async function warmUp(bench: Bench, options: BenchOptions, world: BenchWorld): Promise<void> {
  for (const _ of ['cold', 'warm']) {
    for (const setting of bench.settings) {
      for (const side of bench.sides) await runOne(bench, options, 'warm-up', setting, side);
    }
    await world.settle();
  }
}

/** Rounds in turn; each second round the sides change places, so that none always goes first. */
async function measure(bench: Bench, options: BenchOptions): Promise<void> {
  for (let number = 1; number <= options.rounds; number += 1) {
    for (const setting of bench.settings) {
      for (const side of number % 2 === 0 ? bench.sides : bench.sides.toReversed()) {
        const round = await runOne(bench, options, `round ${number}`, setting, side);
        setting.rounds.get(side.id)?.push(round);
      }
    }
  }
}

async function runOne(
  bench: Bench,
  options: BenchOptions,
  when: string,
  { tenants, workload }: Setting,
  side: Side,
): Promise<Round> {
  const task: Task = { side, tenants, workload: workload.id };
  const round = await runRound(bench, task);
  if (side === bench.sides[0]) bench.acknowledged[workload.id] += round.acknowledged;
  options.note(describeRound(when, task, round));
  return round;
}

function commandsOf({ acknowledged }: Bench): number {
  return Object.values(acknowledged).reduce((sum, count) => sum + count, 0);
}

function checkTally(tally: Tally, bench: Bench): void {
  const { tickets, auditRows, repliedReceipts, otherReceipts } = tally;
  const mutations = bench.acknowledged['new-ticket'];
  const whole = tickets === mutations && auditRows === mutations && repliedReceipts === commandsOf(bench);
  if (!whole || otherReceipts !== 0) {
    throw new Error(
      `the database does not match ${JSON.stringify(bench.acknowledged)}: ${JSON.stringify(tally)}`,
    );
  }
}

function measurements(platform: InboundPlatform, peer: Peer, setting: Setting): Measurement[] {
  const { tenants, workload, rounds } = setting;
  const figure = (
    name: string,
    unit: string,
    better: Measurement['better'],
    value: (round: Round) => number,
  ): Measurement => ({
    bench: `inbound/${platform.id}/${tenants}-tenant${tenants === 1 ? '' : 's'}/${workload.id}/${name}`,
    subject: subjects[workload.id],
    peer: peer.title,
    unit,
    better,
    subjectRounds: (rounds.get('deskbridge') ?? []).map(value),
    peerRounds: (rounds.get(peer.id) ?? []).map(value),
    goal: peer.bare ? workload.goals[tenants] : 1,
  });
  const cost = 'CPU s per 1,000 requests';
  return [
    ...(peer.acknowledgesLast
      ? [figure('acknowledged', 'requests/s', 'higher', (round) => round.acknowledgedPerSecond)]
      : []),
    figure('replied', 'requests/s', 'higher', (round) => round.repliedPerSecond),
    figure('server-cpu', cost, 'lower', (round) => round.serverCpu),
    figure('server-and-database-cpu', cost, 'lower', (round) => round.serverCpu + round.databaseCpu),
  ];
}

async function startLoad(platform: InboundPlatform): Promise<{ load: ChildProcess; url: string }> {
  const load = fork(join(import.meta.dirname, 'load-generator.ts'), [platform.id]);
  const [message] = (await once(load, 'message')) as [{ ready: string }];
  return { load, url: message.ready };
}
