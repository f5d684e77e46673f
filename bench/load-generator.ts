/** The process that makes the load and plays the platform, started by the benchmark and spoken to by messages. */
import { Audience } from './audience.ts';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { HttpConnection } from './http-connection.ts';
import type { TenantCount, WorkloadId } from './inbound-platform.ts';
import { createLarkLoad } from './lark/load.ts';
import type { LoadSide } from './load-side.ts';
import { createSlackLoad } from './slack/load.ts';
import { createTeamsLoad } from './teams/load.ts';

/** What the benchmark asks for: one round against one server. */
export interface RunRequest {
  serverUrl: string;
  path: string;
  tenants: TenantCount;
  workload: WorkloadId;
  /** The server says what it heard, instead of what was asked for. */
  echoes: boolean;
  seconds: number;
  /** Connections, each of which sends its next command when the last one is acknowledged. */
  connections: number;
}

export interface RunResult {
  acknowledged: number;
  /** Answers that were not 200. */
  refused: number;
  /** From the first request to the last acknowledgement, and to the last reply. */
  acknowledgedSeconds: number;
  repliedSeconds: number;
  replies: number;
  missing: number;
  unexpected: number;
  wrong: number;
}

const replyLimitMs = 30_000;
/**
 * Some acknowledge before they work. What they have not replied to is bounded, or a round would measure how much can
 * wait inside of them; this is more than anybody needs to be busy.
 */
const unansweredPerConnection = 8;

const sides: Record<string, () => LoadSide | Promise<LoadSide>> = {
  teams: createTeamsLoad,
  slack: createSlackLoad,
  lark: createLarkLoad,
};

async function run(api: FakeApi, audience: Audience, request: RunRequest): Promise<RunResult> {
  const connections = await Promise.all(
    Array.from({ length: request.connections }, () => HttpConnection.open(request.serverUrl)),
  );
  const started = performance.now();
  const score = { acknowledged: 0, refused: 0, replies: 0, acknowledgedAt: started, repliedAt: started };
  api.reset(() => {
    score.replies += 1;
    score.repliedAt = performance.now();
  });
  const { tenants, workload, echoes } = request;
  const deadline = started + request.seconds * 1000;
  const limit = request.connections * unansweredPerConnection;
  const speak = async (connection: HttpConnection) => {
    while (performance.now() < deadline) {
      const { said, mark } = audience.next(tenants, workload, echoes);
      api.expected.set(said.replyKey, mark);
      const status = await connection.post(request.path, said.headers, said.body);
      if (status === 200) score.acknowledged += 1;
      else score.refused += 1;
      score.acknowledgedAt = performance.now();
      await api.unansweredBelow(limit, deadline);
    }
  };
  await Promise.all(connections.map(speak));
  await api.unansweredBelow(1, performance.now() + replyLimitMs);
  for (const connection of connections) connection.close();
  return {
    acknowledged: score.acknowledged,
    refused: score.refused,
    acknowledgedSeconds: (score.acknowledgedAt - started) / 1000,
    repliedSeconds: (score.repliedAt - started) / 1000,
    replies: score.replies,
    missing: api.expected.size,
    unexpected: api.unexpected,
    wrong: api.wrong,
  };
}

/** What the platform tells every server once. @throws Error when it is refused */
async function open(side: LoadSide, { serverUrl, path }: RunRequest): Promise<void> {
  const opening = side.opening?.();
  if (opening === undefined || opened.has(serverUrl)) return;
  opened.add(serverUrl);
  const connection = await HttpConnection.open(serverUrl);
  const status = await connection.post(path, opening.headers, opening.body);
  connection.close();
  if (status !== 200) throw new Error(`the opening was answered by ${status}`);
}

const opened = new Set<string>();
const side = await sides[process.argv[2] ?? '']?.();
if (side === undefined) throw new Error('no such platform');
const api = await startFakeApi(side);
const audience = await Audience.gather(side, api.url);

process.on('message', (request: RunRequest) => {
  open(side, request)
    .then(() => run(api, audience, request))
    .then(
      (result) => process.send?.({ result }),
      (error: Error) => process.send?.({ error: error.message }),
    );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: api.url });
