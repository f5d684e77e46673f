/** An authenticated Teams command that changes data, on Deskbridge, beside a bare echo of the Bot Framework SDK. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { startDurableCluster } from './durable-cluster.ts';
import {
  type BenchWorld,
  benchApp,
  createBenchWorld,
  secretKey,
  type Tally,
  type TenantCount,
} from './inbound-world.ts';
import type { RunRequest, RunResult } from './load-generator.ts';
import type { BenchOptions } from './main.ts';
import type { Measurement } from './measure.ts';
import { cpuSeconds, type ServerProcess, startServer, treeCpuSeconds } from './processes.ts';
import { beginCounting, countingSettings, describeStatements } from './statements.ts';

const connections = 32;
/** Records that follow a reply (its receipt is completed) belong to the command's cost. */
const settleMs = 400;
const root = resolve(import.meta.dirname, '..');
const sides = ['deskbridge', 'botbuilder'] as const;
type Side = (typeof sides)[number];

/** One measured round of one side. CPU in seconds per 1,000 commands. */
interface Round {
  acknowledgedPerSecond: number;
  repliedPerSecond: number;
  serverCpu: number;
  databaseCpu: number;
  loadCpu: number;
}

interface Bench {
  servers: Record<Side, ServerProcess>;
  postmasterPid: number;
  load: ChildProcess;
  seconds: number;
  /** Commands that Deskbridge acknowledged, warm-up included. */
  acknowledged: number;
}

/**
 * Runs it. @throws Error when a command was refused, a reply was missing, doubled or wrong, or the database does not
 * hold exactly one ticket, one audit row and one completed receipt for each acknowledged command
 */
