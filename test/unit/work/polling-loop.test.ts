/** The loop of sweeps: never twice at once, undeterred by failures, and gone when it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startPolling } from '../../../src/work/polling-loop.ts';
import { recordingLog } from '../../support/log.ts';

describe('polling loop', () => {
  it('never runs its work twice at once, and stop waits for what is under way', async () => {
    let running = 0;
    let most = 0;
    let turns = 0;
    const run = async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(5);
      running -= 1;
      turns += 1;
    };
    const loop = startPolling({ name: 'test', everyMs: 1, log: recordingLog().log, run });
    while (turns < 5) await sleep(2);
    await loop.stop();
    const after = turns;
    expect(running).toBe(0);
    expect(most).toBe(1);
    await sleep(30);
    expect(turns).toBe(after);
  });

  it('goes on after a failure, says so, and does not count it as a success', async () => {
    const { log, lines } = recordingLog();
    let turns = 0;
    const loop = startPolling({
      name: 'failing',
      everyMs: 1,
      log,
      run: async () => {
        turns += 1;
        throw new Error('no');
      },
    });
    const began = loop.lastSuccess.getTime();
    while (turns < 3) await sleep(2);
    await loop.stop();
    expect(loop.lastSuccess.getTime()).toBe(began);
    expect(lines[0]).toMatchObject({ level: 'warn', fields: { loop: 'failing' } });
  });

  it('stops at once while it waits', async () => {
    const loop = startPolling({
      name: 'slow',
      everyMs: 60_000,
      log: recordingLog().log,
      run: async () => undefined,
    });
    await sleep(10);
    const started = Date.now();
    await loop.stop();
    await loop.stop();
    expect(Date.now() - started).toBeLessThan(1_000);
  });
});
