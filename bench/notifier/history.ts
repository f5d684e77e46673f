/** What a claim and a page of the list cost beside a long history, and beside a short one, batch by batch in turn. */
import { slack } from '../../bots/slack/index.ts';
import type { Transaction } from '../../src/infra/database.ts';
import { newId } from '../../src/kernel/ids.ts';
import { newDeliveryId } from '../../src/notify/delivery-id.ts';
import { type DeliveryFilter, listDeliveries } from '../../src/notify/delivery-queries.ts';
import { insertDeliveries } from '../../src/notify/delivery-store.ts';
import { writeIntents } from '../../src/notify/intent-store.ts';
import { leaseLane } from '../../src/notify/lane-store.ts';
import { toPending } from '../../src/notify/pending-delivery.ts';
import { loadDue } from '../../src/notify/ready-store.ts';
import { recordOutcomes, type Settled } from '../../src/notify/record-outcomes.ts';
import type { NewDelivery } from '../../src/notify/records.ts';
import { createDatabase } from '../inbound-servers.ts';
import { type Measurement, median } from '../measure.ts';
import { slackSetup } from '../slack/setup.ts';
import { type History, makeHistory } from './history-rows.ts';
import type { NotifierBench } from './notifier.ts';
import { addTenant, openWorld, type Tenant, type World } from './world.ts';

const shortRows = 10_000;
const tenantCount = 8;
const peoplePerTenant = 500;
/** What a lane has on the wire at most, and so the largest batch of its intents. */
const batchSize = 256;
const pageSize = 50;
/** A cost of at most 1.2 times. */
const goal = 0.83;
const leaseMs = 3_600_000;

interface Side {
  world: World;
  lanes: (Tenant & { epoch: number })[];
  turn: number;
}

/** One way to use the database, timed. */
interface Use {
  name: string;
  subject: string;
  /** @returns milliseconds */
  run(side: Side, lane: Side['lanes'][number]): Promise<number>;
}

const uses: readonly Use[] = [
  { name: 'claim', subject: `due, intents and outcomes of ${batchSize} deliveries`, run: claim },
  list('newest', 'the newest deliveries', () => ({})),
  list('failed', 'deliveries that failed', () => ({ status: 'failed' as const })),
  list('notification', 'deliveries of one notification', (notificationId) => ({
    notification_id: notificationId,
  })),
];

export async function benchHistory(bench: NotifierBench): Promise<Measurement[]> {
  const worlds: World[] = [];
  try {
    const open = async (name: string, rows: number) => {
      const ownerUrl = await createDatabase(bench.cluster.url, name);
      const world = await openWorld(ownerUrl, 2);
      worlds.push(world);
      const note = (line: string) => bench.note(`${name}  ${line}`);
      return await fillSide(world, { ownerUrl, rows, note });
    };
    const long = await open('history_long', bench.rows);
    const short = await open('history_short', shortRows);
    const rounds = uses.map(() => ({ long: [] as number[], short: [] as number[] }));
    for (let round = 0; round <= bench.rounds; round += 1) {
      for (const [index, use] of uses.entries()) {
        const cost = await compare(bench, use, { long, short });
        bench.note(
          `round ${round}  ${use.name}  ${cost.long.toFixed(2)} ms beside ${bench.rows}, ${cost.short.toFixed(2)} ms beside ${shortRows}`,
        );
        // The first is the warm-up.
        if (round === 0) continue;
        rounds[index]?.long.push(cost.long);
        rounds[index]?.short.push(cost.short);
      }
    }
    return uses.map((use, index) => ({
      bench: `notifier/history/${use.name}`,
      subject: `${use.subject}, beside ${bench.rows} that are over`,
      peer: `the same beside ${shortRows}`,
      unit: 'ms',
      better: 'lower',
      subjectRounds: rounds[index]?.long ?? [],
      peerRounds: rounds[index]?.short ?? [],
      goal,
    }));
  } finally {
    for (const world of worlds) await world.close();
  }
}

async function fillSide(world: World, history: Pick<History, 'ownerUrl' | 'rows' | 'note'>): Promise<Side> {
  const now = new Date();
  const lanes: Side['lanes'] = [];
  for (let index = 0; index < tenantCount; index += 1) {
    const tenant = await addTenant(world, slackSetup, { slug: `${index}`, people: peoplePerTenant });
    lanes.push({ ...tenant, epoch: await lease(world, tenant, now) });
  }
  await makeHistory({ ...history, platform: slack.id, tenants: lanes, now });
  return { world, lanes, turn: 0 };
}

