/** The pacing simulation in short: what `npm run chaos -- pacing` does for a day. */
import { expect, it } from 'vitest';
import { pacingText, runPacing } from './pacing.ts';

it('an hour of traffic exceeds no window and wastes next to nothing, while workers are killed', () => {
  const result = runPacing({ hours: 1, seed: 58 });
  expect(result.violations, pacingText(result)).toEqual([]);
  // An hour in which little happened would prove nothing.
  expect(result.kills).toBeGreaterThanOrEqual(59);
  for (const { sent, replies } of result.lanes) {
    expect(sent).toBeGreaterThan(10_000);
    expect(replies).toBeGreaterThan(500);
  }
  expect(result.broadcasts.map(({ perSecond }) => perSecond)).toEqual([30, 50]);
});
