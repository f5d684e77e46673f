/** The database goes away under a notifier at work: its connections are killed, it is restarted, it is out of reach. */
import { setTimeout as sleep } from 'node:timers/promises';
import { withAdmin } from '../support/databases.ts';
import { type RestartablePostgres, startRestartablePostgres } from '../support/restartable-postgres.ts';
import type { DeliveryCounts } from './notifier-kill-check.ts';
import { NotifierScene } from './notifier-kill-scene.ts';
import { Random } from './random.ts';
import type { Violation } from './violation.ts';

export interface DatabaseOptions {
  platform: string;
  /** Removed with the run; the cluster lies there. */
  folder: string;
  seed: number;
  /** How often each of them happens. */
  rounds: number;
  /** How long the database is out of reach. */
  outOfReachMs: number;
}

export type DatabaseFault = 'connections killed' | 'restarted' | 'out of reach';

/** One time that the database was away. */
export interface Absence {
  fault: DatabaseFault;
  /** Intents without an outcome when it began. */
  onTheWire: number;
  /** From the database's return to the next message that people saw. */
  backMs: number | null;
}

export interface DatabaseResult extends DeliveryCounts {
  absences: Absence[];
  errors: Record<string, number>;
  violations: Violation[];
}

/** The promise. */
export const resumeWithinMs = 5_000;
const resumeLimitMs = 30_000;

export async function runDatabaseFaults(options: DatabaseOptions): Promise<DatabaseResult> {
  const postgres = await startRestartablePostgres(options.folder);
  try {
    await withAdmin(postgres.adminUrl, (admin) => admin.query('create database notify'));
    const owner = new URL(postgres.adminUrl);
    owner.pathname = '/notify';
    const scene = await NotifierScene.open({
      ...options,
      worker: 0,
      ownerUrl: owner.href,
      serverDatabaseUrl: postgres.gate.url(owner.href),
      unfinished: 160,
      wireMs: { min: 100, max: 2_000 },
    });
    try {
      return await disturb(scene, postgres, options);
    } finally {
      await scene.close();
    }
  } finally {
    await postgres.close();
  }
}

async function disturb(
  scene: NotifierScene,
  postgres: RestartablePostgres,
  { seed, rounds, outOfReachMs }: DatabaseOptions,
): Promise<DatabaseResult> {
  const random = new Random(seed, 'database faults');
  const [server] = scene.servers;
  scene.accept([server]);
  await server.start();
  scene.load.start();
  await scene.nextSend(resumeLimitMs);
  const away: Record<DatabaseFault, () => Promise<void>> = {
    'connections killed': () => killConnections(postgres),
    restarted: () => postgres.restart(),
    'out of reach': async () => {
      await postgres.gate.shut();
      await sleep(outOfReachMs);
      await postgres.gate.open();
    },
  };
  const absences: Absence[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const fault of ['connections killed', 'restarted', 'out of reach'] as const) {
      await sleep(random.between(500, 2_500));
      const { onTheWire } = await scene.underWay();
      await away[fault]();
      const backMs = await scene.nextSend(resumeLimitMs);
      absences.push({ fault, onTheWire, backMs });
      if (backMs !== null && backMs > resumeWithinMs) {
        scene.fail('late restart', `${fault}: the next message came after ${Math.round(backMs)} ms`);
      }
    }
  }
  await scene.drain();
  const { counts, violations } = await scene.check();
  return { ...counts, absences, errors: scene.errors(), violations };
}

/** All of them but the one that does it. */
async function killConnections(postgres: RestartablePostgres): Promise<void> {
  await withAdmin(postgres.adminUrl, (admin) =>
    admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'notify' and pid <> pg_backend_pid()",
    ),
  );
}
