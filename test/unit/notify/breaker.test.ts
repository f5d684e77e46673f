/** When calls to an ill endpoint stop, and when they go on. */
import { describe, expect, it } from 'vitest';
import { Breaker } from '../../../src/notify/breaker.ts';

function opened(hasProbe: boolean): Breaker {
  const breaker = new Breaker(hasProbe);
  for (let count = 0; count < 5; count += 1) breaker.failed(0);
  return breaker;
}

describe('breaker', () => {
  it('opens at the fifth failure in a row, and not at five with an answer between', () => {
    const breaker = new Breaker(true);
    for (let count = 0; count < 4; count += 1) breaker.failed(0);
    breaker.succeeded();
    for (let count = 0; count < 4; count += 1) breaker.failed(0);
    expect(breaker.allowance(0)).toBe('all');
    breaker.failed(0);
    expect(breaker.allowance(0)).toBe('none');
    expect(breaker.allowance(1_000)).toBe('probe');
  });

  it('lets one call a second ask where nothing else can, and its answer closes it', () => {
    const breaker = opened(false);
    let asked = 0;
    for (let now = 0; now < 60_000; now += 10) {
      if (breaker.allowance(now) !== 'one') continue;
      asked += 1;
      breaker.asking(now);
      breaker.failed(now + 5);
    }
    expect(asked).toBeLessThanOrEqual(60);
    expect(asked).toBeGreaterThan(50);
    breaker.succeeded();
    expect(breaker.allowance(60_000)).toBe('all');
  });

  it('lets another call ask in the place of one that is not made, but not before the time that an answer set', () => {
    const breaker = opened(false);
    breaker.asking(1_000);
    expect(breaker.allowance(1_010)).toBe('none');
    breaker.notMade(1_010);
    expect(breaker.allowance(1_010)).toBe('one');
    breaker.asking(1_010);
    breaker.refused(1_020);
    breaker.notMade(1_030);
    expect(breaker.allowance(1_030)).toBe('none');
    breaker.succeeded();
    breaker.notMade(1_040);
    expect(breaker.allowance(1_040)).toBe('all');
  });

  it('does not take a probe for proof: one call a second goes until one is answered', () => {
    const breaker = opened(true);
    breaker.asking(1_000);
    breaker.probed(1_100);
    expect(breaker.allowance(1_100)).toBe('one');
    breaker.asking(1_100);
    expect(breaker.allowance(1_200)).toBe('none');
    breaker.failed(1_300);
    expect(breaker.allowance(2_400)).toBe('probe');
    breaker.asking(2_400);
    breaker.probed(2_500);
    breaker.asking(2_500);
    breaker.succeeded();
    expect(breaker.allowance(2_600)).toBe('all');
  });

  it('waits ever longer, up to five minutes, when the app itself is refused', () => {
    const breaker = new Breaker(true);
    breaker.refused(0);
    const waits = [];
    let now = 0;
    for (let count = 0; count < 10; count += 1) {
      waits.push(breaker.askAt - now);
      now = breaker.askAt;
      expect(breaker.allowance(now)).toBe('one');
      breaker.refused(now);
    }
    expect(waits.slice(0, 3)).toEqual([5_000, 10_000, 20_000]);
    expect(waits.at(-1)).toBe(300_000);
    breaker.succeeded();
    expect(breaker.allowance(now)).toBe('all');
  });

  it('takes the refusals of calls that were under way together for one', () => {
    const breaker = new Breaker(true);
    for (let count = 0; count < 50; count += 1) breaker.refused(count);
    expect(breaker.askAt).toBe(5_000);
  });
});
