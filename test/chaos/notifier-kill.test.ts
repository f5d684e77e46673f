/** The notifier's crash trials in short: what `npm run chaos -- notifier-kill` does at any length. */
import { describe, expect, it } from 'vitest';
import { platforms } from '../../bots/index.ts';
import { larkText, runLark } from './notifier-kill-lark.ts';
import { notifierKillText } from './notifier-kill-report.ts';
import { backWithinMs, leastUnfinished, runNotifierTrials } from './notifier-kill-trials.ts';
import { onTestDatabase } from './on-test-database.ts';

const seed = 7;
const trials = 3;

describe('the server is killed again and again', () => {
  it.each(platforms.map(({ id }) => id))(
    'on %s: no delivery lost or doubled, none called sent that nobody sees',
    (platform) =>
      onTestDatabase(async (at) => {
        const result = await runNotifierTrials({ ...at, worker: 0, platform, seed, trials });
        const text = notifierKillText([result], { platform, seed, workers: 1, seconds: result.seconds });
        expect(result.violations, text).toEqual([]);
        expect(result.errors).toEqual({});
        // A trial in which little went on would prove little.
        expect(result.caught).toHaveLength(trials);
        expect(Math.min(...result.caught.map(({ unfinished }) => unfinished))).toBeGreaterThanOrEqual(
          leastUnfinished,
        );
        expect(Math.max(...result.caught.map(({ onTheWire }) => onTheWire))).toBeGreaterThan(20);
        expect(result.deliveries).toBeGreaterThan(80);
      }),
  );

  it('of 200 notifications to Lark 200 are visible and sent after three kills, each made good within 15 s', () =>
    onTestDatabase(async (at) => {
      const result = await runLark({ ...at, seed });
      console.log(larkText(result));
      expect(result.violations).toEqual([]);
      expect(result).toMatchObject({ visible: 200, sent: 200 });
      expect(result.backMs).toHaveLength(3);
      expect(Math.max(...result.backMs)).toBeLessThan(backWithinMs);
      // Each kill came in the middle.
      expect(Math.max(...result.killedAt)).toBeLessThan(200);
    }));
});
