/** One notification at a time: a worker that dies where it is told to, a wire that fails as it is told to. */
import type { DestinationType } from '../../src/kernel/notification.ts';
import type { NotificationRequest } from '../../src/notify/enqueue.ts';
import type { UnknownPolicy } from '../../src/notify/records.ts';
import type { CrashPoint, Life } from './notifier-life.ts';
import type { Readable } from './notifier-platform.ts';
import { Wire, type WireFault } from './notifier-wire.ts';
import { NotifierWorld, type TrialTenant, type Worker } from './notifier-world.ts';

/** Where a notification goes. */
export type Target = 'person' | 'stranger' | 'group' | 'channel' | 'feed';

/** What became of a delivery, by its record and by what people see. */
export interface Outcome {
  status: string;
  errorCode: string | null;
  attempts: number;
  visible: number;
  /** The recorded message is one that is seen, or none has an id there. */
  isKnown: boolean;
  /** Lines of its log. */
  log: string[];
}

interface Row {
  delivery_id: string;
  destination_type: DestinationType;
  status: string;
  error_code: string | null;
  attempts: number;
  provider_message_id: string | null;
}

/** Long enough for the waits of a delivery, not for those of an outage. */
const soonMs = 300_000;
/** After it a lane is free, limits have room, and no key is kept. */
const apartMs = 3_700_000;
const latencyMs = 20;

export class Matrix {
  readonly world: NotifierWorld;
  readonly #wire: Wire;
  readonly #workers = new Set<Worker>();
  #faults: WireFault[] = [];
  #crash: CrashPoint[] = [];
  #freezeAt: { point: CrashPoint; ms: number } | null = null;
  /** When posts left, simulated milliseconds. */
  posts: number[] = [];

  static async start(platform: string, ownerUrl: string): Promise<Matrix> {
    return new Matrix(await NotifierWorld.start(platform, ownerUrl, () => 0.5));
  }

