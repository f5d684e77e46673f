/** Limits that several lanes share, on a real database. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { teams } from '../../../bots/teams/index.ts';
import { Database } from '../../../src/infra/database.ts';
import { SharedLimits } from '../../../src/notify/shared-limits.ts';
import { createTestDatabase, type TestDatabase } from '../../support/databases.ts';
import { silentLog } from '../../support/log.ts';

let own: TestDatabase;
let database: Database;

beforeAll(async () => {
  own = await createTestDatabase();
  database = new Database({ appUrl: own.ownerUrl, ownerUrl: own.ownerUrl, log: silentLog });
});
afterAll(async () => {
  await database.close();
  await own.drop();
});

const feed = (appId: string) => ({ platform: 'teams', appId, operation: 'feed' });

it('gives many owners together no more than the limit in any second, and nearly all of it', async () => {
  const owners = Array.from({ length: 8 }, () => new SharedLimits(database.directory));
  const began = Date.UTC(2026, 10, 21);
  const starts: number[] = [];
  for (let now = began; now < began + 5_000; now += 50) {
    const granted = await Promise.all(owners.map((owner) => owner.take(teams.limits, feed('app 1'), 5, now)));
    for (const count of granted) starts.push(...Array.from({ length: count }, () => now));
  }
  for (const from of starts) {
    expect(starts.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(50);
  }
  expect(starts.length).toBe(5 * 4 * 10);
});

it('keeps apps apart, and leaves other calls alone', async () => {
  const owner = new SharedLimits(database.directory);
  const now = Date.UTC(2026, 10, 22);
  expect(await owner.take(teams.limits, feed('app 2'), 100, now)).toBe(10);
  expect(await owner.take(teams.limits, feed('app 2'), 1, now)).toBe(0);
  expect(await owner.take(teams.limits, feed('app 3'), 4, now)).toBe(4);
  expect(await owner.take(teams.limits, { ...feed('app 2'), operation: 'send' }, 100, now)).toBe(100);
  expect(await owner.take(teams.limits, feed('app 2'), 1, now + 250)).toBe(1);
});
