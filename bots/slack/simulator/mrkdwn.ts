/** What a person reads where a bot wrote Slack's mrkdwn, and what Slack makes of what a person types. */

/** A line as it is shown, and the first address behind it. */
export interface Shown {
  text: string;
  link: string | null;
}

/**
 * Takes the markup away: `*bold*`, `_italic_`, `~struck~`, code, `<url|label>`, `<@user>`, dates, entities.
 * https://docs.slack.dev/messaging/formatting-message-text
 * @param nameOf display name of a user id; null when there is nobody
 */
export function showMrkdwn(source: string, nameOf: (userId: string) => string | null): Shown {
  const kept: string[] = [];
  const keep = (text: string): string => {
    kept.push(text);
    return `\u0000${kept.length - 1}\u0000`;
  };
  let link: string | null = null;
  const withoutTags = source.replaceAll('\u0000', '').replace(/<([^<>\n]+)>/g, (_whole, inner: string) => {
    const reference = readReference(inner, nameOf);
    link ??= reference.link;
    return keep(reference.text);
  });
  const withoutCode = withoutTags.replace(/```([\s\S]+?)```|`([^`\n]+)`/g, (_whole, block, inline) =>
    keep(unescapeText(block ?? inline)),
  );
  let text = withoutCode;
  for (const mark of ['*', '_', '~']) {
    // Markup counts only around words: not inside one, and not beside a space of its own.
    const pattern = new RegExp(
      `(^|[^\\p{L}\\p{N}${mark}])[${mark}](?=[^\\s${mark}])([^\\n${mark}]*[^\\s${mark}])[${mark}](?![\\p{L}\\p{N}${mark}])`,
      'gu',
    );
    text = text.replace(pattern, '$1$2');
  }
  text = unescapeText(text);
  // What was kept may hold what was kept before it, as a link inside of code.
  while (text.includes('\u0000'))
    text = text.replace(/\u0000(\d+)\u0000/g, (_whole, index) => kept[Number(index)] ?? '');
  return { text, link };
}

/** The three characters that Slack's text escapes, made readable again. */
export function unescapeText(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** What Slack sends for a text that a person typed: escaped, with addresses made links. */
export function typedText(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return escaped
    .replace(/\bhttps?:\/\/[^\s]+/g, (url) => `<${url}>`)
    .replace(
      /(^|\s)([\w.+-]+@[\w-]+(?:\.[\w-]+)+)/g,
      (_whole, before, mail) => `${before}<mailto:${mail}|${mail}>`,
    );
}

interface Reference {
  text: string;
  link: string | null;
}

function readReference(inner: string, nameOf: (userId: string) => string | null): Reference {
  const bar = inner.indexOf('|');
  const target = bar === -1 ? inner : inner.slice(0, bar);
  const label = bar === -1 ? null : unescapeText(inner.slice(bar + 1));
  if (target.startsWith('@')) {
    return { text: `@${label ?? nameOf(target.slice(1)) ?? target.slice(1)}`, link: null };
  }
  if (target.startsWith('#')) return { text: `#${label ?? target.slice(1)}`, link: null };
  if (target.startsWith('!')) return { text: label ?? `@${target.slice(1)}`, link: null };
  return { text: label ?? unescapeText(target), link: unescapeText(target) };
}
