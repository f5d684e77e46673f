/** Arithmetic of the notifier's benchmark: how late the latest are, and how evenly a share is spread. */

/**
 * The value that so many percent of all do not exceed (nearest rank: always one of the values).
 * @param percent above 0, at most 100
 * @throws RangeError for an empty list, or a percentage that is none
 */
export function percentile(values: readonly number[], percent: number): number {
  if (!(percent > 0 && percent <= 100)) throw new RangeError('a percentage lies above 0 and is at most 100');
  const sorted = [...values].sort((one, other) => one - other);
  // 99.9 % of 1,000 may come out a hair above 999.
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length - 1e-9) - 1)];
  if (value === undefined) throw new RangeError('no values');
  return value;
}

/**
 * Jain's index of fairness: 1 when all have the same, 1/n when one of n has everything.
 * https://arxiv.org/abs/cs/9809099
 * @param shares none negative
 * @throws RangeError for an empty list, or when nobody has anything
 */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share ** 2, 0);
  if (!(squares > 0)) throw new RangeError('nobody has anything');
  return sum ** 2 / (shares.length * squares);
}
