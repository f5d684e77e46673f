/** The process that makes the load and plays the platform, started by the benchmark and spoken to by messages. */

import { messageActivity } from '../bots/teams/simulator/activities.ts';
import { Identity } from '../bots/teams/simulator/identity.ts';
import { personalChat } from '../bots/teams/simulator/people.ts';
import { startFakeConnector } from './fake-connector.ts';
import { HttpConnection } from './http-connection.ts';
import { benchApp, benchTenants, type TenantCount, tenantCounts } from './inbound-world.ts';

/** What the benchmark asks for: one round against one server. */
export interface RunRequest {
  serverUrl: string;
  tenants: TenantCount;
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
const identity = await Identity.create([benchApp]);
const connector = await startFakeConnector(identity);
const audiences = new Map(await Promise.all(tenantCounts.map(prepare)));
const next = new Map<TenantCount, number>();
let commands = 0;

/** Everybody who may speak in a set-up, one tenant after the other, with the token of their organization's connector. */
async function prepare(count: TenantCount) {
  const tenants = await Promise.all(
    benchTenants(count).map(async ({ organization, people }) => {
      const serviceUrl = `${connector.url}/emea/${organization}/`;
      const token = await identity.tokenFor(benchApp.appId, serviceUrl);
      const scene = { appId: benchApp.appId, botName: 'Deskbridge', organization, serviceUrl };
      return people.map((person) => ({
        authorization: `Bearer ${token}`,
        scene: { ...scene, person, conversation: personalChat(person, benchApp.appId, organization) },
      }));
    }),
  );
  const rows = tenants[0]?.length ?? 0;
  const speakers = Array.from({ length: rows }, (_, row) => tenants.flatMap((people) => people[row] ?? []));
  return [count, speakers.flat()] as const;
}

/** The next command of a set-up: people speak in turn, so that neighbours are of different tenants. */
function nextCommand(tenants: TenantCount): {
  authorization: string;
  id: string;
  text: string;
  body: string;
} {
  const speakers = audiences.get(tenants) ?? [];
  const turn = next.get(tenants) ?? 0;
  next.set(tenants, turn + 1);
  const speaker = speakers[turn % speakers.length];
  if (speaker === undefined) throw new Error('nobody speaks');
  commands += 1;
  const text = `Printer on floor 3 is jammed again, case ${commands}`;
  const activity = messageActivity(speaker.scene, `new ticket ${text}`);
  return {
    authorization: speaker.authorization,
    id: String(activity.id),
    text,
    body: JSON.stringify(activity),
  };
}

async function run(request: RunRequest): Promise<RunResult> {
  const connections = await Promise.all(
    Array.from({ length: request.connections }, () => HttpConnection.open(request.serverUrl)),
  );
  let acknowledged = 0;
  let refused = 0;
  let replies = 0;
  const started = performance.now();
  let lastReply = started;
  connector.expected.clear();
  connector.unexpected = 0;
  connector.wrong = 0;
  connector.onReply = () => {
    replies += 1;
    lastReply = performance.now();
  };
  const deadline = started + request.seconds * 1000;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < deadline) {
        const command = nextCommand(request.tenants);
        connector.expected.set(command.id, command.text);
        const status = await connection.post('/api/messages', command.authorization, command.body);
        if (status === 200) acknowledged += 1;
        else refused += 1;
      }
    }),
  );
  const lastAcknowledgement = performance.now();
  await untilAllReplied();
  for (const connection of connections) connection.close();
  return {
    acknowledged,
    refused,
    acknowledgedSeconds: (lastAcknowledgement - started) / 1000,
    repliedSeconds: (lastReply - started) / 1000,
    replies,
    missing: connector.expected.size,
    unexpected: connector.unexpected,
    wrong: connector.wrong,
  };
}

async function untilAllReplied(): Promise<void> {
  const deadline = performance.now() + replyLimitMs;
  while (connector.expected.size > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

process.on('message', (request: RunRequest) => {
  run(request).then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: connector.url });
