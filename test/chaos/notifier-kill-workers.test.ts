/** Two notifiers on one database in short: shared lanes, zombies, wrong clocks. */
import { describe, expect, it } from 'vitest';
import { runTwoWorkers } from './notifier-kill-workers.ts';
import { onTestDatabase } from './on-test-database.ts';

const seed = 7;

describe('two servers share the lanes', () => {
  it.each(['slack'])(
    'on %s one that stood still past its lease does no harm when it comes back',
    (platform) =>
      onTestDatabase(async (at) => {
        const result = await runTwoWorkers({ ...at, platform, seed, rounds: 2 });
        expect(result.violations).toEqual([]);
        expect(result.owners).toBe(2);
        // It had messages on the wire, and its lanes went to the other.
        expect(result.frozen.every((count) => count > 0)).toBe(true);
        expect(result.epochs).toBeGreaterThan(1);
      }),
  );

  it('on Lark their clocks may be wrong by minutes', () =>
    onTestDatabase(async (at) => {
      const result = await runTwoWorkers({ ...at, platform: 'lark', seed, rounds: 1, skewMs: 420_000 });
      expect(result.violations).toEqual([]);
    }));
});
