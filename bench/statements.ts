/** Which statements a run executed, how often per command, and what each cost: from pg_stat_statements. */
import { Client } from 'pg';

/** Settings that make a server count its statements; counting costs a few percent, so only profiles use them. */
export const countingSettings = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track_planning': 'on',
  'pg_stat_statements.track': 'all',
  track_io_timing: 'on',
};

/** Makes the counters readable and sets them to zero. */
export async function beginCounting(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('create extension if not exists pg_stat_statements');
    await client.query('select pg_stat_statements_reset(), pg_stat_reset()');
  });
}

/** One line a statement, the dearest first. @param commands by which the counts are divided */
export async function describeStatements(url: string, commands: number): Promise<string[]> {
  return await withClient(url, async (client) => {
    const { rows } = await client.query<{
      calls: string;
      plans: string;
      plan: number;
      run: number;
      wal: string;
      toplevel: boolean;
      query: string;
    }>(
      `select calls, plans, total_plan_time as plan, total_exec_time as run, wal_bytes as wal, toplevel,
              regexp_replace(query, '\\s+', ' ', 'g') as query
         from pg_stat_statements order by total_plan_time + total_exec_time desc limit 40`,
    );
    const scans = await client.query<{ relname: string; seq_scan: number; seq_tup_read: number }>(
      `select relname, seq_scan, seq_tup_read from pg_stat_user_tables
        where seq_tup_read > 0 order by seq_tup_read desc limit 6`,
    );
    const whole = scans.rows.map(
      ({ relname, seq_scan, seq_tup_read }) =>
        `${(seq_scan / commands).toFixed(2)}×  whole of ${relname}: ${(seq_tup_read / commands).toFixed(1)} rows`,
    );
    const statements = rows.map(({ calls, plans, plan, run, wal, toplevel, query }) =>
      [
        `${(Number(calls) / commands).toFixed(2)}×`,
        `${(Number(plans) / commands).toFixed(2)} plans`,
        `plan ${((plan / commands) * 1000).toFixed(0)} µs`,
        `run ${((run / commands) * 1000).toFixed(0)} µs`,
        `wal ${(Number(wal) / commands).toFixed(0)} B`,
        `${toplevel ? '' : '(inner) '}${query.slice(0, 110)}`,
      ].join('  '),
    );
    return [...statements, ...whole];
  });
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
