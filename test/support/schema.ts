/** The schema of a database as readable text, for comparison and for review. */
import pg from 'pg';

const columnsSql = `
  select c.table_name, c.column_name, c.data_type, c.udt_name, c.is_nullable
    from information_schema.columns c
    join pg_class r on r.relname = c.table_name and r.relkind in ('r', 'p') and not r.relispartition
   where c.table_schema = 'public' and c.table_name not like 'schema\\_migrations%'
   order by c.table_name, c.ordinal_position`;

const constraintsSql = `
  select r.relname as table_name, k.conname as name, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k join pg_class r on r.oid = k.conrelid join pg_namespace n on n.oid = r.relnamespace
   where n.nspname = 'public' and k.contype <> 'n' and not r.relispartition and r.relname not like 'schema\\_migrations%'
   order by 1, 2`;

const indexesSql = `
  select tablename as table_name, indexname as name, indexdef as definition from pg_indexes
   where schemaname = 'public' and tablename not like 'schema\\_migrations%'
     and not (select relispartition from pg_class where oid = (quote_ident(tablename))::regclass) order by 1, 2`;

const policiesSql = `
  select tablename as table_name, policyname as name, qual || ' / ' || with_check as definition from pg_policies
   where schemaname = 'public' order by 1, 2`;

interface Part {
  table_name: string;
  name: string;
  definition: string;
}

/** Runs work with one client of the database. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // the next query reports it
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** One block a table: columns, constraints, indexes, policies. */
export async function describeSchema(url: string): Promise<string> {
  return await withClient(url, async (client) => {
    const columns = (await client.query(columnsSql)).rows;
    const parts: Part[] = [];
    for (const sql of [constraintsSql, indexesSql, policiesSql])
      parts.push(...(await client.query<Part>(sql)).rows);
    const tables = [...new Set(columns.map((column) => String(column.table_name)))];
    return tables
      .map((table) => {
        const lines = columns
          .filter((column) => column.table_name === table)
          .map(({ column_name, data_type, udt_name, is_nullable }) => {
            const type = data_type === 'ARRAY' ? `${String(udt_name).slice(1)}[]` : data_type;
            return `  ${column_name} ${type}${is_nullable === 'NO' ? ' not null' : ''}`;
          });
        const rest = parts
          .filter((part) => part.table_name === table)
          .map((part) => `  ${part.name}: ${part.definition}`);
        return [`${table}`, ...lines, ...rest].join('\n');
      })
      .join('\n\n');
  });
}
