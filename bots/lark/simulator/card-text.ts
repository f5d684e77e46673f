/** Markdown of Lark cards as a client draws it: plain text, its links, and whether it is red. */

export interface DrawnText {
  text: string;
  /** The first link's address. */
  link: string | null;
  /** It is drawn in red, as refusals are. */
  red: boolean;
}

const entities: Readonly<Record<string, string>> = {
  nbsp: '\u00a0',
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};

/**
 * One line of markdown as it is read. Known: links, bold, italic, struck and code marks, colours, mentions, entities.
 * @see https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/rich-text
 */
export function drawMarkdown(line: string): DrawnText {
  const link = /\[[^\]]*\]\(([^)\s]+)\)/.exec(line)?.[1] ?? null;
  const text = line
    .replace(/\[([^\]]*)\]\([^)\s]+\)/g, '$1')
    .replace(/<at [^>]*>(.*?)<\/at>/g, '@$1')
    .replace(/<br\s*\/?>/g, ' ')
    .replace(/<\/?(?:font|text_tag|link|a|b|i|u)\b[^>]*>/g, '')
    .replace(/^#{1,6}\s+/, '')
    .replace(/(\*\*|__|~~)(?=\S)(.*?\S)\1/g, '$2')
    .replace(/(?<![\w*])\*(?=\S)([^*]*\S)\*(?![\w*])/g, '$1')
    .replace(/`([^`]*)`/g, '$1')
    .replace(/\\([\\`*_{}[\]()#+\-.!|>~])/g, '$1');
  const red = /<font color=["']?(?:red|carmine)\b/.test(line);
  return { text: decodeEntities(text), link: link === null ? null : decodeEntities(link), red };
}

/** Characters that were written as entities, which is how markdown is escaped on cards. */
function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,5}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
