/** The audit over HTTP: filters, and a verification that finds every way in which a superuser can touch the rows. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../src/kernel/ids.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { auditRows, makeWorld, type TenantWorld } from '../../support/tenant-world.ts';

let app: TestApp;
let world: TenantWorld;
let superuser: Client;

beforeAll(async () => {
  app = await startTestApp();
  world = await makeWorld(app);
  superuser = new Client({ connectionString: app.database.ownerUrl });
  await superuser.connect();
});
afterAll(async () => {
  await superuser.end();
  await app.close();
});

async function faultAfter(tampering: string, values: unknown[] = []): Promise<Record<string, unknown>> {
  const victim = await makeWorld(app);
  const whole = await victim.call('GET', '/audit-events/verification');
  expect(whole.body).toMatchObject({ valid: true, fault: null });
  await superuser.query(tampering.replaceAll('$tenant', `'${victim.tenantId}'`), values);
  const { status, body } = await victim.call('GET', '/audit-events/verification');
  expect(status).toBe(200);
  return body;
}

describe('the verification finds', () => {
  test.each([
    ['an altered result', "set result = 'failure' where seq = 4", 'altered', 4],
    ['an altered target', 'set target_id = null where seq = 2', 'altered', 2],
    ['an altered time', "set created_at = created_at + interval '1 ms' where seq = 5", 'altered', 5],
    ['an altered payload hash', "set payload_hash = repeat('0', 64) where seq = 3", 'altered', 3],
    ['an altered actor', "set actor_id = 'somebody' where seq = 1", 'altered', 1],
  ])('%s', async (_name, change, kind, seq) => {
    const found = await faultAfter(`update audit_events ${change} and tenant_id = $tenant`);
    expect(found).toMatchObject({ valid: false, last_seq: seq - 1, fault: { kind, seq } });
    expect(found.fault).toHaveProperty('event_id', expect.any(String));
  });

  test('a row that is gone', async () => {
    const found = await faultAfter('delete from audit_events where seq = 3 and tenant_id = $tenant');
    expect(found).toMatchObject({
      valid: false,
      last_seq: 2,
      fault: { kind: 'missing', seq: 3, event_id: null },
    });
  });

  test('rows that were exchanged', async () => {
    const found = await faultAfter(`update audit_events set seq = 9000 where seq = 3 and tenant_id = $tenant;
      update audit_events set seq = 3 where seq = 4 and tenant_id = $tenant;
      update audit_events set seq = 4 where seq = 9000 and tenant_id = $tenant`);
    expect(found).toMatchObject({ valid: false, last_seq: 2, fault: { seq: 3 } });
  });

  test('a tail that was cut', async () => {
    const found = await faultAfter('delete from audit_events where seq > 5 and tenant_id = $tenant');
    expect(found).toMatchObject({ valid: false, last_seq: 5, fault: { kind: 'tail_cut', seq: 6 } });
  });

  test('a tail that was cut with the head set back to an older row', async () => {
    const found = await faultAfter(`delete from audit_events where seq > 5 and tenant_id = $tenant;
      update audit_heads set seq = 5, row_hash = repeat('a', 64) where tenant_id = $tenant`);
    expect(found).toMatchObject({ valid: false, fault: { kind: 'head_altered' } });
  });
});

test('the application itself can neither alter nor delete a row', async () => {
  for (const sql of ['update audit_events set result = result', 'delete from audit_events']) {
    const attempt = app.services.database.inTenant(world.tenantId, (tx) =>
      tx.execute(`${sql} where tenant_id = $1`, [world.tenantId]),
    );
    await expect(attempt).rejects.toMatchObject({ code: '42501' });
  }
});

describe('the list', () => {
  test('is narrowed by each filter, and by all together', async () => {
    const started = new Date().toISOString();
    const { client_id } = await world.create('/clients', { name: 'Filtered' });
    await world.call('POST', '/clients', { body: {} });
    await world.call('POST', '/clients', { key: world.keys.viewer, body: { name: 'x' } });
    const [denied] = await auditRows(world, 1);
    const query = async (filter: string) =>
      ((await world.call('GET', `/audit-events?since=${started}&${filter}`)).body.items ?? []).map(
        (row) => `${row.action} ${row.result}`,
      );
    expect(await query('')).toEqual([
      'client.create denied',
      'client.create failure',
      'client.create success',
    ]);
    expect(await query('result=success')).toEqual(['client.create success']);
    expect(await query(`target_kind=client&target_id=${client_id}`)).toEqual(['client.create success']);
    expect(await query(`actor=${denied?.actor_id}`)).toEqual(['client.create denied']);
    expect(await query('actor=operator&result=failure&action=client.create')).toEqual([
      'client.create failure',
    ]);
    expect(await query('action=client.delete')).toEqual([]);
    expect(await query(`until=${started}`)).toEqual([]);
    expect(await query(`target_id=${newId()}`)).toEqual([]);
  });

  test.each(['since=yesterday', 'result=perhaps', 'until=2026-01-01', 'action=a%00b'])(
    'refuses %s',
    async (filter) => {
      const { status, body } = await world.call('GET', `/audit-events?${filter}`);
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'validation_error' });
    },
  );

  test('takes an instant with any offset', async () => {
    const since = encodeURIComponent('2126-01-01T00:00:00+14:00');
    expect((await world.call('GET', `/audit-events?since=${since}`)).body.items).toEqual([]);
  });

  test('has gapless numbers, newest first', async () => {
    const numbers = (await auditRows(world)).map((row) => Number(row.seq));
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) - index));
    expect(numbers.at(-1)).toBe(1);
  });
});
