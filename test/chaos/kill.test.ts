/** The crash trials in short: what `npm run chaos -- kill` does at any length. */
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { platforms } from '../../bots/index.ts';
import { createTestDatabase } from '../support/databases.ts';
import { runKillTrials } from './kill-trials.ts';
import { reportText } from './report.ts';

/** One kill while the server starts, two soon after, the others at work. */
const seed = 20;
const trials = 6;

it.each(platforms.map(({ id }) => id))(
  'on %s nothing is lost or done twice when the server is killed again and again under load',
  async (platform) => {
    const database = await createTestDatabase();
    try {
      const folder = join(inject('cluster').folder, database.name);
      const at = { ownerUrl: database.ownerUrl, folder, worker: 0 };
      const result = await runKillTrials({ ...at, platform, seed, trials, longestLoadMs: 400 });
      const facts = { platform, seed, workers: 1, seconds: result.seconds };
      expect(result.violations, reportText([result], facts)).toEqual([]);
      expect(result.errors).toEqual({});
      // A trial in which nothing went on would prove nothing.
      expect(result.mutations).toBeGreaterThan(10);
      expect(result.kills).toEqual({ start: 1, opening: 2, work: 3 });
      expect(result.unanswered).toBeGreaterThan(trials);
    } finally {
      await database.drop();
    }
  },
);
