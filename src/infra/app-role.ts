/** The role that the application logs in as: it owns nothing, and the grants are what makes the audit append-only. */
import pg from 'pg';
import type { SecretBox } from './secret-box.ts';

/** The role cannot be made or used; the message says what to do. */
export class AppRoleError extends Error {}

/** What the role may do where it is less than everything. No UPDATE also means no row locks. */
const narrowGrants: Record<string, string> = {
  audit_events: 'SELECT, INSERT',
  audit_heads: 'SELECT, INSERT, UPDATE',
  audit_keys: 'SELECT, INSERT',
  delivery_attempts: 'SELECT, INSERT',
  registration_events: 'SELECT, INSERT',
  secret_box_keys: 'SELECT',
};

/**
 * Creates or refreshes the application's role of this database and its grants; safe to repeat and to race.
 * @returns the connection string of the role
 * @throws AppRoleError when the owner may not create roles; the message holds the SQL to run
 */
export async function ensureAppRole(ownerUrl: string, secrets: SecretBox): Promise<string> {
  const owner = new pg.Client({ connectionString: ownerUrl, application_name: 'deskbridge migrate' });
  owner.on('error', () => undefined); // the next query reports it
  await owner.connect();
  try {
    const [database] = (await owner.query<{ name: string }>('select current_database() as name')).rows;
    const name = database?.name ?? '';
    const role = `deskbridge_app_${name}`.slice(0, 63);
    const password = secrets.derive(`application role of ${name}`);
    await createRole(owner, role, password);
    await grant(owner, role);
    const url = new URL(ownerUrl);
    url.username = encodeURIComponent(role);
    url.password = password;
    return url.toString();
  } finally {
    await owner.end();
  }
}

async function createRole(owner: pg.Client, role: string, password: string): Promise<void> {
  const quoted = pg.escapeIdentifier(role);
  // No NOSUPERUSER and the like: they are the defaults, and to name them takes a superuser.
  const login = `LOGIN PASSWORD ${pg.escapeLiteral(password)}`;
  try {
    const { rowCount } = await owner.query('select 1 from pg_roles where rolname = $1', [role]);
    if (rowCount === 0) await ignoring(['42710', '23505'], owner.query(`CREATE ROLE ${quoted} ${login}`));
    // Two processes that start at once may alter the role at the same time; both set the same password.
    await ignoring(['XX000'], owner.query(`ALTER ROLE ${quoted} ${login}`));
    const { rowCount: citus } = await owner.query("select 1 from pg_extension where extname = 'citus'");
    if (citus) await owner.query(`ALTER ROLE ${quoted} SET citus.propagate_set_commands = 'local'`);
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    const { rows } = await owner.query<{ name: string }>('select current_user as name');
    throw new AppRoleError(
      `The role of DATABASE_URL may not create the role that the application logs in as (${role}). ` +
        `As a superuser, run once:\n  ALTER ROLE ${pg.escapeIdentifier(rows[0]?.name ?? '')} CREATEROLE;\nthen start again.`,
    );
  }
}

async function grant(owner: pg.Client, role: string): Promise<void> {
  const quoted = pg.escapeIdentifier(role);
  const { rows } = await owner.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and c.relname not like 'schema\\_migrations%'`,
  );
  const grants = rows.map(({ name: table }) => {
    const rights = narrowGrants[table] ?? 'SELECT, INSERT, UPDATE, DELETE';
    return `REVOKE ALL ON ${table} FROM ${quoted}; GRANT ${rights} ON ${table} TO ${quoted};`;
  });
  // One transaction: another process never sees the role without its rights.
  await ignoring(
    ['XX000'],
    owner.query(
      `BEGIN; SELECT pg_advisory_xact_lock(7306002); GRANT USAGE ON SCHEMA public TO ${quoted}; ${grants.join(' ')} COMMIT`,
    ),
  );
}

async function ignoring(codes: string[], query: Promise<unknown>): Promise<void> {
  try {
    await query;
  } catch (error) {
    if (!codes.includes((error as { code?: string }).code ?? '')) throw error;
  }
}
