/** Migrations: on an empty database, twice, by two processes at once, down and up with data, and never onto a newer one. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { ensureAppRole } from '../../src/infra/app-role.ts';
import { knownMigrations, migrate } from '../../src/infra/migrate.ts';
import { SecretBox } from '../../src/infra/secret-box.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/databases.ts';
import { silentLog } from '../support/log.ts';
import { describeSchema, withClient } from '../support/schema.ts';

const databases: TestDatabase[] = [];
afterEach(async () => {
  await Promise.all(databases.splice(0).map((database) => database.drop()));
});

async function empty(): Promise<string> {
  const database = await createEmptyDatabase();
  databases.push(database);
  return database.ownerUrl;
}

async function applied(url: string): Promise<string[]> {
  return await withClient(url, async (client) =>
    (await client.query('select name from schema_migrations order by id')).rows.map((row) =>
      String(row.name),
    ),
  );
}

it('brings an empty database up, and a second run changes nothing', async () => {
  const url = await empty();
  await migrate({ ownerUrl: url, log: silentLog });
  const first = await describeSchema(url);
  await migrate({ ownerUrl: url, log: silentLog });
  expect(await applied(url)).toEqual(await knownMigrations());
  expect(await describeSchema(url)).toBe(first);
});

it('is safe in two processes at once', async () => {
  const url = await empty();
  const script = `
    import { migrate } from './src/infra/migrate.ts';
    import { ensureAppRole } from './src/infra/app-role.ts';
    import { SecretBox } from './src/infra/secret-box.ts';
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    await migrate({ ownerUrl: process.env.URL_TO_MIGRATE, log });
    await ensureAppRole(process.env.URL_TO_MIGRATE, new SecretBox([Buffer.alloc(32, 1)]));`;
  const run = () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, URL_TO_MIGRATE: url },
    });
  await Promise.all([run(), run(), run()]);
  expect(await applied(url)).toEqual(await knownMigrations());
});

it("goes on after a killed run left knex's lock behind", async () => {
  const url = await empty();
  await migrate({ ownerUrl: url, log: silentLog });
  await withClient(url, async (client) => {
    await client.query('update schema_migrations_lock set is_locked = 1');
    await client.query('delete from schema_migrations where false');
  });
  await migrate({ ownerUrl: url, log: silentLog });
});

it('refuses a schema that a newer program made, and changes nothing', async () => {
  const url = await empty();
  await migrate({ ownerUrl: url, log: silentLog });
  await withClient(url, async (client) => {
    await client.query(
      "insert into schema_migrations (name, batch, migration_time) values ('29990101000000_later', 9, now())",
    );
  });
  const before = await describeSchema(url);
  await expect(migrate({ ownerUrl: url, log: silentLog })).rejects.toThrow(
    /newer version of Deskbridge.*29990101000000_later/,
  );
  expect(await describeSchema(url)).toBe(before);
});

it('gives the role its new password after the key was changed', async () => {
  const database = await createTestDatabase();
  databases.push(database);
  const first = await ensureAppRole(database.ownerUrl, new SecretBox([Buffer.alloc(32, 1)]));
  const second = await ensureAppRole(database.ownerUrl, new SecretBox([Buffer.alloc(32, 2)]));
  await expect(withClient(first, (client) => client.query('select 1'))).rejects.toMatchObject({
    code: '28P01',
  });
  await withClient(second, (client) => client.query('select 1'));
});

it('works for an owner that is no superuser, and says what is missing to one that may not create roles', async () => {
  const url = await empty();
  const owner = `owner_${process.pid}`;
  const database = new URL(url).pathname.slice(1);
  await withClient(url, async (client) => {
    await client.query(`create role ${owner} login createrole password 'owner'`);
    await client.query(`alter database "${database}" owner to ${owner}`);
    await client.query(`alter schema public owner to ${owner}`);
  });
  const ownerUrl = new URL(url);
  ownerUrl.username = owner;
  ownerUrl.password = 'owner';
  try {
    await migrate({ ownerUrl: ownerUrl.href, log: silentLog });
    const secrets = new SecretBox([Buffer.alloc(32, 1)]);
    const appUrl = await ensureAppRole(ownerUrl.href, secrets);
    await withClient(appUrl, (client) => client.query('select 1'));
    await withClient(url, async (client) => {
      await client.query(`drop owned by "${decodeURIComponent(new URL(appUrl).username)}"`);
      await client.query(`drop role "${decodeURIComponent(new URL(appUrl).username)}"`);
      await client.query(`alter role ${owner} nocreaterole`);
    });
    await expect(ensureAppRole(ownerUrl.href, secrets)).rejects.toThrow(/CREATE ROLE|CREATEROLE/);
  } finally {
    await withClient(url, async (client) => {
      await client.query(`alter database "${database}" owner to current_user`);
      await client.query(`reassign owned by ${owner} to current_user`);
      await client.query(`drop owned by ${owner}`);
      await client.query(`drop role ${owner}`);
    });
  }
});
