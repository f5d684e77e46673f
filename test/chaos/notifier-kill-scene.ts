/** Servers with a notifier that can be killed, a platform that takes its time, and deliveries that never run out. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPort, KillableServer } from '../support/kill-server.ts';
import { createKillWorld, type KillWorld } from '../support/kill-world.ts';
import { checkDeliveries, type DeliveryCounts, isNotice, visibleByToken } from './notifier-kill-check.ts';
import { type LoadOptions, NotifierLoad } from './notifier-kill-load.ts';
import type { Violation } from './violation.ts';

export interface SceneOptions extends LoadOptions {
  platform: string;
  /** A database of its own, empty or migrated. */
  ownerUrl: string;
  /** The same as the servers reach it, where that is another way. */
  serverDatabaseUrl?: string;
  /** For the servers' files. */
  folder: string;
  servers?: number;
  tenants?: number;
  peoplePerTenant?: number;
}

/** What was under way when a server died. */
export interface Caught {
  /** Deliveries that were not over. */
  unfinished: number;
  /** Intents without an outcome. */
  onTheWire: number;
  /** Of them, those that people saw already. */
  visible: number;
}

const drainLimitMs = 150_000;
/** A server that asked a busy database for the time is wrong by half of the wait; its intents bear that time. */
const clockErrorMs = 500;

export class NotifierScene {
  readonly world: KillWorld;
  readonly servers: readonly [KillableServer, ...KillableServer[]];
  readonly load: NotifierLoad;
  readonly violations: Violation[] = [];
  /** Deliveries that had an intent and no outcome at some death. */
  readonly caught = new Set<string>();
  /** When each delivery was seen first, on the clock of `performance.now()`. */
  readonly #seenAt = new Map<string, number>();
  readonly #worker: number;
  #accepting: string[] = [];

  static async open(options: SceneOptions): Promise<NotifierScene> {
    const { ownerUrl, platform, worker, folder } = options;
    const { tenants = 3, peoplePerTenant = 16 } = options;
    const size = { tenants, peoplePerTenant, ticketsPerTenant: 0 };
    const world = await createKillWorld({ ownerUrl, platform, name: `notify-${worker}`, ...size });
    const server = async (index: number) =>
      new KillableServer({
        databaseUrl: options.serverDatabaseUrl ?? ownerUrl,
        port: await findPort(),
        folder: join(folder, `server-${index}`),
        secretKey: world.secretKey,
        platform: world.platform.environment,
      });
    const others = Array.from({ length: (options.servers ?? 1) - 1 }, (_, index) => server(index + 1));
    const scene = new NotifierScene(world, [await server(0), ...(await Promise.all(others))], options);
    await scene.#introduce();
    return scene;
  }

  private constructor(
    world: KillWorld,
    servers: readonly [KillableServer, ...KillableServer[]],
    options: LoadOptions,
  ) {
    this.world = world;
    this.servers = servers;
    this.load = new NotifierLoad(world, () => this.#accepting, options);
    this.#worker = options.worker;
    world.chat.watch((message) => {
      if (message.versions > 1 || !isNotice(message)) return;
      const { token } = message;
      if (token !== null && !this.#seenAt.has(token)) this.#seenAt.set(token, performance.now());
    });
  }

  /** Everybody speaks to the bot once; the orderly end has Node write its compile cache. */
  async #introduce(): Promise<void> {
    const [first] = this.servers;
    this.world.connect(first.url);
    await first.start();
    await this.world.introduce();
    await this.load.prepare();
    await this.stopInOrder();
  }

  /** Deliveries that people saw so far. */
  get posts(): number {
    return this.#seenAt.size;
  }

  /** Requests go to these from now on. */
  accept(servers: readonly KillableServer[]): void {
    this.#accepting = servers.map(({ url }) => url);
  }

  fail(invariant: Violation['invariant'], detail: string): void {
    this.violations.push({ invariant, tenant: `worker ${this.#worker}`, marker: null, detail });
  }

  /**
   * Waits for people to see a notification that was put on the wire after now, and not what was under way before.
   * @returns milliseconds from now; null, and a violation, when it took too long
   */
  async nextSend(limitMs: number): Promise<number | null> {
    const began = performance.now();
    const since = new Date(Date.now() + clockErrorMs);
    while (performance.now() - began < limitMs) {
      const started = await this.#startedSince(since);
      // What a dead process sent may be seen late, and be sent again: only what was seen after its start counts.
      const seen = started.flatMap(({ id, at }) => {
        const seenAt = this.#seenAt.get(id) ?? 0;
        const isOfNow = performance.timeOrigin + seenAt > at.getTime() - clockErrorMs;
        return isOfNow && seenAt > began ? [seenAt] : [];
      });
      if (seen.length > 0) return Math.min(...seen) - began;
      await sleep(20);
    }
    this.fail('late restart', `nothing was sent for ${limitMs} ms; ${await this.load.unfinished()} wait`);
    return null;
  }

  async #startedSince(since: Date): Promise<{ id: string; at: Date }[]> {
    return await this.world.database.maintenance
      .query<{ id: string; at: Date }>(
        `select delivery_id as id, started_at as at from delivery_ready where started_at > $1
         union select delivery_id, started_at from delivery_attempts where started_at > $1`,
        [since],
      )
      .catch(() => []);
  }

