/** The crash trials in short: what `npm run chaos -- kill` does at any length. */
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { createTestDatabase } from '../support/databases.ts';
import { runKillTrials } from './kill-trials.ts';
import { reportText } from './report.ts';

/** One kill while the server starts, two soon after, five at work. */
const seed = 17;
const trials = 8;

it('loses nothing and does nothing twice when the server is killed again and again under load', async () => {
  const database = await createTestDatabase();
  try {
    const folder = join(inject('cluster').folder, database.name);
    const at = { ownerUrl: database.ownerUrl, folder, worker: 0 };
    const result = await runKillTrials({ ...at, seed, trials, longestLoadMs: 400 });
    expect(result.violations, reportText([result], { seed, workers: 1, seconds: result.seconds })).toEqual(
      [],
    );
    expect(result.errors).toEqual({});
    // A trial in which nothing went on would prove nothing.
    expect(result.mutations).toBeGreaterThan(10);
    expect(result.kills).toEqual({ start: 1, opening: 2, work: 5 });
    expect(result.unanswered).toBeGreaterThan(trials);
  } finally {
    await database.drop();
  }
});
