/** Trials of one server on one database: load, kill, start again, many times over; then drain and check. */
import { setTimeout as sleep } from 'node:timers/promises';
import { findPort, KillableServer } from '../support/kill-server.ts';
import { createKillWorld, type KillWorld } from '../support/kill-world.ts';
import { withoutNotifier } from '../support/without-notifier.ts';
import { type CheckCounts, checkWorld } from './check.ts';
import { type Command, isAcknowledged, isMutation, Ledger } from './ledger.ts';
import { startLoad } from './people.ts';
import { noPhases, PhaseCounter, type PhaseCounts, phases } from './phases.ts';
import { startPlatformFaults } from './platform-faults.ts';
import { Random } from './random.ts';
import { type Kill, killSchedule } from './schedule.ts';
import { Sightings } from './sightings.ts';
import type { Violation } from './violation.ts';

export interface TrialOptions {
  /** Platform id, e.g. `teams`. */
  platform: string;
  /** A database of its own, empty or migrated. */
  ownerUrl: string;
  /** For the server's files. */
  folder: string;
  /** Tells workers apart, in ids and in markers. */
  worker: number;
  seed: number;
  trials: number;
  /** The latest moment of a kill after the server answers. */
  longestLoadMs?: number;
  onTrial?: () => void;
}

export interface TrialResult extends CheckCounts {
  trials: number;
  kills: Record<string, number>;
  caught: PhaseCounts;
  /** Kills that caught at least one command in the phase. */
  killsByPhase: PhaseCounts;
  commands: number;
  acknowledged: number;
  commandsByKind: Record<string, number>;
  /** Tries that the server's death left without an answer. */
  unanswered: number;
  /** Messages that were taken at a later try than their first. */
  takenLater: number;
  /** Messages that were sent again after they had been taken. */
  takenAgain: number;
  repeatedPresses: number;
  /** Mutations by a request of which no answer came. */
  unansweredRequests: number;
  /** Requests that were answered with the word that nothing was done. */
  notDone: number;
  faults: { definite: number; ambiguous: number };
  startMs: number[];
  drain: Drain;
  seconds: number;
  /** Messages of ERROR lines in the server's log, with their number. */
  errors: Record<string, number>;
  violations: Violation[];
}

export interface Drain {
  ms: number;
  /** The receipt that was open longest; empty when none was. */
  last: string;
}

const drainLimitMs = 90_000;
const firstWorkLimitMs = 20_000;

export async function runKillTrials(options: TrialOptions): Promise<TrialResult> {
  const { ownerUrl, platform, worker, seed } = options;
  const size = { tenants: 3, peoplePerTenant: 4, ticketsPerTenant: 8 };
  const world = await createKillWorld({ ownerUrl, platform, name: `kill-${worker}`, ...size });
  const { secretKey } = world;
  const at = { databaseUrl: ownerUrl, port: await findPort(), folder: options.folder };
  const server = new KillableServer({
    ...at,
    secretKey,
    platform: { ...world.platform.environment, ...withoutNotifier },
  });
  world.connect(server.url);
  try {
    return await new Trials(options, world, server, new Ledger(`m${worker}n`), mixed(seed, worker)).run();
  } finally {
    await server.kill();
    await world.close();
  }
}

/** A seed for each worker. */
function mixed(seed: number, worker: number): number {
  return seed * 100 + worker;
}

class Trials {
  readonly #options: TrialOptions;
  readonly #world: KillWorld;
  readonly #server: KillableServer;
  readonly #ledger: Ledger;
  readonly #sightings: Sightings;
  readonly #seed: number;
  readonly #phases: PhaseCounter;
  readonly #caught = noPhases();
  readonly #killsByPhase = noPhases();
  readonly #startMs: number[] = [];
  readonly #violations: Violation[] = [];

  constructor(options: TrialOptions, world: KillWorld, server: KillableServer, ledger: Ledger, seed: number) {
    this.#options = options;
    this.#world = world;
    this.#server = server;
    this.#ledger = ledger;
    this.#seed = seed;
    this.#sightings = new Sightings(world, ledger);
    this.#phases = new PhaseCounter(world.database.maintenance, ledger, this.#sightings);
  }

