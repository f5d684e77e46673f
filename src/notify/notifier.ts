/** The notifier of one process: works through audiences, leases lanes, runs them, and withdraws what is to be withdrawn. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { AnnouncedWork } from '../infra/database.ts';
import type { BotPlatform, BotRuntime } from '../kernel/platform.ts';
import { overrideLimits } from '../kernel/rate-limit.ts';
import type { RegistrationDirectory } from '../registrations/app-directory.ts';
import { AudienceQueue } from './audience-queue.ts';
import { expandDue } from './expand-audience.ts';
import { type LaneChannel, type LaneDependencies, laneTransaction, type RepliedTo } from './lane.ts';
import { LaneRunner } from './lane-runner.ts';
import {
  type FreeLane,
  findFreeLane,
  findFreeLanes,
  leaseLane,
  releaseLanes,
  renewLeases,
} from './lane-store.ts';
import { readTenantStatus } from './ready-store.ts';
import { WithdrawalPace, withdrawDue } from './withdraw-messages.ts';

export interface NotifierDependencies extends LaneDependencies {
  registrations: Pick<RegistrationDirectory, 'find'>;
  platforms: ReadonlyMap<string, BotPlatform>;
  runtime: (platform: string) => Promise<BotRuntime>;
  /** Tells the process that has the lane. */
  announceElsewhere: (work: AnnouncedWork) => void;
}

const leaseMs = 5_000;
const renewEveryMs = 1_500;
const acquireEveryMs = 500;
const expandEveryMs = 1_000;
const withdrawEveryMs = 2_000;
/** Lanes that one process owns at most; others are another process's, or wait. */
const maxLanes = 2_000;
const acquireAtOnce = 8;
/** More of them at once have less each to share: two are the quickest, alone and under load. */
const maxExpansions = 2;

export class Notifier {
  /** Names this process among the owners of lanes. */
  readonly owner = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  readonly #deps: NotifierDependencies;
  readonly #lanes = new Map<string, LaneRunner>();
  readonly #acquiring = new Set<string>();
  readonly #audiences: AudienceQueue;
  readonly #withdrawalPace = new WithdrawalPace();
  readonly #running = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();
  readonly #stopListening: () => void;
  #lastRound = 0;

  constructor(deps: NotifierDependencies) {
    this.#deps = deps;
    this.#audiences = new AudienceQueue(this.#expanding, maxExpansions);
    this.#stopListening = deps.database.onAnnounced((work) => this.hint(work));
    this.#lastRound = deps.time.monotonic();
  }

  /** Starts its loops. */
  start(): void {
    this.#loop('leases', renewEveryMs, () => this.#renew());
    this.#loop('lanes', acquireEveryMs, () => this.#acquire());
    this.#loop('audiences', expandEveryMs, () => this.#expand());
    this.#loop('withdrawals', withdrawEveryMs, () => this.#withdraw());
  }

