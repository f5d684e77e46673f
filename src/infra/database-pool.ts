/** Pools of connections to the database: how values are read, how long anything may take, how plans are made. */
import pg from 'pg';
import type { Log } from '../kernel/ports.ts';
import { codeOf } from './database-errors.ts';

// Instants are Date, int8 is a number: counters and sequence numbers here stay far below 2^53.
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, (text: string) => Number(text));

/**
 * Every statement finds its rows by an index that the tenant leads. Where PostgreSQL knows too little (a queue that was empty
 * when it was last analysed, a tenant whose people were imported a moment ago), it would read whole tables, or compare every
 * id of a list with every row of the tenant.
 */
const plannerSettings = '-c enable_seqscan=off -c enable_material=off -c jit=off';

/** @param max connections at most */
export function createPool(connectionString: string, max: number, log: Log): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max,
    types,
    pipeline: true,
    keepAlive: true,
    // A new connection costs a process, a key derivation on both sides, and every plan anew.
    idleTimeoutMillis: 300_000,
    // Platforms wait 3 to 15 s for an answer: a database that is gone must be known well before.
    connectionTimeoutMillis: 2_500,
    query_timeout: 8_000,
    statement_timeout: 8_000,
    idle_in_transaction_session_timeout: 30_000,
    options: plannerSettings,
    application_name: 'deskbridge',
  });
  // Without a listener an idle connection that PostgreSQL closes (57P01) would end the process.
  pool.on('error', (error) => log.warn({ code: codeOf(error) }, 'an idle database connection was lost'));
  // The same for one that is in use: its queries report the loss.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
