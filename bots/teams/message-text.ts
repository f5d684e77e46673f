/** What a person typed, out of Teams' markup: mentions, HTML and character references become plain text. */
import type { Mention } from './envelope.ts';

const named: Record<string, string> = { nbsp: ' ', amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * The typed text. Mentions of the bot go, others stay as names. Each pattern below stops at the next `<`, so that the
 * time grows with the length only.
 */
export function typedText(
  text: string,
  format: string | undefined,
  mentions: Mention[],
  botIds: string[],
): string {
  let rest = text;
  for (const mention of mentions) {
    if (botIds.includes(mention.id)) rest = rest.replaceAll(mention.text, ' ');
  }
  rest = rest.replace(/<at\b[^<>]*>([^<]*)<\/at>/gi, '$1');
  return format === 'html' || format === 'xml' ? htmlToText(rest) : decodeReferences(rest).trim();
}

/** HTML as plain text: blocks and breaks become line feeds, all other tags nothing. */
export function htmlToText(html: string): string {
  const lines = html
    .replace(/\s+/g, ' ')
    .replace(/<(?:br|\/p|\/div|\/li|\/tr|\/h[1-6]|\/blockquote)\b[^<>]*>/gi, '\n')
    .replace(/<[^<>]*>/g, '')
    .split('\n')
    .map((line) => decodeReferences(line).trim());
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Character references, each decoded once; no-break spaces become spaces. */
function decodeReferences(text: string): string {
  return text
    .replace(
      /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(nbsp|amp|lt|gt|quot|apos));/gi,
      (whole, decimal, hex, name) => {
        if (typeof name === 'string') return named[name.toLowerCase()] ?? whole;
        const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16);
        return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
      },
    )
    .replace(/\u00a0/g, ' ');
}