  /** Work was committed, here or elsewhere; it would be found without this too, only later. */
  hint(work: AnnouncedWork, from: 'here' | 'elsewhere' = 'here'): void {
    const { kind, tenantId, id } = work;
    if (this.#stopping.signal.aborted) return;
    const runner = this.#lanes.get(id);
    if (kind === 'audience') {
      this.#audiences.add(tenantId, id);
    } else if (runner !== undefined) runner.hint();
    else this.#background(this.#acquireOne(work, from));
  }

  /** A reply that this process sent: the limits of its lane count it. */
  countReply(laneId: string, reference: RepliedTo): void {
    this.#lanes.get(laneId)?.countReply(reference, this.#deps.time.now());
  }

  /** Milliseconds since the lanes were last looked after. */
  get lagMs(): number {
    return this.#deps.time.monotonic() - this.#lastRound;
  }

  /** Lets what is on the wire end, records it, and gives the lanes back. */
  async close(): Promise<void> {
    this.#stopping.abort();
    this.#stopListening();
    for (const runner of this.#lanes.values()) runner.stop();
    await this.#audiences.close();
    await Promise.all(this.#running);
  }

  get #expanding() {
    const { database, time, platforms, log } = this.#deps;
    const addressingOf = (id: string) => requirePlatform(platforms, id).addressing;
    return { database, log, addressingOf, clock: { now: () => new Date(time.now()) } };
  }

  async #expand(): Promise<void> {
    await expandDue(this.#expanding);
  }

  async #withdraw(): Promise<void> {
    await withdrawDue({ ...this.#deps, pace: this.#withdrawalPace });
  }

  async #renew(): Promise<void> {
    const { database, time } = this.#deps;
    const laneIds = [...this.#lanes.keys()];
    this.#lastRound = time.monotonic();
    if (laneIds.length === 0) return;
    const began = time.monotonic();
    const until = new Date(time.now() + leaseMs);
    const held = await renewLeases(database.directory, this.owner, laneIds, until);
    for (const laneId of laneIds) {
      const runner = this.#lanes.get(laneId);
      if (held.has(laneId)) runner?.renewed(began + leaseMs);
      else runner?.lose();
    }
  }

  async #acquire(): Promise<void> {
    const { database, time } = this.#deps;
    const room = maxLanes - this.#lanes.size;
    if (room <= 0) return;
    const free = await findFreeLanes(database.directory, new Date(time.now()), Math.min(room, 200));
    // Two processes that look at the same moment should not fight over each lane in the same order.
    const queue = free.toSorted(() => this.#deps.random() - 0.5);
    const worker = async () => {
      for (let lane = queue.pop(); lane !== undefined; lane = queue.pop()) await this.#lease(lane);
    };
    await Promise.all(Array.from({ length: acquireAtOnce }, worker));
  }

  async #acquireOne(work: AnnouncedWork, from: 'here' | 'elsewhere'): Promise<void> {
    const { database, time, announceElsewhere } = this.#deps;
    const lane = await findFreeLane(database.directory, work.id, new Date(time.now()));
    if (lane !== null) await this.#lease(lane);
    else if (from === 'here' && !this.#lanes.has(work.id) && !this.#acquiring.has(work.id))
      announceElsewhere(work);
  }

  async #lease(lane: FreeLane): Promise<void> {
    const { laneId, tenantId, platform } = lane;
    if (this.#stopping.signal.aborted || this.#acquiring.has(laneId) || this.#lanes.has(laneId)) return;
    this.#acquiring.add(laneId);
    try {
      const { database, time } = this.#deps;
      const leaseUntil = time.monotonic() + leaseMs;
      const now = time.now();
      const until = new Date(now + leaseMs);
      const epoch = await database.inTenant(
        tenantId,
        (tx) => leaseLane(tx, { laneId, platform, owner: this.owner }, new Date(now), until),
        laneTransaction,
      );
      if (epoch === null) return;
      const refresh = () => this.#channelOf(lane);
      const leased = { laneId, tenantId, platform, epoch, owner: this.owner };
      const runner = new LaneRunner(this.#deps, leased, { channel: await refresh(), refresh, leaseUntil });
      this.#lanes.set(laneId, runner);
      this.#background(this.#run(runner));
    } finally {
      this.#acquiring.delete(laneId);
    }
  }

  async #run(runner: LaneRunner): Promise<void> {
    const { laneId } = runner.lane;
    if (this.#stopping.signal.aborted) runner.stop();
    const ended = await runner.run();
    this.#lanes.delete(laneId);
    if (ended === 'stopped') {
      // Without this it is free as soon as the lease runs out.
      await releaseLanes(this.#deps.database.directory, this.owner, [laneId]).catch(() => undefined);
    }
  }

  async #channelOf({ laneId, tenantId, platform: platformId }: FreeLane): Promise<LaneChannel> {
    const { database, registrations, platforms, runtime } = this.#deps;
    const platform = requirePlatform(platforms, platformId);
    const [registration, status] = await Promise.all([
      registrations.find(tenantId, laneId),
      readTenantStatus(database.directory, tenantId),
    ]);
    return {
      registration,
      tenantActive: status === 'active',
      runtime: await runtime(platformId),
      addressing: platform.addressing,
      limits: overrideLimits(platform.limits, registration?.options.limits),
    };
  }

  #loop(name: string, everyMs: number, work: () => Promise<void>): void {
    const { time, log } = this.#deps;
    const run = async () => {
      while (!this.#stopping.signal.aborted) {
        await work().catch((error: unknown) => {
          log.warn({ loop: `notifier ${name}`, err: error }, 'the notifier tries again');
        });
        await time.wait(everyMs, this.#stopping.signal);
      }
    };
    this.#background(run());
  }

  #background(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'the notifier tries again'))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }
}

function requirePlatform(platforms: ReadonlyMap<string, BotPlatform>, id: string): BotPlatform {
  const platform = platforms.get(id);
  if (platform === undefined) throw new Error(`no platform ${id}`);
  return platform;
}
