/** Puts the notifier of a process together: its clock, its hints from other processes, and what it sends by. */
import { listenForWork, RemoteAnnouncer } from '../infra/announcements.ts';
import type { Database } from '../infra/database.ts';
import type { BotPlatform, BotRuntime } from '../kernel/platform.ts';
import type { Log } from '../kernel/ports.ts';
import type { RegistrationDirectory } from '../registrations/app-directory.ts';
import { InFlight } from './in-flight.ts';
import type { Failpoint, LaneObserver } from './lane.ts';
import { MessageComposer } from './message-composer.ts';
import { Notifier } from './notifier.ts';
import { SharedLimits } from './shared-limits.ts';
import type { DatabaseTime, NotifierTime } from './time.ts';

export interface NotifierOptions {
  database: Database;
  /** Connection string of the application's role, to hear hints by; null: no other process gives any. */
  listenUrl: string | null;
  log: Log;
  registrations: Pick<RegistrationDirectory, 'find'>;
  platforms: ReadonlyMap<string, BotPlatform>;
  runtime: (platform: string) => Promise<BotRuntime>;
  publicUrl: string;
  nonce: (tenantId: string, deliveryId: string, label: string, madeAt: Date) => string;
  observe: LaneObserver;
  /** By the database's clock. */
  time: NotifierTime;
  random?: () => number;
  failpoint?: (point: Failpoint) => Promise<void> | void;
}

export interface RunningNotifier {
  notifier: Notifier;
  close(): Promise<void>;
}

const alignEveryMs = 30_000;

export function startNotifier(options: NotifierOptions): RunningNotifier {
  const { database, log, listenUrl, time } = options;
  const clock = { now: () => new Date(time.now()) };
  const { publicUrl, nonce } = options;
  const announcer = new RemoteAnnouncer(database.directory, log);
  const notifier = new Notifier({
    ...options,
    random: options.random ?? Math.random,
    inFlight: new InFlight(),
    shared: new SharedLimits(database.directory),
    composer: new MessageComposer({ database, clock, publicUrl, nonce }),
    announceElsewhere: (work) => announcer.announce(work),
  });
  const stopListening =
    listenUrl === null ? null : listenForWork(listenUrl, log, (work) => notifier.hint(work, 'elsewhere'));
  notifier.start();
  return {
    notifier,
    async close() {
      await stopListening?.();
      await notifier.close();
    },
  };
}

/** Hints to other processes, for one that has no notifier of its own. @returns what ends it */
export function announceElsewhere(database: Database, log: Log): () => void {
  const announcer = new RemoteAnnouncer(database.directory, log);
  return database.onAnnounced((work) => announcer.announce(work));
}

/**
 * Keeps a process by the database's clock, whatever its own says.
 * @returns the timer that does
 * @throws DeskbridgeError unavailable
 */
export async function keepAligned(time: DatabaseTime, database: Database, log: Log): Promise<NodeJS.Timeout> {
  await time.align(database.directory);
  return setInterval(() => {
    time.align(database.directory).catch((error: unknown) => {
      log.debug({ err: error }, "the database's clock was not read");
    });
  }, alignEveryMs).unref();
}
