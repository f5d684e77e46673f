/** One round of the notifier's crashes: load, one crash after another, then quiet until everything is over, and the check. */
import type { CrashPoint, Life } from './notifier-life.ts';
import { crashPoints } from './notifier-life.ts';
import { TrialLoad } from './notifier-load.ts';
import { checkDeliveries, type NotifierViolation, type OracleCounts } from './notifier-oracle.ts';
import type { Readable } from './notifier-platform.ts';
import { type Journey, Wire, type WireCall, type WireFault, wireFaults } from './notifier-wire.ts';
import type { NotifierWorld, Worker } from './notifier-world.ts';
import { Random } from './random.ts';

export interface CrashOptions {
  /** Platform id, e.g. `lark`. */
  platform: string;
  /** A migrated database of its own. */
  ownerUrl: string;
  seed: number;
  crashes: number;
  onCrash?: () => void;
}

export interface CrashResult extends OracleCounts {
  platform: string;
  seed: number;
  crashes: number;
  rounds: number;
  /** Workers that stood still for a while and came back. */
  standstills: number;
  byPoint: Record<CrashPoint, number>;
  faults: Record<WireFault, number>;
  /** Least number of unfinished deliveries at a crash. */
  leastUnfinished: number;
  /** Deliveries of dead workers whose outcome nobody knew: at all crashes, and at most at one. */
  inFlight: { total: number; most: number };
  /** From a crash to the next call in the lane that was hit, simulated milliseconds, at most. */
  slowestRecoveryMs: number;
  /**
   * Look-ups and withdrawals that came too fast, since those of a worker that died are not counted: they post nothing, and
   * are repeated.
   */
  forgottenThrottled: number;
  simulatedMs: number;
  seconds: number;
  violations: NotifierViolation[];
}

/** At each crash so many are unfinished. */
const leastUnfinished = 50;
const stock = 95;
/** Between two crashes. */
const mostSent = 18;
/** The chance that a request meets a fault. */
const faultShare = 0.25;
/** The share of workers that only stand still, and how many there are at most then. */
const standstillShare = 0.15;
const mostWorkers = 3;
/** Those of a whole batch are passed less often than those of a single request. */
const mostPasses: Partial<Record<CrashPoint, number>> = {
  before_load: 2,
  before_intent: 2,
  after_intent: 2,
  before_outcome: 2,
  after_outcome: 2,
};
/** A crash that does not come is given up for another point. */
const patienceMs = 30_000;
const drainMs = 1_800_000;

/** Load, crashes, then quiet until everything is over, and the check. */
export class Round {
  readonly #world: NotifierWorld;
  readonly #result: CrashResult;
  readonly #onCrash: () => void;
  /** Each decides about one thing alone, so that the order of other things changes nothing. */
  readonly #random: Random;
  readonly #wireRandom: Record<WireCall, Random>;
  readonly #readable: Readable;
  readonly #wire: Wire;
  readonly #load: TrialLoad;
  readonly #doubts = new Map<string, number>();
  readonly #since: Date;
  /** Lanes of dead workers, with the time of the crash. */
  readonly #waiting = new Map<string, number>();
  readonly #workers = new Set<Worker>();
  #armed: { point: CrashPoint | null; left: number; freezeMs: number } | null = null;
  #hit: Worker | null = null;
  #hitAt: CrashPoint | null = null;
  #faultShare = faultShare;
  /** Since the load was topped up. */
  #sent = 0;

