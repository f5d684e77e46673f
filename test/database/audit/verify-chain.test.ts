/** The chain against a superuser: every way to change the past is found, and the place is named. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AuditKeys } from '../../../src/audit/audit-keys.ts';
import { recordAudit } from '../../../src/audit/record-audit.ts';
import { verifyChain } from '../../../src/audit/verify-chain.ts';
import { ensureAppRole } from '../../../src/infra/app-role.ts';
import { Database } from '../../../src/infra/database.ts';
import { SecretBox } from '../../../src/infra/secret-box.ts';
import { newId } from '../../../src/kernel/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/databases.ts';
import { silentLog } from '../../support/log.ts';

const secrets = new SecretBox([Buffer.alloc(32, 1)]);
let testDatabase: TestDatabase;
let database: Database;
let keys: AuditKeys;
let tenant: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const appUrl = await ensureAppRole(testDatabase.ownerUrl, secrets);
  database = new Database({ appUrl, ownerUrl: testDatabase.ownerUrl, log: silentLog });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

beforeEach(async () => {
  keys = new AuditKeys(secrets);
  tenant = newId();
  await database.inTenant(tenant, async (tx) => keys.begin(tx, new Date()));
  for (let n = 1; n <= 10; n += 1) await record(n);
});

function record(n: number): Promise<string> {
  const entry = {
    payload: { action: 'add_note', input: { note: `note ${n}` }, target: { kind: 'ticket', id: String(n) } },
    actorKind: 'user' as const,
    actorId: 'u',
    actorUserId: null,
    platformUserId: 'p',
    platform: 'teams',
    surface: 'bot',
    sourceId: null,
    result: 'success' as const,
    errorCode: null,
  };
  return database.inTenant(tenant, (tx) => recordAudit(tx, keys, entry, new Date()));
}

const verify = () => database.inTenant(tenant, (tx) => verifyChain(tx, new AuditKeys(secrets)));
const tamper = (sql: string) => database.maintenance.execute(sql, [tenant]);

describe('a whole chain', () => {
  it('is gapless and valid', async () => {
    expect(await verify()).toEqual({ valid: true, checked: 10, lastSeq: 10, fault: null });
  });

  it('stays so under fifty writers at once', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, n) => record(100 + n)));
    expect(await verify()).toEqual({ valid: true, checked: 60, lastSeq: 60, fault: null });
  });

  it('of a tenant without rows is valid', async () => {
    tenant = newId();
    await database.inTenant(tenant, async (tx) => keys.begin(tx, new Date()));
    expect(await verify()).toEqual({ valid: true, checked: 0, lastSeq: 0, fault: null });
  });

  it('takes no row of a transaction that failed, and leaves no gap for it', async () => {
    const failing = database.inTenant(tenant, async (tx) => {
      await recordAudit(tx, keys, { ...(await entryOf(3)) }, new Date());
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await record(11);
    expect(await verify()).toMatchObject({ valid: true, lastSeq: 11 });
  });
});

async function entryOf(n: number) {
  return {
    payload: { action: 'add_note', input: { n }, target: null },
    actorKind: 'system' as const,
    actorId: null,
    actorUserId: null,
    platformUserId: null,
    platform: null,
    surface: 'admin',
    sourceId: null,
    result: 'failure' as const,
    errorCode: 'conflict',
  };
}

describe('a superuser who', () => {
  it.each([
    [
      'changes a result',
      "update audit_events set result = 'denied' where tenant_id = $1 and seq = 4",
      'altered',
      4,
    ],
    [
      'changes who it was',
      "update audit_events set actor_id = 'x' where tenant_id = $1 and seq = 7",
      'altered',
      7,
    ],
    [
      'changes when it was',
      "update audit_events set created_at = created_at - interval '1 day' where tenant_id = $1 and seq = 1",
      'altered',
      1,
    ],
    [
      'changes a payload hash',
      `update audit_events set payload_hash = '${'0'.repeat(64)}' where tenant_id = $1 and seq = 2`,
      'altered',
      2,
    ],
    ['removes a row', 'delete from audit_events where tenant_id = $1 and seq = 5', 'missing', 5],
    ['removes the first row', 'delete from audit_events where tenant_id = $1 and seq = 1', 'missing', 1],
    ['cuts the tail', 'delete from audit_events where tenant_id = $1 and seq > 8', 'tail_cut', 9],
    ['moves a row', 'update audit_events set seq = 99 where tenant_id = $1 and seq = 6', 'missing', 6],
    ['removes the head', 'delete from audit_heads where tenant_id = $1', 'head_altered', 10],
    ['moves the head back', 'update audit_heads set seq = 9 where tenant_id = $1', 'head_altered', 9],
    [
      'exchanges the key',
      'update audit_events set hash_key_id = gen_random_uuid() where tenant_id = $1 and seq = 3',
      'unknown_key',
      3,
    ],
  ])('%s is found out', async (_what, sql, kind, seq) => {
    await tamper(sql);
    expect(await verify()).toMatchObject({ valid: false, fault: { kind, seq } });
  });

  it('cuts the tail and moves the head back to the last row left is found out', async () => {
    await tamper('delete from audit_events where tenant_id = $1 and seq > 8');
    await tamper(
      `update audit_heads set seq = 8, row_hash = (select row_hash from audit_events where tenant_id = $1 and seq = 8)
        where tenant_id = $1`,
    );
    expect(await verify()).toMatchObject({ valid: false, fault: { kind: 'head_altered', seq: 8 } });
  });

  it('removes rows and renumbers the rest is found out', async () => {
    await tamper('delete from audit_events where tenant_id = $1 and seq = 5');
    await tamper('update audit_events set seq = seq - 1 where tenant_id = $1 and seq > 5');
    expect(await verify()).toMatchObject({ valid: false, fault: { kind: 'altered', seq: 5 } });
  });

  it("puts another tenant's row in is found out", async () => {
    const victim = tenant;
    tenant = newId();
    await database.inTenant(tenant, async (tx) => keys.begin(tx, new Date()));
    for (let n = 1; n <= 10; n += 1) await record(n);
    await database.maintenance.execute('delete from audit_events where tenant_id = $1 and seq = 10', [
      victim,
    ]);
    await database.maintenance.execute(
      'update audit_events set tenant_id = $1 where tenant_id = $2 and seq = 10',
      [victim, tenant],
    );
    tenant = victim;
    expect(await verify()).toMatchObject({ valid: false, fault: { seq: 10 } });
  });
});
