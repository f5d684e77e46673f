/** The cache: one load at a time, for a fixed time, never more entries than allowed, and no memory of failures. */
import { describe, expect, it } from 'vitest';
import { KeyedCache } from '../../../src/infra/keyed-cache.ts';

function cacheAt(start: number) {
  const clock = { at: start, now: () => new Date(clock.at) };
  return { clock, cache: new KeyedCache<number>({ ttlMs: 100, maxEntries: 3, clock }) };
}

describe('keyed cache', () => {
  it('loads once while the entry lives, also for those who ask at the same time', async () => {
    const { clock, cache } = cacheAt(0);
    let loads = 0;
    const load = async () => {
      loads += 1;
      return loads;
    };
    expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).toEqual([1, 1]);
    clock.at = 99;
    expect(await cache.get('a', load)).toBe(1);
    clock.at = 100;
    expect(await cache.get('a', load)).toBe(2);
  });

  it('does not keep a failure', async () => {
    const { cache } = cacheAt(0);
    await expect(cache.get('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await cache.get('a', async () => 7)).toBe(7);
  });

  it('drops the oldest entry beyond its size', async () => {
    const { cache } = cacheAt(0);
    for (const key of ['a', 'b', 'c', 'd']) await cache.get(key, async () => 1);
    expect(await cache.get('d', async () => 2)).toBe(1);
    expect(await cache.get('a', async () => 2)).toBe(2);
  });

  it('forgets on demand', async () => {
    const { cache } = cacheAt(0);
    await cache.get('a', async () => 1);
    cache.delete('a');
    expect(await cache.get('a', async () => 2)).toBe(2);
    cache.clear();
    expect(await cache.get('a', async () => 3)).toBe(3);
  });
});
