/** The workers' common clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Sql } from '../../../src/infra/database.ts';
import { DatabaseTime } from '../../../src/notify/time.ts';

/** A database whose clock is so far ahead of ours, and that answers after a while. */
function databaseAhead(ms: number, answersAfterMs = 0): Sql {
  return {
    async query<Row>(): Promise<Row[]> {
      const now = new Date(Date.now() + ms);
      await sleep(answersAfterMs);
      return [{ now }] as Row[];
    },
    execute: async () => 0,
  };
}

describe('DatabaseTime', () => {
  it("goes by the database's clock", async () => {
    const time = new DatabaseTime();
    await time.align(databaseAhead(420_000));
    expect(Math.abs(time.now() - Date.now() - 420_000)).toBeLessThan(100);
  });

  it('keeps what it knows when the process stood still during the question', async () => {
    const time = new DatabaseTime();
    await time.align(databaseAhead(420_000));
    await time.align(databaseAhead(420_000, 1_300));
    expect(Math.abs(time.now() - Date.now() - 420_000)).toBeLessThan(100);
  });

  it('takes what it gets at first, however slow', async () => {
    const time = new DatabaseTime();
    await time.align(databaseAhead(420_000, 1_300));
    expect(Math.abs(time.now() - Date.now() - 420_000)).toBeLessThan(1_000);
  });
});