  constructor(world: NotifierWorld, result: CrashResult, { seed, platform, onCrash }: CrashOptions) {
    this.#world = world;
    this.#result = result;
    this.#onCrash = onCrash ?? (() => undefined);
    const random = (about: string) => new Random(seed, `${platform} round ${result.rounds} ${about}`);
    this.#random = random('crashes');
    this.#load = new TrialLoad(world, random('load'));
    this.#wireRandom = {
      deliver: random('deliver'),
      open: random('open'),
      lookUp: random('look-up'),
      withdraw: random('withdraw'),
      probe: random('probe'),
    };
    this.#readable = this.#random.pick(['nothing', 'shared', 'everything'] as const);
    this.#since = new Date(world.time.now());
    this.#wire = new Wire({
      time: world.time,
      farSide: world.platform,
      journeyOf: (call) => this.#journeyOf(call),
      observer: {
        sent: (_, registrationId) => this.#recovered(registrationId),
        answered: ({ token }, { result: outcome }) => {
          if (outcome === 'unknown') this.#doubt(token);
          if (outcome === 'sent') this.#isEnough();
        },
      },
    });
  }

  async run(crashes: number): Promise<void> {
    const { time, platform } = this.#world;
    platform.letRead(this.#readable);
    await this.#startWorker();
    if (this.#random.chance(0.5)) await this.#startWorker();
    for (const end = this.#result.crashes + crashes; this.#result.crashes < end; ) {
      await this.#load.topUp(stock);
      await this.#crash();
      if (this.#result.violations.length > 0) break;
    }
    this.#armed = null;
    this.#faultShare = 0;
    await this.#drain();
    const closing = Promise.all([...this.#workers].map(({ notifier }) => notifier.close()));
    await time.complete(closing);
    await this.#check();
    platform.clear();
    this.#world.lines.length = 0;
  }

  async #startWorker(): Promise<void> {
    const worker = await this.#world.startWorker(this.#wire, (life, point) => this.#reached(life, point));
    this.#workers.add(worker);
  }

  /** Told of every point that a worker passes; at the armed one it dies, or stands still for a while. */
  #reached(life: Life, point: CrashPoint): void {
    const armed = this.#armed;
    if (armed === null || (armed.point !== null && armed.point !== point)) return;
    armed.left -= 1;
    if (armed.left > 0) return;
    this.#armed = null;
    this.#hit = [...this.#workers].find((worker) => worker.life === life) ?? null;
    this.#hitAt = point;
    if (armed.freezeMs > 0) life.freeze(this.#world.time.wait(armed.freezeMs));
    else life.end();
  }

  /** The point that was chosen may not come before too little is left. */
  #isEnough(): void {
    this.#sent += 1;
    if (this.#armed !== null && this.#sent >= mostSent) this.#atAnyPoint();
  }

  async #crash(): Promise<void> {
    const { time } = this.#world;
    const random = this.#random;
    this.#hit = null;
    this.#sent = 0;
    if (random.chance(0.2)) await time.run(() => this.#sent > mostSent / 2, random.between(0, 6_000));
    const point = random.pick(crashPoints);
    // One that stands still comes back, and must not make worse what others did meanwhile.
    const stands = random.chance(standstillShare) && this.#workers.size < mostWorkers;
    const freezeMs = stands ? random.between(1_000, 20_000) : 0;
    this.#armed = { point, left: random.between(1, mostPasses[point] ?? 3), freezeMs };
    if (!(await time.run(() => this.#hit !== null, patienceMs))) this.#atAnyPoint();
    if (!(await time.run(() => this.#hit !== null, patienceMs))) {
      return this.#found('stuck', `no worker does anything: ${await this.#world.describe()}`);
    }
    await this.#inspect();
    // Another worker goes on, sooner or later; the lease of the dead one may run out before.
    const delay = random.between(0, 3_000);
    if (stands && this.#workers.size > 1) return;
    time.after(delay, () => void time.track(this.#startWorker()));
    if (this.#workers.size === 0) await time.run(() => this.#workers.size > 0, delay + 1);
  }

  #atAnyPoint(): void {
    if (this.#armed !== null) this.#armed = { ...this.#armed, point: null, left: 1 };
  }

  /** Time stands still. */
  async #inspect(): Promise<void> {
    const { database, time } = this.#world;
    const hit = this.#hit;
    if (hit === null || this.#hitAt === null) return;
    const lost = await database.maintenance.query<{ delivery_id: string; lane_id: string }>(
      `select r.delivery_id, r.lane_id from delivery_ready r join lanes l on l.tenant_id = r.tenant_id and l.lane_id = r.lane_id
        where l.owner = $1 and r.phase = 'sending'`,
      [hit.notifier.owner],
    );
    for (const { delivery_id } of lost) this.#doubt(delivery_id);
    const result = this.#result;
    if (!hit.life.isOver) {
      result.standstills += 1;
      this.#waiting.clear();
      return;
    }
    this.#workers.delete(hit);
    const isSlowed = [...this.#workers].some(({ life }) => life.isFrozen);
    if (!isSlowed) for (const { lane_id } of lost) this.#waiting.set(lane_id, time.now());
    result.inFlight.total += lost.length;
    result.inFlight.most = Math.max(result.inFlight.most, lost.length);
    const unfinished = await this.#world.unfinished();
    if (unfinished < leastUnfinished) return;
    result.leastUnfinished = Math.min(result.leastUnfinished, unfinished);
    result.crashes += 1;
    result.byPoint[this.#hitAt] += 1;
    this.#onCrash();
  }

  #recovered(registrationId: string): void {
    const since = this.#waiting.get(registrationId);
    if (since === undefined) return;
    this.#waiting.delete(registrationId);
    const took = this.#world.time.now() - since;
    this.#result.slowestRecoveryMs = Math.max(this.#result.slowestRecoveryMs, took);
  }

  #doubt(deliveryId: string): void {
    this.#doubts.set(deliveryId, (this.#doubts.get(deliveryId) ?? 0) + 1);
  }

  #journeyOf(call: WireCall): Journey {
    const random = this.#wireRandom[call];
    const fault = random.chance(this.#faultShare) ? random.pick(wireFaults) : null;
    // Only a post can be given up and done all the same.
    const isSilent = fault === 'stalled' || fault === 'slow' || fault === 'late';
    const met = isSilent && call !== 'deliver' ? 'drop_before' : fault;
    if (met !== null) this.#result.faults[met] += 1;
    return {
      fault: met,
      outMs: latencyMs(random),
      backMs: latencyMs(random),
      lateMs: random.between(0, 900),
    };
  }

  async #drain(): Promise<void> {
    const { time } = this.#world;
    const end = time.now() + drainMs;
    while ((await this.#world.unfinished()) > 0 || this.#wire.onTheWay > 0) {
      if (time.now() > end)
        return this.#found('stuck', `deliveries never end: ${await this.#world.describe()}`);
      await time.run(() => false, 2_000);
    }
  }

  async #check(): Promise<void> {
    const { database, platform, lines } = this.#world;
    const facts = { expected: this.#load.expected, doubts: this.#doubts, readable: this.#readable };
    const { counts, violations } = await checkDeliveries(database, platform, facts, this.#since);
    const result = this.#result;
    for (const name of ['deliveries', 'delivered', 'unknown', 'surplus'] as const)
      result[name] += counts[name];
    for (const { what, detail } of violations) this.#found(what, detail);
    const { lookUp, withdraw, ...calls } = this.#wire.violations;
    result.forgottenThrottled += lookUp + withdraw;
    for (const [call, count] of Object.entries(calls)) {
      if (count > 0) this.#found('limit exceeded', `${count} calls (${call}) beyond the published limits`);
    }
    for (const { level, message, fields } of lines) {
      if (level === 'error') this.#found('error line', `${message} ${String(fields.err)}`);
    }
  }

  #found(what: NotifierViolation['what'], detail: string): void {
    const { rounds, platform, violations } = this.#result;
    violations.push({ what, detail: `${platform}, round ${rounds} (reads ${this.#readable}): ${detail}` });
  }
}

/** Of one way: most are quick, some are slow; in steps, so that answers come together and share a commit. */
function latencyMs(random: Random): number {
  return 20 + 20 * Math.floor(6 * random.next() ** 4);
}