  async run(): Promise<TrialResult> {
    const began = performance.now();
    // An orderly end first: Node then writes its compile cache, and the start after a clean stop is tried too.
    await this.#server.start();
    await this.#world.introduce();
    await this.#stopInOrder();
    const load = startLoad(this.#world, this.#ledger, this.#sightings, this.#seed);
    const faults = startPlatformFaults(this.#world, new Random(this.#seed, 'faults'));
    const schedule = killSchedule(this.#seed, this.#options.trials, this.#options.longestLoadMs ?? 800);
    for (const kill of schedule) {
      await this.#trial(kill);
      this.#options.onTrial?.();
    }
    await this.#started();
    await faults.stop();
    await load.stop();
    const drain = await this.#drain();
    await this.#stopInOrder();
    const { violations, counts } = await checkWorld(this.#world, this.#ledger, this.#sightings);
    const seconds = (performance.now() - began) / 1_000;
    return {
      ...this.#figures(schedule),
      ...counts,
      faults: faults.counts,
      drain,
      seconds,
      violations: [...this.#violations, ...violations],
    };
  }

  async #trial(kill: Kill): Promise<void> {
    if (kill.moment === 'start') {
      const starting = this.#server.start();
      await Promise.race([sleep(kill.afterMs), starting]);
    } else {
      await this.#started();
      if (kill.moment === 'work') await this.#working();
      await sleep(kill.afterMs);
    }
    const sending = kill.moment === 'start' ? [] : this.#ledger.sending();
    this.#noteEnds();
    await this.#server.kill();
    // The kill ended them all, if the answer did not.
    const inFlight = (await Promise.all(sending)).filter(({ statuses }) => statuses.at(-1) === 0);
    const caught = await this.#phases.count(new Set(inFlight.map(({ eventKey }) => eventKey)));
    for (const phase of phases) {
      this.#caught[phase] += caught[phase];
      if (caught[phase] > 0) this.#killsByPhase[phase] += 1;
    }
  }

  async #started(): Promise<void> {
    const ms = await this.#server.start();
    if (ms !== null) this.#startMs.push(ms);
  }

  /** Waits for the first acknowledgement since the start. */
  async #working(): Promise<void> {
    const before = this.#ledger.acknowledgements;
    const deadline = Date.now() + firstWorkLimitMs;
    while (this.#ledger.acknowledgements === before && Date.now() < deadline) await sleep(5);
    if (this.#ledger.acknowledgements === before) this.#fail('server idle', `for ${firstWorkLimitMs} ms`);
  }

  /** A server that ended by itself is a finding, whatever it did not lose. */
  #noteEnds(): void {
    for (const end of this.#server.unexpectedEnds.splice(0))
      this.#fail('server ended', `by itself, with ${end}`);
  }

  async #stopInOrder(): Promise<void> {
    this.#noteEnds();
    const code = await this.#server.stop();
    if (code !== 0) this.#fail('server ended', `SIGTERM ended it with ${code}`);
  }

  /** Waits until no reply is left to be sent. */
  async #drain(): Promise<Drain> {
    const began = performance.now();
    for (let last = ''; ; await sleep(100)) {
      const open = await this.#world.database.maintenance.query<object>(
        "select attempts, ambiguous, error_code from receipts where status = 'handled'",
      );
      const ms = performance.now() - began;
      if (open.length === 0) return { ms, last };
      last = JSON.stringify(open[0]);
      if (ms > drainLimitMs) {
        this.#fail('replies not drained', `${open.length} replies are unsent after ${drainLimitMs} ms`);
        return { ms, last };
      }
    }
  }

  #fail(invariant: Violation['invariant'], detail: string): void {
    this.#violations.push({ invariant, tenant: `worker ${this.#options.worker}`, marker: null, detail });
  }

  #figures(schedule: Kill[]) {
    const { commands, repeatedPresses, notDone } = this.#ledger;
    const requests = commands.filter((command) => isMutation(command) && command.sentAs === 'request');
    const errors: Record<string, number> = {};
    for (const line of this.#server.errorLines()) {
      errors[String(line.msg)] = (errors[String(line.msg)] ?? 0) + 1;
    }
    return {
      trials: schedule.length,
      kills: countBy(schedule.map(({ moment }) => moment)),
      caught: this.#caught,
      killsByPhase: this.#killsByPhase,
      commands: commands.length,
      acknowledged: commands.filter(isAcknowledged).length,
      commandsByKind: countBy(commands.map(({ kind }) => kind)),
      ...deliveryFigures(commands),
      repeatedPresses,
      unansweredRequests: requests.filter((command) => !isAcknowledged(command)).length,
      notDone,
      startMs: this.#startMs,
      errors,
    };
  }
}

function deliveryFigures(commands: readonly Command[]) {
  const tries = (of: readonly Command[]) =>
    of.flatMap(({ deliveries }) => deliveries.map(({ statuses }) => statuses));
  const messages = tries(commands.filter(({ sentAs }) => sentAs === 'message'));
  return {
    unanswered: tries(commands)
      .flat()
      .filter((status) => status === 0).length,
    takenLater: messages.filter((statuses) => statuses[0] !== 200 && statuses.includes(200)).length,
    takenAgain: messages.filter((statuses) => statuses.filter((status) => status === 200).length > 1).length,
  };
}

function countBy(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
