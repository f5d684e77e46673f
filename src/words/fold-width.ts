/** Full-width characters, which East Asian input methods type, as their plain counterparts. */

/** U+FF01–FF5E repeat U+0021–7E at this distance (Unicode block "Halfwidth and Fullwidth Forms"). */
const fullWidthOffset = 0xfee0;

/**
 * The text with full-width digits, letters and punctuation as ASCII, and the ideographic and the zero-width space as
 * plain spaces. One unit stands for one unit: positions in the result are positions in the text.
 */
export function foldWidth(text: string): string {
  return text
    .replace(/[\uff01-\uff5e]/g, (char) => String.fromCharCode(char.charCodeAt(0) - fullWidthOffset))
    .replace(/[\u3000\u200b]/g, ' ');
}
