/** One measured round of the inbound benchmark: a server under load for some seconds, and what that took. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantCount, WorkloadId } from './inbound-platform.ts';
import type { Side } from './inbound-servers.ts';
import type { RunRequest, RunResult } from './load-generator.ts';
import { cpuSeconds, treeCpuSeconds } from './processes.ts';

const connections = 32;
/** Records that follow a reply (its receipt is completed) belong to the command's cost. */
const settleMs = 400;

/** What is said to whom. */
export interface Task {
  side: Side;
  tenants: TenantCount;
  workload: WorkloadId;
}

/** CPU in seconds per 1,000 commands. */
export interface Round {
  acknowledged: number;
  acknowledgedPerSecond: number;
  repliedPerSecond: number;
  serverCpu: number;
  databaseCpu: number;
  loadCpu: number;
}

/** The processes besides the server. */
export interface Machinery {
  load: ChildProcess;
  postmasterPid: number;
  seconds: number;
}

/** @throws Error when a command was refused, or a reply was missing, doubled or wrong */
export async function runRound(machinery: Machinery, task: Task): Promise<Round> {
  const { load, postmasterPid, seconds } = machinery;
  const { side, tenants, workload } = task;
  const cpuNow = () => ({
    server: cpuSeconds(side.server.pid),
    database: side.usesDatabase ? treeCpuSeconds(postmasterPid) : 0,
    load: cpuSeconds(load.pid ?? 0),
  });
  const before = cpuNow();
  const { path, echoes } = side;
  const serverUrl = side.server.url;
  const result = await runLoad(load, { serverUrl, path, tenants, workload, echoes, seconds, connections });
  await sleep(settleMs);
  const after = cpuNow();
  checkResult(side, result);
  const perThousand = (part: keyof typeof after) =>
    ((after[part] - before[part]) / result.acknowledged) * 1000;
  return {
    acknowledged: result.acknowledged,
    acknowledgedPerSecond: result.acknowledged / result.acknowledgedSeconds,
    repliedPerSecond: result.replies / result.repliedSeconds,
    serverCpu: perThousand('server'),
    databaseCpu: perThousand('database'),
    loadCpu: perThousand('load'),
  };
}

async function runLoad(load: ChildProcess, request: RunRequest): Promise<RunResult> {
  const answered = once(load, 'message');
  load.send(request);
  const [message] = (await answered) as [{ result: RunResult } | { error: string }];
  if ('error' in message) throw new Error(`the load ended early: ${message.error}`);
  return message.result;
}

function checkResult(side: Side, result: RunResult): void {
  const { acknowledged, replies, refused, missing, unexpected, wrong } = result;
  const clean = refused + missing + unexpected + wrong === 0 && replies === acknowledged && acknowledged > 0;
  if (!clean) throw new Error(`${side.id} did not do its work: ${JSON.stringify(result)}`);
}

/** A line for the terminal. */
export function describeRound(when: string, { side, tenants, workload }: Task, round: Round): string {
  const { acknowledgedPerSecond, repliedPerSecond, serverCpu, databaseCpu, loadCpu } = round;
  const rates = `${acknowledgedPerSecond.toFixed(0)}/s acknowledged, ${repliedPerSecond.toFixed(0)}/s replied`;
  const cpu = `CPU s per 1,000: server ${serverCpu.toFixed(2)}, database ${databaseCpu.toFixed(2)}, load ${loadCpu.toFixed(2)}`;
  return `${when}  ${side.id}  ${tenants} tenants  ${workload}  ${rates}; ${cpu}`;
}