async function lease(world: World, { tenantId, registrationId }: Tenant, now: Date): Promise<number> {
  const epoch = await world.database.inTenant(tenantId, async (tx) => {
    await tx.execute(
      'insert into active_lanes (lane_id, tenant_id, platform, wake_at) values ($1, $2, $3, $4)',
      [registrationId, tenantId, 'slack', now],
    );
    const lane = { laneId: registrationId, platform: 'slack', owner: 'benchmark' };
    return await leaseLane(tx, lane, now, new Date(now.getTime() + leaseMs));
  });
  if (epoch === null) throw new Error('a lane was not to be had');
  return epoch;
}

/** One here, one there, for as long as a round takes. @returns the medians, milliseconds */
async function compare(
  bench: NotifierBench,
  use: Use,
  sides: { long: Side; short: Side },
): Promise<{ long: number; short: number }> {
  const until = performance.now() + bench.seconds * 1_000;
  const costs = { long: [] as number[], short: [] as number[] };
  for (let pair = 0; pair < tenantCount || performance.now() < until; pair += 1) {
    const order = pair % 2 === 0 ? (['long', 'short'] as const) : (['short', 'long'] as const);
    for (const which of order) costs[which].push(await take(use, sides[which]));
  }
  return { long: median(costs.long), short: median(costs.short) };
}

/** The tenants in turn. */
async function take(use: Use, side: Side): Promise<number> {
  const lane = side.lanes[side.turn % side.lanes.length];
  side.turn += 1;
  if (lane === undefined) throw new Error('there are no lanes');
  return await use.run(side, lane);
}

/** A lane's turn as its owner takes it: what is due, the intents, the outcomes, each committed. Enqueuing is not timed. */
async function claim({ world }: Side, lane: Side['lanes'][number]): Promise<number> {
  const { tenantId, registrationId: laneId, epoch } = lane;
  const inTenant = <T>(work: (tx: Transaction) => Promise<T>) => world.database.inTenant(tenantId, work);
  await inTenant((tx) => insertDeliveries(tx, newDeliveries(lane)));
  const now = new Date();
  const began = performance.now();
  const { rows } = await inTenant((tx) => loadDue(tx, laneId, { now, held: [], full: [], limit: 1_024 }));
  const items = rows.map((row) => toPending(row, slack.addressing));
  const intents = items.map(({ id, tryNo }) => ({
    deliveryId: id,
    startedAt: now,
    notAfter: new Date(now.getTime() + 5_000),
    tryNo,
    repeats: false,
  }));
  const tries = await inTenant((tx) => writeIntents(tx, { laneId, epoch }, intents, now));
  const settled = items.map((item): Settled => {
    item.tryNo = tries.get(item.id) ?? 0;
    return {
      delivery: item,
      transition: { to: 'sent', messageId: `message-${item.id}`, requestId: null, proof: false },
      attempt: { outcome: 'sent', conversationKey: item.conversation, operation: 'send', startedAt: now },
    };
  });
  const ours = await inTenant((tx) => recordOutcomes(tx, laneId, settled, now));
  const ms = performance.now() - began;
  if (ours.size !== batchSize) throw new Error(`${ours.size} of ${batchSize} were recorded`);
  return ms;
}

function newDeliveries({ registrationId, userIds }: Tenant): NewDelivery[] {
  const now = new Date();
  const notificationId = newId();
  return userIds.slice(0, batchSize).map((userId, index) => ({
    deliveryId: newDeliveryId(now),
    createdAt: now,
    notificationId,
    category: 'announcement',
    userId,
    channel: { registrationId, platform: 'slack', type: 'slack_dm', id: `U${index}` },
    fallback: [],
    fallbackOf: null,
    skipped: null,
    dueAt: now,
    expiresAt: null,
    priority: 0,
    onUnknown: 'hold',
  }));
}

/** A page of the administrator's list. @param filterOf given a notification that has more than a page */
function list(name: string, what: string, filterOf: (notificationId: string) => DeliveryFilter): Use {
  return {
    name: `list-${name}`,
    subject: `a page of ${pageSize}: ${what}`,
    async run({ world, turn }, { tenantId }) {
      return await world.database.inTenant(tenantId, async (tx) => {
        const filter = filterOf(await notificationOf(tx, turn));
        const began = performance.now();
        const page = await listDeliveries(tx, filter, { limit: pageSize, after: null });
        const ms = performance.now() - began;
        if (page.items.length !== pageSize) throw new Error(`a page has ${page.items.length}`);
        return ms;
      });
    },
  };
}

/** One of the history, another each time. */
async function notificationOf(tx: Parameters<typeof listDeliveries>[0], turn: number): Promise<string> {
  const [row] = await tx.query<{ id: string }>(
    `select notification_id as id from deliveries where tenant_id = $1 and status = 'delivered' and user_id is not null
       and created_at < $2 order by delivery_id desc offset $3 limit 1`,
    [tx.tenantId, new Date(Date.now() - 2 * 86_400_000), (turn * 37) % 800],
  );
  if (row === undefined) throw new Error('there is no notification');
  return row.id;
}
