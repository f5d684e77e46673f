/** Transactions of a tenant: isolation, savepoints, writes that nobody waits for, and what happens when they fail. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureAppRole } from '../../../src/infra/app-role.ts';
import { Database, type Transaction } from '../../../src/infra/database.ts';
import { SecretBox } from '../../../src/infra/secret-box.ts';
import { createTestDatabase, type TestDatabase } from '../../support/databases.ts';
import { silentLog } from '../../support/log.ts';

const tenant = '00000000-0000-4000-8000-000000000001';
const other = '00000000-0000-4000-8000-000000000002';
let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const appUrl = await ensureAppRole(testDatabase.ownerUrl, new SecretBox([Buffer.alloc(32, 1)]));
  database = new Database({ appUrl, ownerUrl: testDatabase.ownerUrl, log: silentLog, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});
beforeEach(() => database.maintenance.execute('delete from clients'));

const insertSql = `insert into clients (tenant_id, client_id, name, created_at, updated_at) values ($1, $2, $3, $4, $4)`;
const idOf = (n: number) => `00000000-0000-4000-9000-${String(n).padStart(12, '0')}`;
const values = (n: number, of: string = tenant) => [of, idOf(n), `client ${n}`, new Date()];
const names = async (of: string = tenant) =>
  (
    await database.inTenant(of, (tx) =>
      tx.query<{ name: string }>('select name from clients where tenant_id = $1 order by name', [of]),
    )
  ).map(({ name }) => name);

describe('a transaction', () => {
  it('commits what was enqueued', async () => {
    await database.inTenant(tenant, async (tx) => {
      for (let n = 0; n < 50; n += 1) tx.enqueue(insertSql, values(n));
    });
    expect(await names()).toHaveLength(50);
  });

  it('fails with the first failure of an enqueued write, and leaves nothing', async () => {
    const work = database.inTenant(tenant, async (tx) => {
      tx.enqueue(insertSql, values(1));
      tx.enqueue(insertSql, values(1));
      tx.enqueue(insertSql, values(2));
    });
    await expect(work).rejects.toMatchObject({ code: '23505' });
    expect(await names()).toEqual([]);
  });

  it('reports the enqueued write that failed although a later query was waited for, and repeats what a repeat mends', async () => {
    const refused = database.inTenant(tenant, async (tx) => {
      tx.enqueue(insertSql, values(1));
      tx.enqueue(insertSql, values(1));
      await tx.query('select 1');
    });
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    let attempts = 0;
    await database.inTenant(tenant, async (tx) => {
      attempts += 1;
      if (attempts < 2) tx.enqueue("do $$ begin raise exception using errcode = '40001'; end $$");
      await tx.query('select 1');
    });
    expect(attempts).toBe(2);
  });

  it('leaves nothing when the work throws', async () => {
    const work = database.inTenant(tenant, async (tx) => {
      await tx.execute(insertSql, values(1));
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await names()).toEqual([]);
  });

  it('gives its connection back whatever happens', async () => {
    for (let n = 0; n < 20; n += 1) {
      await database.inTenant(tenant, async (tx) => void tx.enqueue('select 1/0')).catch(() => undefined);
    }
    expect(await names()).toEqual([]);
  });

  it('runs again after a serialization failure, up to three times', async () => {
    let attempts = 0;
    await database.inTenant(tenant, async (tx) => {
      attempts += 1;
      await tx.execute(insertSql, values(attempts));
      if (attempts < 3) await tx.query("do $$ begin raise exception using errcode = '40001'; end $$");
    });
    expect(attempts).toBe(3);
    expect(await names()).toEqual(['client 3']);
    const always = database.inTenant(tenant, (tx) =>
      tx.query("do $$ begin raise exception using errcode = '40P01'; end $$"),
    );
    await expect(always).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('sends its commit with its statements where they are all there are', async () => {
    const atOnce = { atOnce: true };
    const found = database.inTenant(
      tenant,
      (tx) => {
        tx.enqueue(insertSql, values(1));
        return tx.query<{ name: string }>('select name from clients where tenant_id = $1', [tenant]);
      },
      atOnce,
    );
    expect(await found).toEqual([{ name: 'client 1' }]);
    const refused = database.inTenant(
      tenant,
      (tx) => {
        tx.enqueue(insertSql, values(2));
        tx.enqueue(insertSql, values(2));
        return tx.query('select 1');
      },
      atOnce,
    );
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    const late = database.inTenant(
      tenant,
      async (tx) => {
        await tx.execute(insertSql, values(3));
        await tx.execute(insertSql, values(4));
      },
      atOnce,
    );
    await expect(late).rejects.toThrow('the transaction is over');
    expect(await names()).toEqual(['client 1', 'client 3']);
  });

  it('takes no tenant id that is none', async () => {
    await expect(database.inTenant("'; drop table clients; --", async () => 1)).rejects.toThrow(TypeError);
  });
});

describe('a savepoint', () => {
  it('undoes its own work and nothing else', async () => {
    await database.inTenant(tenant, async (tx) => {
      tx.enqueue(insertSql, values(1));
      await expect(
        tx.savepoint(async () => {
          await tx.execute(insertSql, values(2));
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      tx.enqueue(insertSql, values(3));
    });
    expect(await names()).toEqual(['client 1', 'client 3']);
  });

  it('reports the enqueued write that failed, not the statements that it took along', async () => {
    await database.inTenant(tenant, async (tx) => {
      const failing = tx.savepoint(async () => {
        tx.enqueue(insertSql, values(1));
        tx.enqueue(insertSql, values(1));
        await tx.query('select 1');
      });
      await expect(failing).rejects.toMatchObject({ code: '23505' });
      tx.enqueue(insertSql, values(4));
    });
    expect(await names()).toEqual(['client 4']);
  });

  it('waits for what was enqueued in it before it ends well', async () => {
    const failing = (tx: Transaction) =>
      tx.savepoint(async () => {
        tx.enqueue(insertSql, values(1));
        tx.enqueue(insertSql, values(1));
      });
    await database.inTenant(tenant, async (tx) => {
      await expect(failing(tx)).rejects.toMatchObject({ code: '23505' });
    });
    expect(await names()).toEqual([]);
  });

  it('nests', async () => {
    await database.inTenant(tenant, async (tx) => {
      await tx.savepoint(async () => {
        tx.enqueue(insertSql, values(1));
        await tx.savepoint(async () => void tx.enqueue(insertSql, values(1))).catch(() => undefined);
        tx.enqueue(insertSql, values(2));
      });
    });
    expect(await names()).toEqual(['client 1', 'client 2']);
  });
});

describe("a tenant's rows", () => {
  it('are invisible to another tenant, even to a statement that forgets its condition', async () => {
    await database.inTenant(tenant, (tx) => tx.execute(insertSql, values(1)));
    expect(await names(other)).toEqual([]);
    const seen = await database.inTenant(other, (tx) => tx.query('select * from clients'));
    expect(seen).toEqual([]);
    const changed = await database.inTenant(other, (tx) => tx.execute("update clients set name = 'taken'"));
    expect(changed).toBe(0);
    await expect(
      database.inTenant(other, (tx) => tx.execute(insertSql, values(2, tenant))),
    ).rejects.toMatchObject({ code: '42501' });
  });

  it('are invisible without a tenant, also on a connection that just served one', async () => {
    await database.inTenant(tenant, (tx) => tx.execute(insertSql, values(1)));
    const seen = await Promise.all(
      Array.from({ length: 20 }, () => database.directory.query('select * from clients')),
    );
    expect(seen.flat()).toEqual([]);
  });
});

describe('a database that cannot be reached', () => {
  it('is unavailable, whoever asks', async () => {
    const nowhere = new Database({
      appUrl: 'postgres://nobody:x@127.0.0.1:1/none',
      ownerUrl: 'postgres://nobody:x@127.0.0.1:1/none',
      log: silentLog,
    });
    await expect(nowhere.inTenant(tenant, async () => 1)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(nowhere.ping()).rejects.toMatchObject({ code: 'unavailable' });
    await nowhere.close();
  });
});
