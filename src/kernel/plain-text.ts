/** Plain text that is safe to show: what people typed, without what could disguise it or drive a terminal. */

const lineBreaks = /\r\n?|[\u0085\u2028\u2029]/g;
/** C0 and C1 controls but line feed, byte order mark, interlinear annotations. */
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ufeff\ufff9-\ufffb]/g;
/**
 * Embeddings, overrides and isolates: an unclosed one reorders whatever follows (CVE-2021-42574). The plain marks
 * (U+200E, U+200F, U+061C) stay: they change nothing beyond their neighbours, and right-to-left texts need them.
 */
const bidiControls = /[\u202a-\u202e\u2066-\u2069]/g;

/**
 * The text without control and bidi control characters and without lone surrogates. Every kind of line break becomes
 * a line feed, a tab becomes a space.
 */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(lineBreaks, '\n')
    .replaceAll('\t', ' ')
    .replace(controls, '')
    .replace(bidiControls, '');
}

/** The cleaned text on one line: runs of white space become one space. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ').trim();
}

/** At most `max` UTF-16 units (≥ 1), the last of them `…` where something was cut; never half a character. */
export function truncateText(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '');
  return `${cut.replace(/[\u200d\s]+$/, '')}…`;
}
