/** Connections and transactions: every statement of a tenant runs under that tenant's row-level security. */
import type { Writable } from 'node:stream';
import type pg from 'pg';
import { DeskbridgeError } from '../kernel/errors.ts';
import { isUuid } from '../kernel/ids.ts';
import type { Log } from '../kernel/ports.ts';
import { asUnavailable, codeOf, retryableCodes, unavailableCodes } from './database-errors.ts';
import { createPool } from './database-pool.ts';

export { codeOf } from './database-errors.ts';

/** A statement that is prepared once per connection; for the hot path. */
export interface Statement {
  name: string;
  text: string;
}

/** Declares a prepared statement. Names are unique in the program. */
export function statement(name: string, text: string): Statement {
  return { name, text };
}

export interface Sql {
  /** Runs one statement and returns its rows. */
  query<Row>(sql: string | Statement, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs one statement and returns the number of rows it touched. */
  execute(sql: string | Statement, values?: readonly unknown[]): Promise<number>;
}

/** A transaction of one tenant. */
export interface Transaction extends Sql {
  readonly tenantId: string;
  /**
   * Sends a write whose answer nothing waits for: it travels with the next statements, and its failure fails
   * the enclosing savepoint or the commit.
   */
  enqueue(sql: string | Statement, values?: readonly unknown[]): void;
  /** Runs work that can fail alone: its failure undoes its own statements and is thrown. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
  /** Tells whoever waits for such work of it, once this is committed. Only a hint: the work is found without it too. */
  announce(work: AnnouncedWork): void;
}

/** Work that a transaction left for others. */
export interface AnnouncedWork {
  kind: 'audience' | 'lane';
  tenantId: string;
  /** Of the notification, or of the lane. */
  id: string;
}

export interface DatabaseOptions {
  /** Connection string of the application's role, which owns nothing. */
  appUrl: string;
  /** Connection string of the owner, for the few named files that work across tenants. */
  ownerUrl: string;
  /** Connections of the application's pool. */
  poolSize?: number;
  log: Log;
}

export interface TransactionOptions {
  /** False: the commit may be lost in a crash of the database (never half of it). */
  durable?: boolean;
  /** 1: the work has an effect outside and never runs again. */
  attempts?: number;
  /** The statements' plans do not depend on their values: they are made once, not every time. */
  fixedPlans?: boolean;
  /** A process that stands still in it gives its locks up after so long instead of half a minute. */
  idleLimitMs?: number;
  /** The work sends all its statements before it first waits: the commit goes with them, in one round trip. */
  atOnce?: boolean;
}

/** The connection was lost while the transaction was committed: whether it was, nobody knows here. */
export class CommitUnknownError extends DeskbridgeError {
  constructor(cause: unknown) {
    super('unavailable', { cause });
  }
}

export class Database {
  readonly #pool: pg.Pool;
  readonly #ownerPool: pg.Pool;
  readonly #listeners = new Set<(work: AnnouncedWork) => void>();
  /** Tables without a tenant, read and written outside tenant transactions. */
  readonly directory: Sql;
  /** The owner's connection: across tenants, past row-level security; only for files that say why. */
  readonly maintenance: Sql;

