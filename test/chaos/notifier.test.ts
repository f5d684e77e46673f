/** Crashes of the notifier in short: what `npm run chaos -- notifier` does for longer. */
import { describe } from 'vitest';
import { platforms } from '../../bots/index.ts';
import { crashText } from './notifier-crash-report.ts';
import { runCrashes } from './notifier-crashes.ts';
import { crashPoints } from './notifier-life.ts';
import { wireFaults } from './notifier-wire.ts';
import { onTestDatabase } from './on-test-database.ts';

const seed = 7;
const crashes = 670;

describe.concurrent('workers die at every point, with 50 deliveries unfinished', (it) => {
  it.for(platforms.map(({ id }) => id))(
    'on %s: none lost, none called sent that nobody sees, none doubled that can be told',
    (platform, { expect }) =>
      onTestDatabase(async ({ ownerUrl }) => {
        const result = await runCrashes({ platform, ownerUrl, seed, crashes });
        console.log(crashText([result]));
        expect(result.violations).toEqual([]);
        // Crashes that caught little would prove little.
        expect(result.crashes).toBe(crashes);
        expect(result.leastUnfinished).toBeGreaterThanOrEqual(50);
        for (const point of crashPoints) expect(result.byPoint[point], point).toBeGreaterThan(10);
        for (const fault of wireFaults) expect(result.faults[fault], fault).toBeGreaterThan(10);
        expect(result.inFlight.most).toBeGreaterThan(20);
        expect(result.slowestRecoveryMs).toBeLessThan(15_000);
      }),
  );
});
