/** A typed message made ready for matching, and where a word may end in it. */
import { cleanText } from '../kernel/plain-text.ts';
import { foldWidth } from '../words/fold-width.ts';

/** Three views of one message; a position means the same in each. */
export interface CommandText {
  /** As typed, cleaned: what free text is taken from. */
  readonly text: string;
  /** With full-width characters folded: what references and codes are taken from. */
  readonly folded: string;
  /** Folded and lower case: what words are looked for in. */
  readonly shadow: string;
}

/** Direction marks; inside a command word or a number they would hide it. */
const directionMarks = /[\u061c\u200e\u200f]/g;
const letter = /[\p{L}\p{N}\p{M}_]/u;
/** Scripts that put no space between words, or none between a number and the word after it. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Cleans what was typed: no control or direction characters, line breaks as line feeds, emoji as they were. */
export function readCommandText(typed: string): CommandText {
  const text = cleanText(typed).replace(directionMarks, '').trim();
  const folded = foldWidth(text);
  return { text, folded, shadow: lowerCase(folded) };
}

/** The part between two positions. */
export function sliceCommandText(whole: CommandText, start: number, end?: number): CommandText {
  return {
    text: whole.text.slice(start, end),
    folded: whole.folded.slice(start, end),
    shadow: whole.shadow.slice(start, end),
  };
}

/** Lower case of the same length: `İ` alone would grow, and stays. */
export function lowerCase(text: string): string {
  return text
    .split('İ')
    .map((part) => part.toLowerCase())
    .join('İ');
}

/** Whether two characters side by side belong to one word, so that words could only meet there with a space. */
export function joins(before: string | undefined, after: string | undefined): boolean {
  return isSpacedLetter(before) && isSpacedLetter(after);
}

/** Whether a text has a character of a script without spaces, in which one stands for a syllable or a word. */
export function hasUnspaced(text: string): boolean {
  return unspaced.test(text);
}

function isSpacedLetter(char: string | undefined): boolean {
  return char !== undefined && letter.test(char) && !unspaced.test(char);
}
