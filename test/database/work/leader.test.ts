/** One of several processes does the work: contenders on one database, one of which dies, stands still or fails. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Database } from '../../../src/infra/database.ts';
import { Leader } from '../../../src/work/leader.ts';
import { createTestDatabase, type TestDatabase } from '../../support/databases.ts';
import { silentLog } from '../../support/log.ts';

let test: TestDatabase;
let database: Database;
beforeAll(async () => {
  test = await createTestDatabase();
  database = new Database({ appUrl: test.ownerUrl, ownerUrl: test.ownerUrl, log: silentLog });
});
afterEach(() => database.directory.execute('delete from leases'));
afterAll(async () => {
  await database.close();
  await test.drop();
});

const lease = 60_000;
let time = Date.parse('2026-11-21T12:00:00Z');

/** A process by name; `skewMs`: how far its clock runs ahead. */
function contender(owner: string, skewMs = 0): Leader {
  return new Leader({
    directory: database.directory,
    clock: { now: () => new Date(time + skewMs) },
    owner,
  });
}

it('lets one of many that come at once work, and the same one again', async () => {
  const did: string[] = [];
  const turns = Array.from({ length: 12 }, (_, index) =>
    contender(`p${index}`).asLeader('sweep', lease, async () => void did.push(`p${index}`)),
  );
  const ran = await Promise.all(turns.map((turn) => turn()));
  expect(ran.filter(Boolean)).toHaveLength(1);
  time += lease - 1;
  expect(await Promise.all(turns.map((turn) => turn()))).toEqual(ran);
  expect(new Set(did).size).toBe(1);
  expect(did).toHaveLength(2);
});

it('is taken over once the lease of a dead one is over, and not before', async () => {
  const dead = contender('dead');
  const heir = contender('heir').asLeader('sweep', lease, async () => undefined);
  expect(await dead.asLeader('sweep', lease, async () => undefined)()).toBe(true);
  time += lease - 1;
  expect(await heir()).toBe(false);
  time += 1;
  expect(await heir()).toBe(true);
  // What was thought dead comes back too late, and gives nothing away that is not its own.
  expect(await dead.asLeader('sweep', lease, async () => undefined)()).toBe(false);
  await dead.resign();
  expect(await contender('third').asLeader('sweep', lease, async () => undefined)()).toBe(false);
});

it('passes on at once when the leader resigns or fails', async () => {
  const first = contender('first');
  const second = contender('second');
  const work = async () => undefined;
  expect(await first.asLeader('sweep', lease, work)()).toBe(true);
  await first.resign();
  expect(await second.asLeader('sweep', lease, work)()).toBe(true);
  const failing = second.asLeader('sweep', lease, () => Promise.reject(new Error('no')));
  await expect(failing()).rejects.toThrow('no');
  expect(await contender('third').asLeader('sweep', lease, work)()).toBe(true);
});

it('ends the work under way when the process ends, and begins nothing more', async () => {
  const ending = contender('ending');
  const work = ending.asLeader('sweep', lease, async (signal) => {
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await ending.resign();
    await aborted;
  });
  await expect(work()).rejects.toThrow('the process ends');
  expect(await work()).toBe(false);
  expect(await contender('next').asLeader('sweep', lease, async () => undefined)()).toBe(true);
});

it('leads each name for itself', async () => {
  expect(await contender('a').asLeader('one', lease, async () => undefined)()).toBe(true);
  expect(await contender('b').asLeader('two', lease, async () => undefined)()).toBe(true);
});

it('keeps the lease while the work takes longer than that', async () => {
  const real = (owner: string) =>
    new Leader({ directory: database.directory, clock: { now: () => new Date() }, owner });
  let ended = false;
  const long = real('long').asLeader('sweep', 300, async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    ended = true;
  });
  const running = long();
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect(await real('other').asLeader('sweep', 300, async () => undefined)()).toBe(false);
  expect(ended).toBe(false);
  expect(await running).toBe(true);
});

it('tells work whose lease somebody else took to stop, and does not count it as done', async () => {
  const ahead = contender('ahead', 2 * 300).asLeader('sweep', 300, async () => undefined);
  const work = contender('slow').asLeader('sweep', 300, async (signal) => {
    expect(await ahead()).toBe(true);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  });
  await expect(work()).rejects.toThrow('the lease "sweep" was lost');
  const rows = await database.directory.query<{ owner: string }>('select owner from leases');
  expect(rows).toEqual([{ owner: 'ahead' }]);
});