  /** What is not over now. */
  async underWay(): Promise<Caught & { open: string[] }> {
    const rows = await this.world.database.maintenance.query<{ delivery_id: string; phase: string }>(
      'select delivery_id, phase from delivery_ready',
    );
    const seen = visibleByToken(this.world);
    const open = rows.filter(({ phase }) => phase !== 'ready').map(({ delivery_id: id }) => id);
    const visible = open.filter((id) => seen.has(id)).length;
    return { unfinished: rows.length, onTheWire: open.length, visible, open };
  }

  /** What the death of a server interrupted; call it right after. */
  async count(): Promise<Caught> {
    const { open, ...caught } = await this.underWay();
    for (const id of open) this.caught.add(id);
    return caught;
  }

  /** A server that ended by itself is a finding, whatever it did not lose. */
  noteEnds(): void {
    for (const { unexpectedEnds } of this.servers) {
      for (const end of unexpectedEnds.splice(0)) this.fail('server ended', `by itself, with ${end}`);
    }
  }

  async stopInOrder(): Promise<void> {
    this.noteEnds();
    for (const server of this.servers) {
      const code = await server.stop();
      if (code !== 0 && code !== null) this.fail('server ended', `SIGTERM ended it with ${code}`);
    }
  }

  /** Ends the load, and waits until every delivery is over. @returns how long that took */
  async drain(): Promise<number> {
    await this.load.stop();
    const began = performance.now();
    for (;;) {
      const waiting = await this.load.unfinished();
      const [due] = await this.world.database.maintenance.query<{ count: number }>(
        "select count(*) as count from due_work where kind = 'audience'",
      );
      const ms = performance.now() - began;
      if (waiting === 0 && due?.count === 0) return ms;
      if (ms > drainLimitMs) {
        this.fail('deliveries not drained', `${waiting} wait after ${drainLimitMs} ms`);
        return ms;
      }
      await sleep(100);
    }
  }

  /** Stops everything and holds the deliveries against what people see. */
  async check(): Promise<{ counts: DeliveryCounts; violations: Violation[] }> {
    await this.stopInOrder();
    const { counts, violations } = await checkDeliveries(this.world, this.load.accepted, this.caught);
    return { counts, violations: [...this.violations, ...violations] };
  }

  /** ERROR lines of the servers' logs by their message. */
  errors(): Record<string, number> {
    const errors: Record<string, number> = {};
    for (const line of this.servers.flatMap((server) => server.errorLines())) {
      errors[String(line.msg)] = (errors[String(line.msg)] ?? 0) + 1;
    }
    return errors;
  }

  async close(): Promise<void> {
    for (const server of this.servers) {
      server.resume();
      await server.kill();
    }
    await this.world.close();
  }
}