  constructor(options: DatabaseOptions) {
    this.#pool = createPool(options.appUrl, options.poolSize ?? 16, options.log);
    this.#ownerPool = createPool(options.ownerUrl, 3, options.log);
    this.directory = poolSql(this.#pool);
    this.maintenance = poolSql(this.#ownerPool);
  }

  /**
   * Runs work in one transaction of the tenant and commits it. After a serialization failure or a deadlock the
   * work runs again, up to three times in all, so it must have no effect besides its statements.
   * @throws DeskbridgeError `unavailable` when the database cannot be reached; whatever the work throws.
   */
  async inTenant<T>(
    tenantId: string,
    work: (tx: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    if (!isUuid(tenantId)) throw new TypeError('a tenant id is a UUID');
    for (let attempt = 1; ; attempt += 1) {
      const committed = await this.#attempt(tenantId, work, options).catch((error: unknown) => {
        if (attempt < (options.attempts ?? 3) && retryableCodes.has(codeOf(error))) return null;
        throw asUnavailable(error);
      });
      if (committed === null) continue;
      for (const told of committed.announced) for (const listener of this.#listeners) listener(told);
      return committed.result;
    }
  }

  /** Calls back for work that transactions of this process announced and committed; returns what ends that. */
  onAnnounced(listener: (work: AnnouncedWork) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #attempt<T>(
    tenantId: string,
    work: (tx: Transaction) => Promise<T>,
    { durable = true, fixedPlans = false, idleLimitMs, atOnce = false }: TransactionOptions,
  ): Promise<{ result: T; announced: readonly AnnouncedWork[] }> {
    const client = await this.#pool.connect();
    const tx = new ClientTransaction(client, tenantId);
    try {
      // SET LOCAL as a literal statement: set_config() would not reach the workers of Citus.
      const lazily = durable ? '' : '; SET LOCAL synchronous_commit = off';
      const plans = fixedPlans ? '; SET LOCAL plan_cache_mode = force_generic_plan' : '';
      const idle =
        idleLimitMs === undefined ? '' : `; SET LOCAL idle_in_transaction_session_timeout = ${idleLimitMs}`;
      tx.enqueue(`BEGIN; SET LOCAL app.tenant = '${tenantId}'${lazily}${plans}${idle}`);
      const working = work(tx);
      const committing = atOnce ? tx.commit() : working.then(() => tx.commit());
      const [worked, committed] = await Promise.allSettled([working, committing]);
      if (worked.status === 'fulfilled' && committed.status === 'fulfilled') {
        client.release();
        return { result: worked.value, announced: tx.announced };
      }
      throw reasonOf(worked, committed);
    } catch (error) {
      const cause = await tx.causeOf(error);
      await tx.rollback().then(
        () => client.release(),
        (broken: Error) => client.release(broken),
      );
      throw cause;
    }
  }

  /** @throws DeskbridgeError `unavailable` */
  async ping(): Promise<void> {
    await this.directory.query('select 1');
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#ownerPool.end()]);
  }
}

class ClientTransaction implements Transaction {
  readonly tenantId: string;
  readonly #client: pg.PoolClient;
  readonly announced: AnnouncedWork[] = [];
  #pending: Promise<unknown>[] = [];
  #depth = 0;
  #isOver = false;

  constructor(client: pg.PoolClient, tenantId: string) {
    this.#client = client;
    this.tenantId = tenantId;
  }

  async query<Row>(sql: string | Statement, values?: readonly unknown[]): Promise<Row[]> {
    const result = await this.#send(sql, values);
    return result.rows as Row[];
  }

  async execute(sql: string | Statement, values?: readonly unknown[]): Promise<number> {
    const result = await this.#send(sql, values);
    return result.rowCount ?? 0;
  }

  enqueue(sql: string | Statement, values?: readonly unknown[]): void {
    const sent = this.#send(sql, values);
    sent.catch(() => undefined); // reported by whoever settles the pending writes
    this.#pending.push(sent);
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#pending;
    this.#pending = [];
    this.#depth += 1;
    const name = `s${this.#depth}`;
    try {
      this.enqueue(`SAVEPOINT ${name}`);
      const result = await work();
      this.enqueue(`RELEASE SAVEPOINT ${name}`);
      await this.#settle();
      return result;
    } catch (error) {
      const cause = await this.causeOf(error);
      this.#pending = [];
      await this.#client.query(`ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`);
      throw cause;
    } finally {
      this.#depth -= 1;
      this.#pending = before;
    }
  }

  announce(work: AnnouncedWork): void {
    const known = this.announced.some(({ kind, id }) => kind === work.kind && id === work.id);
    if (!known) this.announced.push(work);
  }

  /** @throws CommitUnknownError */
  async commit(): Promise<void> {
    const committed = this.#send('COMMIT', undefined);
    this.#isOver = true;
    committed.catch(() => undefined);
    try {
      await this.#settle();
      // A COMMIT after a failed statement is fulfilled, and rolls back.
      if ((await committed).command !== 'COMMIT')
        throw new Error('the transaction was rolled back at commit');
    } catch (error) {
      throw unavailableCodes.test(codeOf(error)) ? new CommitUnknownError(error) : error;
    }
  }

  async rollback(): Promise<void> {
    await Promise.allSettled(this.#pending);
    await this.#client.query('ROLLBACK');
  }

  #send(sql: string | Statement, values: readonly unknown[] | undefined): Promise<pg.QueryResult> {
    // Behind the commit a statement would be nobody's, or the next transaction's.
    if (this.#isOver) return Promise.reject(new Error('the transaction is over'));
    holdBack(this.#client);
    const query = typeof sql === 'string' ? { text: sql } : { name: sql.name, text: sql.text };
    return this.#client.query(values === undefined ? query : { ...query, values: [...values] });
  }

  async #settle(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    const results = await Promise.allSettled(pending);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** An enqueued write that failed first is the cause of every later "transaction is aborted". */
  async causeOf(error: unknown): Promise<unknown> {
    if (codeOf(error) !== aborted) return error;
    const results = await Promise.allSettled(this.#pending);
    return results.find((result) => result.status === 'rejected')?.reason ?? error;
  }
}

/** Why a transaction failed: what failed first, unless nobody knows whether it did. */
function reasonOf(worked: PromiseSettledResult<unknown>, committed: PromiseSettledResult<unknown>): unknown {
  const atCommit = committed.status === 'rejected' ? committed.reason : null;
  const known = worked.status === 'rejected' && codeOf(worked.reason) !== aborted ? worked.reason : null;
  return atCommit instanceof CommitUnknownError ? atCommit : (known ?? atCommit);
}

/** An earlier statement of the transaction failed. */
const aborted = '25P02';

const heldBack = new WeakSet<Writable>();

/**
 * Collects what is sent on a connection until the code that runs now waits for something: the driver would make a
 * system call of every statement, and those were a third of the server's time.
 */
function holdBack(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  if (heldBack.has(stream)) return;
  heldBack.add(stream);
  stream.cork();
  process.nextTick(() => {
    heldBack.delete(stream);
    stream.uncork();
  });
}

function poolSql(pool: pg.Pool): Sql {
  const send = async (sql: string | Statement, values?: readonly unknown[]) => {
    const query = typeof sql === 'string' ? { text: sql } : { name: sql.name, text: sql.text };
    try {
      return await pool.query(values === undefined ? query : { ...query, values: [...values] });
    } catch (error) {
      throw asUnavailable(error);
    }
  };
  return {
    query: async <Row>(sql: string | Statement, values?: readonly unknown[]) =>
      (await send(sql, values)).rows as Row[],
    execute: async (sql, values) => (await send(sql, values)).rowCount ?? 0,
  };
}
