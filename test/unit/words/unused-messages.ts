/** Finds messages that nothing says any more. */

/** Keys that code puts together, e.g. from an error's code, and that cannot be found by their text. */
export const dynamicPrefixes = [
  'action.',
  'approval_status.',
  'ask.ordinal.',
  'ask.slot.',
  'button.my_',
  'category.',
  'destination.',
  'error.',
  'field.',
  'note_kind.',
  'priority.',
  'record_kind.',
  'role.',
] as const;

/** Keys under no dynamic prefix that stand in none of the sources as a quoted text. */
export function unusedKeys(keys: readonly string[], sources: readonly string[]): string[] {
  const quoted = new Set(
    sources.flatMap((source) => source.match(/(?<=['"`])[a-z_]+(?:\.[a-z_]+)+(?=['"`])/g) ?? []),
  );
  return keys.filter((key) => !quoted.has(key) && !dynamicPrefixes.some((prefix) => key.startsWith(prefix)));
}
