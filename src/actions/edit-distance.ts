/** How far a mistyped beginning is from a word. */

/**
 * Damerau–Levenshtein distances (its restricted form: no part is edited twice) between a word and the beginnings of a
 * text. Linear in the word's length times the text's: pass no more of the text than can matter.
 * @returns at index n the distance to the first n units of the text
 */
export function prefixDistances(word: string, text: string): number[] {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: text.length + 1 }, (_, column) => column);
  for (let row = 1; row <= word.length; row++) {
    const current = [row];
    for (let column = 1; column <= text.length; column++) {
      const same = word[row - 1] === text[column - 1];
      let distance = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      const swapped = word[row - 1] === text[column - 2] && word[row - 2] === text[column - 1];
      if (row > 1 && column > 1 && swapped) distance = Math.min(distance, at(beforePrevious, column - 2) + 1);
      current.push(distance);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous;
}

function at(row: number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