export async function benchInbound(options: BenchOptions): Promise<Measurement[]> {
  const cleanups: (() => Promise<void>)[] = [];
  try {
    const cluster = await startDurableCluster(options.profileInto === null ? {} : countingSettings);
    cleanups.push(() => cluster.stop());
    const databaseUrl = await createDatabase(cluster.url, 'inbound');
    const world = await createBenchWorld(databaseUrl);
    cleanups.push(() => world.close());
    const { load, url } = await startLoad();
    cleanups.push(async () => load.disconnect());
    const servers = await startServers({ databaseUrl, platformUrl: url, folder: cluster.folder, options });
    cleanups.push(...Object.values(servers).map((server) => () => server.stop()));
    const bench = { servers, postmasterPid: cluster.pid, load, seconds: options.seconds, acknowledged: 0 };
    await warmUp(bench, options, world);
    const before = bench.acknowledged;
    if (options.profileInto !== null) await beginCounting(databaseUrl);
    const rounds = await measure(bench, options);
    if (options.profileInto !== null) {
      for (const line of await describeStatements(databaseUrl, bench.acknowledged - before))
        options.note(line);
    }
    checkTally(await world.tally(), bench.acknowledged);
    options.note(
      `checked: ${bench.acknowledged} commands, each with one ticket, audit row, receipt and reply`,
    );
    return options.tenants.flatMap((count) => measurements(count, rounds[count]));
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

type Rounds = Record<TenantCount, Record<Side, Round[]>>;

/** Once with empty tables, and once more after the database has learnt their sizes and makes its plans anew. */
async function warmUp(bench: Bench, options: BenchOptions, world: BenchWorld): Promise<void> {
  for (const _ of ['cold', 'warm']) {
    for (const count of options.tenants) {
      for (const side of sides)
        options.note(describe('warm-up', side, count, await runRound(bench, side, count)));
    }
    await world.settle();
  }
}

/** Rounds in turn; each second round the sides change places, so that neither always goes first. */
async function measure(bench: Bench, options: BenchOptions): Promise<Rounds> {
  const rounds: Rounds = { 1: { deskbridge: [], botbuilder: [] }, 20: { deskbridge: [], botbuilder: [] } };
  for (let number = 1; number <= options.rounds; number += 1) {
    for (const count of options.tenants) {
      for (const side of number % 2 === 0 ? sides : sides.toReversed()) {
        const round = await runRound(bench, side, count);
        rounds[count][side].push(round);
        options.note(describe(`round ${number}`, side, count, round));
      }
    }
  }
  return rounds;
}

async function runRound(bench: Bench, side: Side, tenants: TenantCount): Promise<Round> {
  const server = bench.servers[side];
  const cpuNow = () => ({
    server: cpuSeconds(server.pid),
    database: side === 'deskbridge' ? treeCpuSeconds(bench.postmasterPid) : 0,
    load: cpuSeconds(bench.load.pid ?? 0),
  });
  const before = cpuNow();
  const result = await runLoad(bench.load, {
    serverUrl: server.url,
    tenants,
    seconds: bench.seconds,
    connections,
  });
  await sleep(settleMs);
  const after = cpuNow();
  checkResult(side, result);
  if (side === 'deskbridge') bench.acknowledged += result.acknowledged;
  const perThousand = (part: keyof typeof after) =>
    ((after[part] - before[part]) / result.acknowledged) * 1000;
  return {
    acknowledgedPerSecond: result.acknowledged / result.acknowledgedSeconds,
    repliedPerSecond: result.replies / result.repliedSeconds,
    serverCpu: perThousand('server'),
    databaseCpu: perThousand('database'),
    loadCpu: perThousand('load'),
  };
}

function checkResult(side: Side, result: RunResult): void {
  const { acknowledged, replies, refused, missing, unexpected, wrong } = result;
  const clean = refused + missing + unexpected + wrong === 0 && replies === acknowledged && acknowledged > 0;
  if (!clean) throw new Error(`${side} did not do its work: ${JSON.stringify(result)}`);
}

function checkTally(tally: Tally, acknowledged: number): void {
  const { tickets, auditRows, repliedReceipts, otherReceipts } = tally;
  const whole = [tickets, auditRows, repliedReceipts].every((count) => count === acknowledged);
  if (!whole || otherReceipts !== 0) {
    throw new Error(`the database does not match ${acknowledged} commands: ${JSON.stringify(tally)}`);
  }
}

function describe(when: string, side: Side, count: TenantCount, round: Round): string {
  const { acknowledgedPerSecond, repliedPerSecond, serverCpu, databaseCpu, loadCpu } = round;
  const rates = `${acknowledgedPerSecond.toFixed(0)}/s acknowledged, ${repliedPerSecond.toFixed(0)}/s replied`;
  const cpu = `CPU s per 1,000: server ${serverCpu.toFixed(2)}, database ${databaseCpu.toFixed(2)}, load ${loadCpu.toFixed(2)}`;
  return `${when}  ${side}  ${count} tenants  ${rates}; ${cpu}`;
}

function measurements(count: TenantCount, rounds: Record<Side, Round[]>): Measurement[] {
  const figure = (
    name: string,
    unit: string,
    better: Measurement['better'],
    value: (round: Round) => number,
  ): Measurement => ({
    bench: `inbound/${count === 1 ? '1-tenant' : `${count}-tenants`}/${name}`,
    subject: 'Deskbridge: new ticket, audited, durable, replied',
    peer: 'botbuilder CloudAdapter: echo',
    unit,
    better,
    subjectRounds: rounds.deskbridge.map(value),
    peerRounds: rounds.botbuilder.map(value),
    goal: 1,
  });
  const cost = 'CPU s per 1,000 requests';
  return [
    figure('acknowledged', 'requests/s', 'higher', (round) => round.acknowledgedPerSecond),
    figure('replied', 'requests/s', 'higher', (round) => round.repliedPerSecond),
    figure('server-cpu', cost, 'lower', (round) => round.serverCpu),
    figure('server-and-database-cpu', cost, 'lower', (round) => round.serverCpu + round.databaseCpu),
  ];
}

async function createDatabase(adminUrl: string, name: string): Promise<string> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function startLoad(): Promise<{ load: ChildProcess; url: string }> {
  const load = fork(join(import.meta.dirname, 'load-generator.ts'));
  const [message] = (await once(load, 'message')) as [{ ready: string }];
  return { load, url: message.ready };
}

async function runLoad(load: ChildProcess, request: RunRequest): Promise<RunResult> {
  const answered = once(load, 'message');
  load.send(request);
  const [message] = (await answered) as [{ result: RunResult } | { error: string }];
  if ('error' in message) throw new Error(`the load ended early: ${message.error}`);
  return message.result;
}

/** Both servers, at the same time: an idle one costs next to nothing, and both see the same weather. */
async function startServers(place: {
  databaseUrl: string;
  platformUrl: string;
  folder: string;
  options: BenchOptions;
}): Promise<Record<Side, ServerProcess>> {
  const { databaseUrl, platformUrl, folder, options } = place;
  const home = join(folder, 'servers');
  await mkdir(home);
  const common = { cwd: home };
  const deskbridge = await startServer({
    ...common,
    args: [...profileFlags(options), join(root, 'bin/start.js')],
    logFile: join(home, 'deskbridge.log'),
    readyPath: '/readyz',
    environment: {
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      DESKBRIDGE_DATA_DIR: join(home, 'data'),
      DESKBRIDGE_DEMO: '0',
      DESKBRIDGE_ADMIN_TOKEN: 'operator-token-of-the-benchmark',
      DESKBRIDGE_SECRET_KEY: secretKey.toString('base64'),
      DESKBRIDGE_TEAMS_OPENID_URL: `${platformUrl}/openid`,
      DESKBRIDGE_TEAMS_LOGIN_URL: `${platformUrl}/login`,
      DESKBRIDGE_TEAMS_SERVICE_HOSTS: new URL(platformUrl).host,
    },
  });
  const botbuilder = await startServer({
    ...common,
    args: [join(import.meta.dirname, 'botbuilder-echo.ts')],
    logFile: join(home, 'botbuilder.log'),
    readyPath: '/',
    environment: {
      NODE_ENV: 'production',
      APP_ID: benchApp.appId,
      APP_SECRET: benchApp.clientSecret,
      TENANT_ID: benchApp.appId,
      OPENID_URL: `${platformUrl}/openid`,
    },
  });
  return { deskbridge, botbuilder };
}

function profileFlags({ profileInto }: BenchOptions): string[] {
  return profileInto === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profileInto)}`];
}
