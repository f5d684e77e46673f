/** The commands against a running server, as processes: what they print, and how they end. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../unit/cli/run.ts';
import { type Installation, type Ran, startInstallation } from './programs.ts';

let installation: Installation;

beforeAll(async () => {
  installation = await startInstallation();
});

afterAll(async () => {
  await installation.close();
});

/** What a command prints with --json, run as a process. */
async function json(args: string[], input?: string): Promise<Record<string, unknown>> {
  const options = input === undefined ? {} : { input };
  return parsed(await installation.cli([...args, '--json'], options));
}

/** The same inside the test, for what is not about the process. */
async function quickly(args: string[]): Promise<Record<string, unknown>> {
  return parsed(await installation.command([...args, '--json']));
}

function parsed({ code, stdout, stderr }: Ran): Record<string, unknown> {
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('a new customer', () => {
  it('is set up from the command line, and every step stands in the audit', async () => {
    const tenant = await json(['tenant', 'create', '--slug', 'acme', '--name', 'Acme GmbH']);
    expect(tenant).toMatchObject({ slug: 'acme', status: 'active' });
    const key = await json(['key', 'create', '-t', 'acme', '--name', 'ci', '--role', 'admin']);
    expect(key.key).toMatch(/^dbk_/);
    const user = await json(['user', 'create', '-t', 'acme', '--name', 'Zoë', '--email', 'zoe@acme.test']);

    const registration = await json(
      [
        ...['registration', 'add', '-t', 'acme', '--platform', 'teams', '--name', 'Acme bot'],
        ...['--app-id', '33333333-3333-4333-8333-333333333333'],
        ...['--organization', '44444444-4444-4444-8444-444444444444', '--credentials-file', '-'],
      ],
      '{"client_secret":"s3cret-value"}',
    );
    expect(registration).toMatchObject({ platform: 'teams', status: 'active' });
    const id = String(registration.registration_id);
    const listed = await installation.cli(['registration', 'list', '-t', 'acme']);
    expect(listed.stdout).toMatch(/^PLATFORM +NAME +APP/);
    expect(listed.stdout).toContain(id);

    await quickly(['settings', 'set', '-t', 'acme', 'group_chat=true']);
    expect(await quickly(['settings', 'show', '-t', 'acme'])).toMatchObject({ group_chat: true });
    const code = await json(['link', 'code', '-t', 'acme', '--user', 'zoe@acme.test']);
    expect(code.code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await json([
      ...['action', 'run', 'create_ticket', '-t', 'acme', '--as', String(user.user_id)],
      ...['--set', 'title=Printer is jammed'],
    ]);
    await quickly(['registration', 'retire', id, '-t', 'acme']);
    await quickly(['key', 'revoke', String(key.key_id), '-t', 'acme']);

    const audit = await json(['audit', 'list', '-t', 'acme', '--limit', '3']);
    const events = audit.items as { seq: number; action: string }[];
    expect(events.map(({ seq, action }) => `${seq} ${action}`)).toEqual([
      '9 key.revoke',
      '8 registration.retire',
      '7 create_ticket',
    ]);
    const table = await installation.cli(['audit', 'list', '-t', 'acme', '--action', 'create_ticket']);
    expect(table.stdout.split('\n')[1]).toMatch(
      /^7 +\d{4}-\d\d-\d\d \d\d:\d\d +create_ticket +api +operator/,
    );
    expect(await json(['audit', 'verify', '-t', 'acme'])).toMatchObject({ valid: true, checked: 9 });
  });

  it('works with a key of its own, in its own tenant only', async () => {
    await quickly(['tenant', 'create', '--slug', 'keyed', '--name', 'Keyed']);
    const { key } = await quickly(['key', 'create', '-t', 'keyed', '--name', 'ci', '--role', 'viewer']);
    const env = { DESKBRIDGE_TOKEN: String(key) };
    expect((await installation.command(['user', 'list', '-t', 'keyed'], { env })).code).toBe(0);
    const denied = await installation.command(['audit', 'list', '-t', 'keyed'], { env });
    expect(denied).toMatchObject({ code: 1, stdout: '' });
    expect(denied.stderr).toContain('audit:read');
    const foreign = await installation.command(['user', 'list', '-t', 'demo', '--json'], { env });
    expect(foreign.code).toBe(1);
    expect(JSON.parse(foreign.stderr)).toMatchObject({ status: 404, code: 'not_found' });
  });
});

describe('a refusal', () => {
  it('of an unknown token ends with 1 and says what to set', async () => {
    const { code, stderr } = await installation.cli(['tenant', 'list'], {
      env: { DESKBRIDGE_TOKEN: 'dbk_nothing' },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('DESKBRIDGE_TOKEN');
  });

  it('names the fields', async () => {
    const args = ['tenant', 'create', '--slug', 'Not A Slug', '--name', 'X'];
    const { code, stderr } = await installation.command(args);
    expect(code).toBe(1);
    expect(stderr).toContain('slug:');
  });
});

describe('the database itself', () => {
  it('is migrated beside the server, and was already', async () => {
    const { code, stdout } = await installation.cli(['migrate', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ applied: [] });
  });

  it('shows an altered row, offline and through the server', async () => {
    await quickly(['tenant', 'create', '--slug', 'altered', '--name', 'Altered']);
    await quickly(['settings', 'set', '-t', 'altered', 'group_chat=true']);
    const whole = await installation.cli(['audit', 'verify', '-t', 'altered', '--offline']);
    expect(whole).toMatchObject({ code: 0, stdout: 'The chain is whole: 2 rows verified.\n' });
    await asOwner(
      "update audit_events set result = 'failure' where action = 'settings.update' and tenant_id = (select tenant_id from tenants where slug = 'altered')",
    );
    for (const how of [[], ['--offline']]) {
      const { code, stdout } = await installation.command(['audit', 'verify', '-t', 'altered', ...how]);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^The chain is broken: row 2 .* was altered\. The rows up to 1 are good\.$/m);
    }
  });

  it('that cannot be reached is said so', async () => {
    const env = { ...installation.env, DATABASE_URL: 'postgres://nobody:secret-word@127.0.0.1:1/x' };
    for (const args of [['migrate'], ['audit', 'verify', '-t', 'demo', '--offline'], ['secrets', 'rotate']]) {
      const { code, stderr } = await run(args, env);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^The database cannot be used: .*ECONNREFUSED/);
      expect(stderr).not.toContain('secret-word');
    }
  });
});

async function asOwner<Row>(sql: string, values: string[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: installation.ownerUrl });
  await client.connect();
  const { rows } = await client.query(sql, values);
  await client.end();
  return rows as Row[];
}

/** Every text column of the database that still holds something sealed under the key. */
async function sealedUnder(keyId: string): Promise<string[]> {
  const columns = await asOwner<{ table_name: string; column_name: string }>(
    "select table_name, column_name from information_schema.columns where table_schema = 'public' and data_type = 'text'",
  );
  const found: string[] = [];
  for (const { table_name: table, column_name: column } of columns) {
    const rows = await asOwner(`select 1 from ${table} where ${column} like $1`, [`v1.${keyId}.%`]);
    if (rows.length > 0) found.push(`${table}.${column}`);
  }
  return found;
}

/** A request whose answer is kept sealed for its repeats. */
async function repeatableRequest(): Promise<void> {
  const response = await fetch(`${installation.url}/v1/tenants/rotated/keys`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${installation.env.DESKBRIDGE_ADMIN_TOKEN}`,
      'content-type': 'application/json',
      'idempotency-key': 'once: and for all',
    },
    body: JSON.stringify({ name: 'ci', role: 'viewer' }),
  });
  expect(response.status).toBe(201);
}

describe('secrets rotate', () => {
  it('refuses keys that do not fit, and changes nothing', async () => {
    const DESKBRIDGE_SECRET_KEY = randomBytes(32).toString('base64');
    const { code, stderr } = await installation.command(['secrets', 'rotate'], {
      env: { DESKBRIDGE_SECRET_KEY },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('does not fit this database');
  });

  it('seals all anew, after which the new key alone opens everything', async () => {
    await quickly(['tenant', 'create', '--slug', 'rotated', '--name', 'Rotated']);
    await repeatableRequest();
    const newKey = randomBytes(32).toString('base64');
    const env = { DESKBRIDGE_SECRET_KEY: `${newKey},${installation.env.DESKBRIDGE_SECRET_KEY}` };
    const before = await installation.command(['audit', 'verify', '-t', 'rotated', '--offline'], { env });
    expect(before.code).toBe(0);
    const rotated = await installation.cli(['secrets', 'rotate', '--json'], { env });
    expect(rotated.stderr).toBe('');
    const { resealed, retired_key_ids: retired } = JSON.parse(rotated.stdout) as {
      resealed: Record<string, number>;
      retired_key_ids: string[];
    };
    expect(resealed.audit_keys).toBeGreaterThanOrEqual(2);
    expect(resealed.registration_credentials).toBeGreaterThanOrEqual(1);
    expect(resealed.idempotency_keys).toBe(1);
    expect(retired).toHaveLength(1);
    expect(await sealedUnder(retired[0] ?? '')).toEqual([]);

    const alone = { DESKBRIDGE_SECRET_KEY: newKey };
    const verified = await installation.command(['audit', 'verify', '-t', 'rotated', '--offline'], {
      env: alone,
    });
    expect(verified.code).toBe(0);
    const again = await installation.command(['secrets', 'rotate'], { env: alone });
    expect(again.stdout).toMatch(/^Everything is sealed under the key \w+ already\.$/m);
    const old = await installation.command(['secrets', 'rotate']);
    expect(old.code).toBe(1);
    expect(old.stderr).toContain('does not fit this database');
    const stale = await installation.command(['audit', 'verify', '-t', 'rotated', '--offline']);
    expect(stale.code).toBe(1);
    expect(stale.stderr).toContain('cannot be opened with the keys at hand');
  });
});