  private constructor(world: NotifierWorld) {
    this.world = world;
    this.#wire = new Wire({
      time: world.time,
      farSide: world.platform,
      journeyOf: (call) => ({
        fault: call === 'deliver' ? (this.#faults.shift() ?? null) : null,
        outMs: latencyMs,
        backMs: latencyMs,
        lateMs: 900,
      }),
      observer: {
        sent: (call) => {
          if (call === 'deliver') this.posts.push(world.time.now());
        },
        answered: () => undefined,
      },
    });
  }

  get tenant(): TrialTenant {
    const [first] = this.world.tenants;
    if (first === undefined) throw new Error('there is no tenant');
    return first;
  }

  letRead(what: Readable): void {
    this.world.platform.letRead(what);
  }

  /** The request that tells one recipient something. */
  requestTo(target: Target, onUnknown: UnknownPolicy): NotificationRequest {
    const { users, places, registrationId } = this.tenant;
    const place = target === 'group' ? places[0] : target === 'channel' ? places[1] : undefined;
    // The first person wants results in the activity feed; to the last one the bot never spoke.
    const user = (target === 'feed' ? users[0] : target === 'stranger' ? users.at(-1) : users[1]) ?? '';
    return {
      category: target === 'feed' ? 'operation_result' : 'announcement',
      content: { kind: 'text', title: 'Something happened', text: 'This is what.', ticket: null },
      target: null,
      actorUserId: null,
      to: [place === undefined ? { user } : { registration: registrationId, address: place }],
      onUnknown,
      createdBy: { kind: 'operator', id: null },
    };
  }

  /** @returns the notification's id */
  async tell(target: Target, onUnknown: UnknownPolicy = 'hold'): Promise<string> {
    return (await this.world.enqueue(this.tenant, this.requestTo(target, onUnknown))).notificationId;
  }

  /** The next posts meet these faults, one each. */
  meet(...faults: WireFault[]): void {
    this.#faults = faults;
  }

  /** A worker comes to each of these points, in this order, and dies at the last. */
  async dieAt(...points: CrashPoint[]): Promise<void> {
    this.#crash = points;
    const worker = await this.#start();
    const died = await this.world.time.run(() => worker.life.isOver, soonMs);
    if (!died) throw new Error(`no worker came to ${points.join(', ')}`);
  }

  /** A worker dies once so many posts have left. */
  async dieAfterPosts(count: number): Promise<void> {
    const { life } = await this.#start();
    if (!(await this.world.time.run(() => this.posts.length >= count, soonMs)))
      throw new Error('too few posts');
    life.end();
  }

  /** Posts beyond the published limits, so far. */
  get postsThrottled(): number {
    return this.#wire.violations.deliver;
  }

  /** A worker stands still for so long where it comes to this point; others may go on. */
  async standStillAt(point: CrashPoint, ms: number): Promise<void> {
    this.#freezeAt = { point, ms };
    await this.#start();
    if (!(await this.world.time.run(() => this.#freezeAt === null, soonMs))) {
      throw new Error(`no worker came to ${point}`);
    }
  }

  /** Nobody works for so long. */
  async pass(ms: number): Promise<void> {
    await this.world.time.run(() => false, ms);
  }

  /** A worker without a memory goes on until everything is over. */
  async goOn(): Promise<void> {
    await this.#start();
    for (let waited = 0; waited < soonMs; waited += 1_000) {
      if ((await this.world.unfinished()) === 0 && this.#wire.onTheWay === 0) return;
      await this.pass(1_000);
    }
    throw new Error('the delivery does not end');
  }

  async outcome(notificationId: string): Promise<Outcome> {
    const { database, platform } = this.world;
    const rows = await database.maintenance.query<Row>(
      `select delivery_id, destination_type, status, error_code, attempts, provider_message_id from deliveries
        where notification_id = $1`,
      [notificationId],
    );
    const [row] = rows;
    if (row === undefined || rows.length > 1)
      throw new Error(`there are ${rows.length} deliveries instead of one`);
    const log = await database.maintenance.query<{ outcome: string }>(
      'select outcome from delivery_attempts where delivery_id = $1 order by at, attempt_id',
      [row.delivery_id],
    );
    const seen = platform.seen().filter(({ token }) => token === row.delivery_id);
    const isFeed = row.destination_type === 'teams_feed';
    const isSent = row.status === 'sent' || row.status === 'delivered';
    return {
      status: row.status,
      errorCode: row.error_code,
      attempts: row.attempts,
      visible: isFeed ? Number(platform.feedShows(row.delivery_id)) : seen.length,
      isKnown: isFeed || !isSent || seen.some(({ id }) => id === row.provider_message_id),
      log: log.map(({ outcome }) => outcome),
    };
  }

  /** Those of these notifications that are seen, in the order of posting. */
  async seen(...notificationIds: string[]): Promise<string[]> {
    const rows = await this.world.database.maintenance.query<{
      delivery_id: string;
      notification_id: string;
    }>('select delivery_id, notification_id from deliveries where notification_id = any($1::uuid[])', [
      notificationIds,
    ]);
    const of = new Map(rows.map((row) => [row.delivery_id, row.notification_id]));
    return this.world.platform.seen().flatMap(({ token }) => of.get(token ?? '') ?? []);
  }

  /** Ends what still runs, and begins anew. */
  async clear(): Promise<void> {
    for (const { life } of this.#workers) life.end();
    this.#workers.clear();
    this.#faults = [];
    this.#crash = [];
    this.#freezeAt = null;
    await this.pass(apartMs);
    const left = await this.world.unfinished();
    this.world.platform.clear();
    this.posts = [];
    if (left > 0) throw new Error(`${left} deliveries are left of another test`);
  }

  async close(): Promise<void> {
    await this.world.close();
  }

  async #start(): Promise<Worker> {
    const worker = await this.world.startWorker(this.#wire, (life, point) => this.#reached(life, point));
    this.#workers.add(worker);
    return worker;
  }

  #reached(life: Life, point: CrashPoint): void {
    if (this.#freezeAt?.point === point) {
      life.freeze(this.world.time.wait(this.#freezeAt.ms));
      this.#freezeAt = null;
    }
    if (this.#crash[0] !== point) return;
    this.#crash.shift();
    if (this.#crash.length === 0) life.end();
  }
}
