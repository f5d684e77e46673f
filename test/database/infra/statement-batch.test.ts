/** Statements that travel together: what each gets back, what a failure takes with it, and what parameters become. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureAppRole } from '../../../src/infra/app-role.ts';
import { Database, statement, type Transaction } from '../../../src/infra/database.ts';
import { SecretBox } from '../../../src/infra/secret-box.ts';
import { createTestDatabase, type TestDatabase } from '../../support/databases.ts';
import { silentLog } from '../../support/log.ts';

const tenant = '00000000-0000-4000-8000-000000000001';
let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const appUrl = await ensureAppRole(testDatabase.ownerUrl, new SecretBox([Buffer.alloc(32, 1)]));
  // One connection, so that every transaction meets what the one before it left there.
  database = new Database({ appUrl, ownerUrl: testDatabase.ownerUrl, log: silentLog, poolSize: 1 });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

const inTransaction = <T>(work: (tx: Transaction) => Promise<T>) => database.inTenant(tenant, work);
const double = statement('test-double', 'select $1::int * 2 as value');
const divide = statement('test-divide', 'select 12 / $1::int as value');
const third = statement('test-third', 'select 9 / $1::int as value');
const half = statement('test-half', 'select $1::int / 2 as value');

describe('statements that travel together', () => {
  it('get their own answers, in any mixture of prepared and plain ones', async () => {
    for (let round = 0; round < 3; round += 1) {
      const answers = await inTransaction((tx) =>
        Promise.all([
          tx.query(double, [1]),
          tx.query('select $1::text as a, null as b', ['x']),
          tx.query(double, [2]),
          tx.execute('select generate_series(1, 3)'),
          tx.query('select 1 as value where false'),
          tx.query(divide, [4]),
        ]),
      );
      expect(answers).toEqual([[{ value: 2 }], [{ a: 'x', b: null }], [{ value: 4 }], 3, [], [{ value: 3 }]]);
    }
  });

  it('fail with the first failure from there on, and the connection goes on as before', async () => {
    const outcomes = await inTransaction(async (tx) => {
      let settled: PromiseSettledResult<unknown>[] = [];
      await tx
        .savepoint(async () => {
          settled = await Promise.allSettled([
            tx.query(double, [1]),
            tx.query(third, [0]),
            tx.query(half, [8]),
          ]);
          throw new Error('undo');
        })
        .catch(() => undefined);
      return settled;
    });
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    for (const outcome of outcomes.slice(1)) {
      expect(outcome).toMatchObject({ reason: { code: '22012' } });
    }
    // What was skipped was never prepared; what failed at its first use was.
    const after = await inTransaction((tx) =>
      Promise.all([tx.query(half, [8]), tx.query(third, [3]), tx.query(double, [2])]),
    );
    expect(after).toEqual([[{ value: 4 }], [{ value: 3 }], [{ value: 4 }]]);
  });

  it('tell the cause, not that the transaction is aborted, when a later one fails of an enqueued one', async () => {
    const work = inTransaction(async (tx) => {
      tx.enqueue(divide, [0]);
      await tx.query(double, [1]).catch(() => undefined);
      await tx.query(double, [1]);
    });
    await expect(work).rejects.toMatchObject({ code: '22012' });
  });

  it('refuse a parameter that has no text form, and nothing else suffers', async () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const [refused, answered] = await inTransaction((tx) =>
      Promise.allSettled([tx.query('select $1::jsonb', [cycle]), tx.query(double, [4])]),
    );
    expect(refused?.status).toBe('rejected');
    expect(answered).toMatchObject({ value: [{ value: 8 }] });
  });
});

describe('parameters', () => {
  // U+0000 is the one character that PostgreSQL's text cannot hold; lone surrogates are no text.
  const plain = fc.string({ unit: 'grapheme', maxLength: 3 }).map((value) => value.replaceAll('\0', ''));
  const special = fc.constantFrom('\\', '"', ',', '{', '}', 'NULL');
  const text = fc.array(fc.oneof(plain, special), { maxLength: 8 }).map((parts) => parts.join(''));

  it('arrive as they were sent', async () => {
    const sample = fc.record({
      text: fc.option(text),
      texts: fc.array(fc.option(text), { maxLength: 5 }),
      count: fc.integer(),
      yes: fc.boolean(),
      when: fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T00:00:00Z'),
        noInvalidDate: true,
      }),
      bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      json: fc.record({ name: text, list: fc.array(fc.integer()) }),
    });
    await fc.assert(
      fc.asyncProperty(sample, async (sent) => {
        const [row] = await inTransaction((tx) =>
          tx.query(
            `select $1::text as text, $2::text[] as texts, $3::int as count, $4::boolean as yes,
                    $5::timestamptz as when, $6::bytea as bytes, $7::jsonb as json`,
            [sent.text, sent.texts, sent.count, sent.yes, sent.when, sent.bytes, sent.json],
          ),
        );
        expect(row).toEqual({ ...sent, json: { ...sent.json } });
      }),
      { numRuns: 200 },
    );
  });
});
