/** Text in the cells of a terminal: how wide it is, and how it breaks into lines. */

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Shown as one picture, two cells wide: emoji, flags, and symbols with the selector for emoji. */
const picture = /\p{Emoji_Presentation}|\p{Regional_Indicator}|\ufe0f/u;
/** Marks that stand on another character, and formatting characters; not the soft hyphen, which is often drawn. */
const weightless = /^(?!\u00ad)[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u;
/** East Asian Width W and F (https://www.unicode.org/reports/tr11/), by block. */
const wide =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]$/u;

/** Cells that the text takes in a terminal. Terminals disagree about rare scripts and the newest emoji. */
export function cellsOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of segmenter.segment(text)) cells += cellsOfGrapheme(segment);
  return cells;
}

/** The text with spaces up to the width. */
export function padCells(text: string, width: number): string {
  return text + ' '.repeat(Math.max(width - cellsOf(text), 0));
}

/**
 * One line of text as lines of at most `width` cells, broken at spaces, and inside words that are longer than a line.
 * Only a single character that is wider than a whole line exceeds it. Empty text gives no line.
 */
export function wrapText(text: string, width: number): string[] {
  return flow(text.split(/ +/), ' ', width);
}

/** Pieces side by side in lines of at most `width` cells; a piece goes to the next line as a whole if it can. */
export function flow(pieces: readonly string[], gap: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  let cells = 0;
  const put = (piece: string, size: number) => {
    if (line === '') {
      line = piece;
      cells = size;
    } else if (cells + gap.length + size <= width) {
      line += gap + piece;
      cells += gap.length + size;
    } else {
      lines.push(line);
      line = piece;
      cells = size;
    }
  };
  for (const piece of pieces) {
    if (piece === '') continue;
    const size = cellsOf(piece);
    if (size <= width) put(piece, size);
    else for (const part of cutToWidth(piece, width)) put(part, cellsOf(part));
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** Parts of at most `width` cells, never half a character. */
function cutToWidth(text: string, width: number): string[] {
  const parts: string[] = [];
  let part = '';
  let cells = 0;
  for (const { segment } of segmenter.segment(text)) {
    const size = cellsOfGrapheme(segment);
    if (part !== '' && cells + size > width) {
      parts.push(part);
      part = '';
      cells = 0;
    }
    part += segment;
    cells += size;
  }
  if (part !== '') parts.push(part);
  return parts;
}

function cellsOfGrapheme(grapheme: string): number {
  if (picture.test(grapheme)) return 2;
  let cells = 0;
  for (const character of grapheme) {
    if (!weightless.test(character)) cells += wide.test(character) ? 2 : 1;
  }
  return cells;
}
