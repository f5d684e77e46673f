/** Maps that keep what was set last, so that a long run does not fill the memory. */

const maxEntries = 10_000;

/** Sets an entry; beyond 10,000 the one that was set longest ago is forgotten. */
export function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxEntries) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
