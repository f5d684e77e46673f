/** Which links a card may offer. */

/** The URL in normal form, or null when it is none that a person should be led to (`javascript:`, over 2,000 long). */
export function safeUrl(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, href } = new URL(url);
  return ['https:', 'http:', 'mailto:'].includes(protocol) && href.length <= 2000 ? href : null;
}
