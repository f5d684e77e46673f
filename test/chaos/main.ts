/** `npm run chaos`: crash trials of any length, against a real server and database or on a virtual clock, by seed. */
import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { platforms } from '../../bots/index.ts';
import { migrate } from '../../src/infra/migrate.ts';
import { startTestCluster } from '../support/cluster.ts';
import { dropDatabase, TEST_DATABASE_PREFIX, withAdmin } from '../support/databases.ts';
import { silentLog } from '../support/log.ts';
import { runKillTrials } from './kill-trials.ts';
import { crashText } from './notifier-crash-report.ts';
import { runCrashes } from './notifier-crashes.ts';
import { notifierKillText } from './notifier-kill-report.ts';
import { runNotifierSuite } from './notifier-kill-suite.ts';
import { runNotifierTrials } from './notifier-kill-trials.ts';
import { pacingText, runPacing } from './pacing.ts';
import { reportText } from './report.ts';

interface Options {
  trials: number;
  seed: number;
  platform: string;
  workers: number;
}

const progressEveryMs = 30_000;

/** @returns the exit code: 0 all invariants hold, 1 one does not, 2 called wrongly */
async function main(args: readonly string[]): Promise<number> {
  const program = new Command('npm run chaos --')
    .description(
      'kill: the server at random moments under load; nothing may be lost or done twice. notifier: workers on a simulated clock at each point where they may die, with faults of the platform. notifier-kill: the same with notifications, then two servers, one of them a zombie, and a database that goes away. pacing: a day of sends, simulated; no published rate limit may be exceeded.',
    )
    .addArgument(
      new Argument('<trial>', 'what to try').choices(['kill', 'notifier', 'notifier-kill', 'pacing']),
    )
    .option('--trials <n>', 'how many kills (default: 50, notifier: 10000)', wholeNumber(1, 1_000_000))
    .option('--seed <n>', 'repeats a schedule (default: random)', wholeNumber(0, 2 ** 31 - 1))
    .addOption(
      new Option('--platform <name>', 'whose chat (default: teams, notifier: all)').choices([
        ...platforms.map(({ id }) => id),
        'all',
      ]),
    )
    .option('--workers <n>', 'servers and databases side by side', wholeNumber(1, 16), 2)
    .option('--hours <n>', 'of simulated traffic, for pacing', wholeNumber(1, 1_000), 24)
    .exitOverride();
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const { hours = 24, ...options } = program.opts<Partial<Options & { hours: number }>>();
  const seed = options.seed ?? randomInt(2 ** 31);
  if (program.args[0] === 'pacing') {
    const result = runPacing({ hours, seed });
    console.log(pacingText(result));
    return result.violations.length === 0 ? 0 : 1;
  }
  if (program.args[0] === 'notifier') {
    return await runNotifierCrashes({ trials: 10_000, platform: 'all', ...options, seed });
  }
  const run = { trials: 50, workers: 2, platform: 'teams', ...options, seed };
  if (run.platform === 'all') return refuse('only the notifier is tried on all platforms at once');
  if (program.args[0] === 'kill') return await runTrials(run, 'kill', runKillTrials, reportText);
  const killed = await runTrials(run, 'notifier-kill', runNotifierTrials, notifierKillText);
  const others = await withCluster((cluster) => runNotifierSuite({ ...run, ...cluster }));
  return Math.max(killed, others);
}

interface Trial {
  platform: string;
  ownerUrl: string;
  folder: string;
  worker: number;
  seed: number;
  trials: number;
  onTrial: () => void;
}

type Facts = Parameters<typeof reportText>[1];

async function runTrials<Result extends { violations: readonly unknown[] }>(
  { trials, seed, platform, workers: asked }: Options,
  name: string,
  runTrial: (trial: Trial) => Promise<Result>,
  textOf: (results: readonly Result[], facts: Facts) => string,
): Promise<number> {
  const workers = Math.min(asked, trials);
  console.log(`chaos ${name} on ${platform}: seed ${seed}, ${trials} trials, ${workers} workers`);
  return await withCluster(async ({ onDatabase }) => {
    const began = Date.now();
    let done = 0;
    const progress = setInterval(() => {
      console.log(`  ${done} of ${trials} trials after ${Math.round((Date.now() - began) / 1_000)} s`);
    }, progressEveryMs);
    const shares = Array.from({ length: workers }, (_, worker) => Math.floor((trials + worker) / workers));
    const onTrial = () => {
      done += 1;
    };
    try {
      const results = await Promise.all(
        shares.map((share, worker) =>
          onDatabase((at) => runTrial({ ...at, platform, worker, seed, trials: share, onTrial })),
        ),
      );
      const seconds = (Date.now() - began) / 1_000;
      console.log(`\n${textOf(results, { platform, seed, workers, seconds })}`);
      return results.every(({ violations }) => violations.length === 0) ? 0 : 1;
    } finally {
      clearInterval(progress);
    }
  });
}

/** All platforms side by side, each on a database of its own. */
async function runNotifierCrashes(options: Omit<Options, 'workers'>): Promise<number> {
  const { seed, trials, platform: asked } = options;
  const chosen = platforms.map(({ id }) => id).filter((id) => asked === 'all' || asked === id);
  console.log(`chaos notifier on ${chosen.join(', ')}: seed ${seed}, ${trials} crashes`);
  let done = 0;
  const onCrash = () => {
    done += 1;
    if (done % 500 === 0) console.log(`  ${done} of ${trials} crashes`);
  };
  const results = await withCluster(({ onDatabase }) =>
    Promise.all(
      chosen.map((platform, index) =>
        onDatabase(async ({ ownerUrl }) => {
          await migrate({ ownerUrl, log: silentLog });
          const crashes = Math.floor((trials + index) / chosen.length);
          return await runCrashes({ platform, ownerUrl, seed, crashes, onCrash });
        }),
      ),
    ),
  );
  console.log(`\n${crashText(results)}`);
  return results.every(({ violations }) => violations.length === 0) ? 0 : 1;
}

function refuse(reason: string): number {
  console.error(`error: ${reason}`);
  return 2;
}

/** A cluster, and databases of their own on it, each with a folder. */
async function withCluster<T>(work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = await startTestCluster(process.env.TEST_DATABASE_URL);
  const { adminUrl, folder } = cluster;
  try {
    return await work({ folder, onDatabase: (use) => onDatabase(adminUrl, folder, use) });
  } finally {
    await cluster.stop();
  }
}

interface Cluster {
  folder: string;
  onDatabase<T>(use: (at: { ownerUrl: string; folder: string }) => Promise<T>): Promise<T>;
}

async function onDatabase<T>(
  adminUrl: string,
  folder: string,
  use: (at: { ownerUrl: string; folder: string }) => Promise<T>,
): Promise<T> {
  const name = `${TEST_DATABASE_PREFIX}${randomBytes(6).toString('hex')}`;
  await withAdmin(adminUrl, (admin) => admin.query(`create database ${name}`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  try {
    return await use({ ownerUrl: url.href, folder: join(folder, name) });
  } finally {
    await withAdmin(adminUrl, (admin) => dropDatabase(admin, name));
  }
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

// Whatever ends this process: the cluster's guard removes the cluster, and the servers end with their parent.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main(process.argv.slice(2));
