/** The rules that every table keeps, and the schema itself, committed so that a review sees each change. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureAppRole } from '../../src/infra/app-role.ts';
import { SecretBox } from '../../src/infra/secret-box.ts';
import { directoryTables, tenantTables } from '../../src/tenants/deletion-plan.ts';
import { createTestDatabase, type TestDatabase } from '../support/databases.ts';
import { describeSchema, withClient } from '../support/schema.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

async function rows<Row>(sql: string): Promise<Row[]> {
  return await withClient(database.ownerUrl, async (client) => (await client.query(sql)).rows as Row[]);
}

const withTenantId = `
  select c.table_name as name from information_schema.columns c
   join pg_class r on r.relname = c.table_name and r.relkind in ('r', 'p') and not r.relispartition
   where c.table_schema = 'public' and c.column_name = 'tenant_id' order by 1`;

describe('every table of a tenant', () => {
  it('stands in the deletion plan, and nothing else does', async () => {
    const found = (await rows<{ name: string }>(withTenantId)).map(({ name }) => name);
    expect(found).toEqual([...tenantTables, ...directoryTables].sort());
  });

  it('is removed after the tables that refer to it', async () => {
    const references = await rows<{ child: string; parent: string }>(
      `select conrelid::regclass::text as child, confrelid::regclass::text as parent from pg_constraint where contype = 'f'
          and not (select relispartition from pg_class where oid = conrelid)`,
    );
    const order = new Map<string, number>(tenantTables.map((name, index) => [name, index]));
    const wrong = references.filter(
      ({ child, parent }) => (order.get(child) ?? -1) >= (order.get(parent) ?? -1),
    );
    expect(wrong).toEqual([]);
  });

  it('has row-level security', async () => {
    const secured = await rows<{ name: string }>(
      `select c.relname as name from pg_class c join pg_policies p on p.tablename = c.relname
        where c.relrowsecurity and c.relkind in ('r', 'p') order by 1`,
    );
    expect(secured.map(({ name }) => name)).toEqual([...tenantTables].sort());
  });

  it('leads every primary, unique and foreign key with tenant_id, not null', async () => {
    const keys = await rows<{ table: string; definition: string }>(
      `select conrelid::regclass::text as table, pg_get_constraintdef(oid) as definition from pg_constraint
        where contype in ('p', 'u', 'f') and connamespace = 'public'::regnamespace
            and not (select relispartition from pg_class where oid = conrelid)`,
    );
    const names: readonly string[] = tenantTables;
    const wrong = keys.filter(
      ({ table, definition }) =>
        names.includes(table) && !/KEY \(tenant_id\b|UNIQUE \(tenant_id\b/.test(definition),
    );
    expect(wrong).toEqual([]);
    const nullable = await rows(`${withTenantId.replace('order by 1', "and c.is_nullable = 'YES'")}`);
    expect(nullable).toEqual([]);
  });

  it('refers to tenant tables only, and never to local ones', async () => {
    const names: readonly string[] = tenantTables;
    const references = await rows<{ child: string; parent: string }>(
      `select conrelid::regclass::text as child, confrelid::regclass::text as parent from pg_constraint where contype = 'f'
          and not (select relispartition from pg_class where oid = conrelid)`,
    );
    expect(
      references.filter(({ child, parent }) => !names.includes(child) || !names.includes(parent)),
    ).toEqual([]);
  });

  it('has no trigger, no enum and no column for a raw payload', async () => {
    expect(await rows('select tgname from pg_trigger where not tgisinternal')).toEqual([]);
    expect(await rows("select typname from pg_type where typtype = 'e'")).toEqual([]);
    const payloads = await rows(
      `select table_name, column_name from information_schema.columns
        where table_schema = 'public' and column_name ~ '(^|_)(raw|body|payload|request)(_|$)' and column_name not in ('payload_hash', 'provider_request_id')`,
    );
    expect(payloads).toEqual([]);
  });
});

describe("the application's role", () => {
  it('owns nothing and can only add to what must never change', async () => {
    const appUrl = await ensureAppRole(database.ownerUrl, new SecretBox([Buffer.alloc(32, 7)]));
    const role = decodeURIComponent(new URL(appUrl).username);
    expect(await rows(`select relname from pg_class where relowner = '${role}'::regrole`)).toEqual([]);
    const rights = await rows<{ table: string; right: string }>(
      `select table_name as table, privilege_type as right from information_schema.role_table_grants
        where grantee = '${role}' and table_name in ('audit_events', 'audit_heads', 'registration_events') order by 1, 2`,
    );
    expect(rights.map(({ table, right }) => `${table} ${right}`)).toEqual([
      'audit_events INSERT',
      'audit_events SELECT',
      'audit_heads INSERT',
      'audit_heads SELECT',
      'audit_heads UPDATE',
      'registration_events INSERT',
      'registration_events SELECT',
    ]);
    await withClient(appUrl, async (client) => {
      await client.query("select set_config('app.tenant', '00000000-0000-4000-8000-000000000001', false)");
      for (const sql of [
        "update audit_events set result = 'success'",
        'delete from audit_events',
        'truncate audit_events',
        'select 1 from audit_events for update',
        'alter table audit_events disable row level security',
        'drop table audit_events',
        'delete from audit_heads',
      ]) {
        await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' });
      }
    });
  });
});

describe('the schema', () => {
  it('is the committed one', async () => {
    await expect(await describeSchema(database.ownerUrl)).toMatchFileSnapshot('schema.snapshot.txt');
  });
});
