/** Monthly partitions: made ahead of time, so that no write ever finds its month missing, and dropped whole. */
import pg from 'pg';
import { codeOf, type Sql } from './database.ts';

/** Tables that are partitioned by month; retention drops whole partitions. */
export const partitionedTables = ['deliveries', 'delivery_attempts'] as const;
export type PartitionedTable = (typeof partitionedTables)[number];

/** Room on each page for the outcome of the rows in it, whose update then touches no index. */
const storage: Record<PartitionedTable, string> = {
  deliveries: 'with (fillfactor = 50)',
  delivery_attempts: '',
};

/** How many months ahead of the current one always exist. */
export const monthsAhead = 3;

/** The key of the advisory transaction lock under which partitions are made and dropped. */
const lockKey = 7_306_003;
/** Making and dropping lock the parent: whoever writes meanwhile waits behind us, hence a short wait of ours. */
const lockTimeoutMs = 500;
const tries = 4;
const pauseMs = 250;
/** For the look into a partition that is about to go, which reads all of it once. */
const statementTimeoutMs = 300_000;

/** A connection of the database's owner that is one session. */
export type OwnerSession = Pick<pg.Client, 'query'>;

/** Whatever can read the catalogue; any role may. */
export type Rows = Pick<Sql, 'query'>;

/** A session as the rest of the program reads from one. */
export function rowsOf(owner: OwnerSession): Rows {
  return {
    async query<Row>(sql: string | { text: string }, values?: readonly unknown[]): Promise<Row[]> {
      const text = typeof sql === 'string' ? sql : sql.text;
      return (await owner.query(text, values === undefined ? [] : [...values])).rows as Row[];
    },
  };
}

/** One month of one table. */
export interface Partition {
  table: PartitionedTable;
  name: string;
  /** First instant of the month, UTC. */
  month: Date;
}

/** Runs work on a session of the database's owner. @throws the driver's error; whatever the work throws */
export async function withOwnerSession<T>(
  ownerUrl: string,
  work: (owner: OwnerSession) => Promise<T>,
): Promise<T> {
  const owner = new pg.Client({
    connectionString: ownerUrl,
    application_name: 'deskbridge partitions',
    connectionTimeoutMillis: 5_000,
    statement_timeout: statementTimeoutMs,
  });
  owner.on('error', () => undefined); // the query in progress reports it
  await owner.connect();
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}

/** What is missing from the month before `now` to three months after it. */
export async function missingPartitions(sql: Rows, now: Date): Promise<Partition[]> {
  const existing = new Set((await listPartitions(sql)).map(({ name }) => name));
  const wanted = partitionedTables.flatMap((table) =>
    Array.from({ length: monthsAhead + 2 }, (_, index) => partitionOf(table, monthStart(now, index - 1))),
  );
  return wanted.filter(({ name }) => !existing.has(name));
}

/**
 * Makes what is missing from the month before `now` to three months after it; safe to repeat and to race. Partitions
 * are reached through their parent alone: the application's role has no right to them.
 * @returns the names of the partitions made
 * @throws the driver's error, 55P03 when the tables stay locked
 */
export async function ensurePartitions(owner: OwnerSession, now: Date): Promise<string[]> {
  const made: string[] = [];
  // Without a lock where nothing is missing, as it is nearly always.
  for (const partition of await missingPartitions(rowsOf(owner), now)) {
    const isNew = await underLock(owner, async () => {
      const { rows } = await owner.query('select 1 where to_regclass($1) is null', [partition.name]);
      if (rows.length === 0) return false;
      const { name, table, month } = partition;
      const [from, to] = [month.toISOString(), monthStart(month, 1).toISOString()];
      await owner.query(
        `create table ${name} partition of ${table} for values from ('${from}') to ('${to}') ${storage[table]}`,
      );
      return true;
    });
    if (isNew) made.push(partition.name);
  }
  return made;
}

/**
 * Drops one partition, under a lock that lets nobody wait long. On Citus the shards go with it.
 * @param mayGo asked inside the transaction, with nobody writing; has to be quick
 * @returns false when it may not go, or is gone already
 * @throws the driver's error, 55P03 when the table stays locked
 */
export async function dropPartition(
  owner: OwnerSession,
  partition: Partition,
  mayGo: (owner: OwnerSession) => Promise<boolean>,
): Promise<boolean> {
  return await underLock(owner, async () => {
    // The drop itself would lock the parent too, but only after the question.
    await owner.query(`lock table ${partition.table} in access exclusive mode`);
    const present = (await listPartitions(rowsOf(owner))).some(({ name }) => name === partition.name);
    if (!present || !(await mayGo(owner))) return false;
    await owner.query(`drop table ${partition.name}`);
    return true;
  });
}

/** Whole months after the current one that every table has without a gap; -1 when the current one is missing. */
export function countMonthsAhead(existing: readonly Partition[], now: Date): number {
  return Math.min(...partitionedTables.map((table) => aheadOf(table, existing, now)));
}

/** Those that lie wholly before the cut-off, by table, the oldest first. */
export function partitionsBefore(existing: readonly Partition[], cutoff: Date): Partition[] {
  return existing.filter(({ month }) => monthStart(month, 1) <= cutoff);
}

/** Every partition with a name of ours, by table and then by month. */
export async function listPartitions(sql: Rows): Promise<Partition[]> {
  const rows = await sql.query<{ parent: string; name: string }>(
    `select p.relname as parent, c.relname as name
       from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
      where i.inhparent = any (array[${partitionedTables.map((table) => `'${table}'::regclass`).join(', ')}])
      order by 1, 2`,
  );
  return rows.flatMap(({ parent, name }) => parsePartition(parent, name) ?? []);
}

/** `deliveries_2026_11` */
export function partitionName(table: string, month: Date): string {
  return `${table}_${month.toISOString().slice(0, 7).replace('-', '_')}`;
}

/** The first instant (UTC) of the month so many months after that of `now`. */
export function monthStart(now: Date, months: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
}

function partitionOf(table: PartitionedTable, month: Date): Partition {
  return { table, name: partitionName(table, month), month };
}

/** Null for what somebody attached under another name. */
function parsePartition(parent: string, name: string): Partition | null {
  const table = partitionedTables.find((each) => each === parent);
  const [, year, month] = /_(\d{4})_(\d{2})$/.exec(name) ?? [];
  if (table === undefined || year === undefined || month === undefined) return null;
  const partition = partitionOf(table, new Date(Date.UTC(Number(year), Number(month) - 1, 1)));
  return partition.name === name ? partition : null;
}

function aheadOf(table: PartitionedTable, existing: readonly Partition[], now: Date): number {
  const names = new Set(existing.map(({ name }) => name));
  let ahead = -1;
  while (names.has(partitionName(table, monthStart(now, ahead + 1)))) ahead += 1;
  return ahead;
}

/** Runs work in a transaction of its own, one process at a time; again after a lock that was not to be had. */
async function underLock<T>(owner: OwnerSession, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    await owner.query('begin');
    try {
      await owner.query(`set local lock_timeout = ${lockTimeoutMs}`);
      await owner.query('select pg_advisory_xact_lock($1)', [lockKey]);
      const result = await work();
      await owner.query('commit');
      return result;
    } catch (error) {
      await owner.query('rollback');
      const isLocked = ['55P03', '40P01'].includes(codeOf(error));
      if (!isLocked || attempt === tries) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs * attempt));
  }
}
