/** The life of a simulated worker: once it is dead, nothing that it does has an effect, and nothing comes back to it. */
import {
  type AnnouncedWork,
  Database,
  type Sql,
  type Statement,
  type Transaction,
} from '../../src/infra/database.ts';
import { type Failpoint, failpoints } from '../../src/notify/lane.ts';
import type { NotifierTime } from '../../src/notify/time.ts';
import { silentLog } from '../support/log.ts';
import type { SimulatedTime } from './notifier-time.ts';

/**
 * Where a worker may die. Besides the notifier's own failpoints: a request of its left and has not arrived; the platform
 * did what it asked and has not answered; a transaction of its is about to be committed, or was and it does not know.
 */
export const crashPoints = [
  ...failpoints,
  'request_sent',
  'request_done',
  'before_commit',
  'after_commit',
] as const;
export type CrashPoint = Failpoint | 'request_sent' | 'request_done' | 'before_commit' | 'after_commit';

/** Why a transaction of a dead worker is rolled back. */
class Dead extends Error {}

export class Life {
  readonly #reached: (life: Life, point: CrashPoint) => void;
  readonly #endings = new Set<() => void>();
  #isOver = false;
  #frozen: Promise<void> | null = null;

  /** @param reached told of each point; it may end the life there, or freeze it */
  constructor(reached: (life: Life, point: CrashPoint) => void) {
    this.#reached = reached;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isFrozen(): boolean {
    return this.#frozen !== null;
  }

  end(): void {
    this.#isOver = true;
    for (const ending of this.#endings) ending();
    this.#endings.clear();
  }

  /** The worker stands still until then, as a process that is stopped. */
  freeze(until: Promise<void>): void {
    const frozen = until.then(() => {
      this.#frozen = null;
    });
    this.#frozen = frozen;
  }

  /** Goes on once the worker does not stand still, or never when it is dead. */
  async awake(): Promise<void> {
    while (this.#frozen !== null) await this.#frozen;
    if (this.#isOver) await never();
  }

  /** Passes a point, unless the worker dies there. */
  async pass(point: CrashPoint): Promise<void> {
    if (this.#isOver) return await never();
    this.#reached(this, point);
    await this.awake();
  }

  /** Tells of a point where nothing can be held up. @returns whether the worker still lives */
  survives(point: CrashPoint): boolean {
    if (!this.#isOver) this.#reached(this, point);
    return !this.#isOver;
  }

  /** Begins the work only as long as the worker lives, and brings the result only to one that still does. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isOver || this.#frozen !== null) await this.awake();
    try {
      return await work();
    } finally {
      if (this.#isOver || this.#frozen !== null) await this.awake();
    }
  }

  /** The same inside of a transaction, which a worker that stands still has not open: it goes on to its end. */
  async unlessDead<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isOver) return await never();
    try {
      return await work();
    } finally {
      if (this.#isOver) await never();
    }
  }

  /** What the work brings. @throws Dead when the worker died before, or dies meanwhile */
  async whileAlive<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isOver) throw new Dead();
    const { promise, reject } = Promise.withResolvers<never>();
    const ending = () => reject(new Dead());
    this.#endings.add(ending);
    try {
      return await Promise.race([work(), promise]);
    } finally {
      this.#endings.delete(ending);
    }
  }
}

/** The notifier's time as a worker has it. */
export function timeOf(time: SimulatedTime, life: Life): NotifierTime {
  return {
    now: () => time.now(),
    monotonic: () => time.now(),
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const go = () => {
          cancel();
          void life.awake().then(resolve);
        };
        const cancel = time.after(ms, go);
        if (signal?.aborted === true) go();
        else signal?.addEventListener('abort', go, { once: true });
      }),
  };
}

/** The database as a worker has it: its open transactions are rolled back when it dies. */
export class WorkerDatabase extends Database {
  override readonly directory: Sql;
  override readonly maintenance: Sql;
  readonly #shared: Database;
  readonly #time: SimulatedTime;
  readonly #life: Life;

  constructor(shared: Database, time: SimulatedTime, life: Life) {
    // Its own pools stay empty: connections are shared, since a new one costs more than a crash may.
    super({ appUrl: 'postgres://unused', ownerUrl: 'postgres://unused', log: silentLog });
    this.#shared = shared;
    this.#time = time;
    this.#life = life;
    this.directory = this.#guarded(shared.directory);
    this.maintenance = this.#guarded(shared.maintenance);
  }

  override inTenant<T>(
    tenantId: string,
    work: (tx: Transaction) => Promise<T>,
    options?: { durable?: boolean; attempts?: number },
  ): Promise<T> {
    const life = this.#life;
    return life.guard(() => {
      const committed = this.#shared.inTenant(
        tenantId,
        async (tx) => {
          const result = await life.whileAlive(() => work(whileAlive(tx, life)));
          if (!life.survives('before_commit')) throw new Dead();
          return result;
        },
        options,
      );
      const told = committed.then((result) => {
        life.survives('after_commit');
        return result;
      });
      return this.#time.track(told);
    });
  }

  override onAnnounced(listener: (work: AnnouncedWork) => void): () => void {
    return this.#shared.onAnnounced((work) => {
      if (!this.#life.isOver) listener(work);
    });
  }

  #guarded(sql: Sql): Sql {
    return {
      query: (text, values) => this.#life.guard(() => this.#time.track(sql.query(text, values))),
      execute: (text, values) => this.#life.guard(() => this.#time.track(sql.execute(text, values))),
    };
  }
}

/** After the death no statement is sent any more: the connection serves others by then. */
function whileAlive(tx: Transaction, life: Life): Transaction {
  const { tenantId } = tx;
  return {
    tenantId,
    query: <Row>(sql: string | Statement, values?: readonly unknown[]) =>
      life.unlessDead(() => tx.query<Row>(sql, values)),
    execute: (sql, values) => life.unlessDead(() => tx.execute(sql, values)),
    enqueue: (sql, values) => {
      if (!life.isOver) tx.enqueue(sql, values);
    },
    savepoint: (work) => life.unlessDead(() => tx.savepoint(work)),
    announce: (work) => {
      if (!life.isOver) tx.announce(work);
    },
  };
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
