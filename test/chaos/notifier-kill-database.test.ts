/** A notifier whose database goes away, in short. */
import { expect, inject, it } from 'vitest';
import { runDatabaseFaults } from './notifier-kill-database.ts';

const seed = 7;

it.each(['slack'])(
  'on %s nothing is lost or doubled when the database restarts, loses its connections or is out of reach',
  async (platform) => {
    const { folder } = inject('cluster');
    const result = await runDatabaseFaults({ platform, folder, seed, rounds: 1, outOfReachMs: 7_000 });
    expect(result.violations, JSON.stringify(result.absences)).toEqual([]);
    expect(result.absences.every(({ onTheWire }) => onTheWire > 0)).toBe(true);
    // The process lived, so it knows what became of everything.
    expect(result.held).toBe(0);
  },
);
