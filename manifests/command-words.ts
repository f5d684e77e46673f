/** The words of a command without what a person fills in: `assign 1002 to me` → `assign`. */

/**
 * The beginning of an example that consists of the pattern's own words. Sent alone, it makes the bot ask for the rest,
 * where the example itself would change somebody's ticket.
 * @param patterns in the notation of the language files; spaces part words there, and Chinese ones need none
 */
export function commandWords(example: string, patterns: readonly string[]): string {
  const literals = [...new Set(patterns.flatMap(wordsOf))].sort((one, other) => other.length - one.length);
  const text = example.toLowerCase();
  let end = 0;
  for (;;) {
    const start = end + (/^\s+/.exec(text.slice(end))?.[0].length ?? 0);
    const word = literals.find((literal) => startsWithWord(text, start, literal));
    if (word === undefined) return end === 0 ? example : example.slice(0, end);
    end = start + word.length;
  }
}

function wordsOf(pattern: string): string[] {
  return (
    pattern
      .toLowerCase()
      .replace(/<[^<>]*>/g, ' ')
      .match(/[^\s[\]()|:：¶<>]+/g) ?? []
  );
}

/** Whether the word stands there whole: `note` does not begin `notebook`, while `分配` may begin `分配1002`. */
function startsWithWord(text: string, start: number, word: string): boolean {
  if (!text.startsWith(word, start)) return false;
  const around = text.slice(start + word.length - 1, start + word.length + 1);
  return !/^[\p{Script=Latin}\d]{2}$/u.test(around);
}
