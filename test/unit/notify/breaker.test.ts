/** When a lane stops asking an ill platform, and when it goes on. */
import { describe, expect, it } from 'vitest';
import { Breaker } from '../../../src/notify/breaker.ts';

describe('breaker', () => {
  it('opens at the fifth failure in a row, and not at five with an answer between', () => {
    const breaker = new Breaker();
    for (let count = 0; count < 4; count += 1) breaker.failed(0);
    breaker.succeeded();
    for (let count = 0; count < 4; count += 1) breaker.failed(0);
    expect(breaker.allowance(0)).toBe('all');
    breaker.failed(0);
    expect(breaker.allowance(0)).toBe('none');
  });

  it('lets one call a second ask while it is open, and an answer closes it', () => {
    const breaker = new Breaker();
    for (let count = 0; count < 5; count += 1) breaker.failed(0);
    let asked = 0;
    for (let now = 0; now < 60_000; now += 10) {
      if (breaker.allowance(now) !== 'probe') continue;
      asked += 1;
      breaker.probing(now);
      breaker.failed(now + 5);
    }
    expect(asked).toBeLessThanOrEqual(60);
    expect(asked).toBeGreaterThan(50);
    breaker.succeeded();
    expect(breaker.allowance(60_000)).toBe('all');
  });

  it('waits ever longer, up to five minutes, when the app itself is refused', () => {
    const breaker = new Breaker();
    breaker.refused(0);
    const waits = [];
    let now = 0;
    for (let count = 0; count < 10; count += 1) {
      waits.push(breaker.nextProbeAt - now);
      now = breaker.nextProbeAt;
      expect(breaker.allowance(now)).toBe('probe');
      breaker.refused(now);
    }
    expect(waits.slice(0, 3)).toEqual([5_000, 10_000, 20_000]);
    expect(waits.at(-1)).toBe(300_000);
    breaker.succeeded();
    expect(breaker.state).toBe('closed');
  });
});
