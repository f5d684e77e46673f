/** Notifications without end: posted to the server's API or enqueued beside it, so that always enough deliveries wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import { enqueueNotification } from '../../src/notify/enqueue.ts';
import { announceElsewhere } from '../../src/notify/start-notifier.ts';
import type { KillWorld, WorldTenant } from '../support/kill-world.ts';
import { silentLog } from '../support/log.ts';
import { Random } from './random.ts';

/** A notification that was accepted. */
export interface Accepted {
  tenant: WorldTenant;
  notificationId: string;
  /** Stands in its title, and nowhere else. */
  marker: string;
  recipients: number;
}

export interface LoadOptions {
  /** Tells markers of different loads apart. */
  worker: number;
  seed: number;
  /** So many deliveries wait at least, where the server takes them. */
  unfinished: number;
  /** Of one notification, at most. */
  mostRecipients?: number;
  /** How long the platform takes for one post, milliseconds. */
  wireMs: { min: number; max: number };
  /** Share of notifications that are written to the database directly, as the desk's own events are; 0.3 without it. */
  enqueuedShare?: number;
  /** Share of posts that the platform refuses for a passing reason. */
  refusedShare?: number;
}

type Recipient = { user: string } | { conversation: string };

const adminToken = 'operator-token-for-tests';
const lookEveryMs = 40;
const retryMs = 150;
/** A request that is not taken for so long is given up, and the load fails. */
const giveUpAfterMs = 120_000;

export class NotifierLoad {
  readonly accepted: Accepted[] = [];
  /** Requests that were sent again with their key because no answer came. */
  repeated = 0;
  readonly #world: KillWorld;
  readonly #options: LoadOptions;
  readonly #urls: () => readonly string[];
  readonly #random: Random;
  readonly #recipients = new Map<WorldTenant, Recipient[]>();
  readonly #stopAnnouncing: () => void;
  #count = 0;
  #stopping = false;
  #running: Promise<void> | null = null;

  /** @param urls of the servers that take requests now; asked again at each try */
  constructor(world: KillWorld, urls: () => readonly string[], options: LoadOptions) {
    this.#world = world;
    this.#urls = urls;
    this.#options = options;
    this.#random = new Random(options.seed, 'notifications');
    this.#stopAnnouncing = announceElsewhere(world.database, silentLog);
  }

  /** Learns who there is to send to. */
  async prepare(): Promise<void> {
    for (const tenant of this.#world.tenants) {
      const places = await this.#world.database.maintenance.query<{ conversation: string }>(
        `select conversation_id as conversation from conversations
          where tenant_id = $1 and type <> 'personal' order by 1`,
        [tenant.tenantId],
      );
      this.#recipients.set(tenant, [...tenant.people.map(({ userId }) => ({ user: userId })), ...places]);
    }
  }

  /** Keeps enough deliveries waiting from now on. */
  start(): void {
    this.#running = this.#run();
    // Told by `stop`.
    this.#running.catch(() => undefined);
  }

  /** Ends when what was begun is accepted. @throws Error when the server did not take something */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    this.#stopAnnouncing();
  }

  /** Deliveries that are not over. */
  async unfinished(): Promise<number> {
    const [row] = await this.#world.database.maintenance.query<{ count: number }>(
      'select count(*) as count from delivery_ready',
    );
    return row?.count ?? 0;
  }

  /** Sends one notification to so many of a tenant. @param how by chance without it */
  async send(tenant: WorldTenant, recipients: number, how?: 'posted' | 'enqueued'): Promise<void> {
    this.#count += 1;
    const marker = `k${this.#options.worker}n${this.#count}`;
    const to = this.#some(tenant, recipients);
    // The platform's weather for what is to come; what is sent again meets what is left of it.
    for (const _ of to) this.#world.platform.faults.then('post', this.#wire());
    const isEnqueued =
      how === undefined ? this.#random.chance(this.#options.enqueuedShare ?? 0.3) : how === 'enqueued';
    const notificationId = await (isEnqueued
      ? this.#enqueue(tenant, marker, to)
      : this.#post(tenant, marker, to));
    this.accepted.push({ tenant, notificationId, marker, recipients: to.length });
  }

  async #run(): Promise<void> {
    const { unfinished, mostRecipients = 24 } = this.#options;
    const { tenants } = this.#world;
    while (!this.#stopping) {
      // A database that is away has to be waited for; the check tells what was lost.
      const waiting = await this.unfinished().catch(() => unfinished);
      const missing = unfinished - waiting;
      if (missing > 0) {
        const each = Math.min(mostRecipients, Math.ceil(missing / tenants.length));
        await Promise.all(tenants.map((tenant) => this.send(tenant, this.#random.between(1, each + 1))));
      }
      await sleep(lookEveryMs);
    }
  }

  #some(tenant: WorldTenant, count: number): Recipient[] {
    const all = [...(this.#recipients.get(tenant) ?? [])];
    const chosen: Recipient[] = [];
    while (chosen.length < count && all.length > 0) {
      chosen.push(...all.splice(this.#random.between(0, all.length - 1), 1));
    }
    return chosen;
  }

  #wire() {
    const { wireMs, refusedShare = 0.04 } = this.#options;
    if (this.#random.chance(refusedShare)) {
      return { kind: this.#random.pick(['throttled', 'refused'] as const) };
    }
    const ms = this.#random.between(wireMs.min, wireMs.max);
    return { kind: this.#random.pick(['slow', 'late'] as const), ms };
  }

  /** Until it is known to be committed: the key makes one notification of all tries. */
  async #enqueue(tenant: WorldTenant, marker: string, to: Recipient[]): Promise<string> {
    const content = { kind: 'text' as const, title: `Notice ${marker}`, text: 'Read this.', ticket: null };
    return await this.#untilTaken(async () => {
      const { notificationId } = await this.#world.database.inTenant(tenant.tenantId, (tx) =>
        enqueueNotification(
          tx,
          {
            category: 'announcement',
            content,
            target: null,
            actorUserId: null,
            to,
            createdBy: { kind: 'operator', id: null },
            request: { key: marker, fingerprint: marker },
          },
          new Date(),
        ),
      );
      return notificationId;
    });
  }

  async #post(tenant: WorldTenant, marker: string, to: Recipient[]): Promise<string> {
    const message = { title: `Notice ${marker}`, text: 'Read this.' };
    const body = JSON.stringify({ category: 'announcement', message, to });
    return await this.#untilTaken(async () => {
      const response = await fetch(`${this.#url()}/v1/tenants/${tenant.slug}/notifications`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${adminToken}`,
          'content-type': 'application/json',
          'idempotency-key': marker,
        },
        body,
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      if (response.status >= 500) return null;
      if (response.status !== 202) throw new RefusedError(`${response.status} ${text}`);
      return (JSON.parse(text) as { notification_id: string }).notification_id;
    });
  }

  #url(): string {
    const urls = this.#urls();
    return urls.length === 0 ? 'http://127.0.0.1:9' : this.#random.pick(urls);
  }

  /** @param attempt null, or a failure that is no refusal: it may have been taken, and is sent again */
  async #untilTaken(attempt: () => Promise<string | null>): Promise<string> {
    const deadline = Date.now() + giveUpAfterMs;
    for (;;) {
      const id = await attempt().catch((error: unknown) => {
        if (error instanceof RefusedError || Date.now() > deadline) throw error;
        return null;
      });
      if (id !== null) return id;
      if (Date.now() > deadline) throw new Error('a notification was not taken');
      this.repeated += 1;
      await sleep(retryMs);
    }
  }
}

/** The server understood the request and did not take it. */
class RefusedError extends Error {}
