/** What a person wrote, out of Slack's markup: mentions, links and escapes become plain text. */

const escapes: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

/**
 * The text as a person reads it. Mentions of `botUserId` go. Only `&`, `<` and `>` are escaped, and each is brought
 * back once. https://docs.slack.dev/messaging/formatting-message-text
 */
export function plainText(markup: string, botUserId: string | null): string {
  return markup
    .replace(/<([^<>]*)>/g, (whole, inner: string) => readable(inner, botUserId) ?? whole)
    .replace(/&(?:amp|lt|gt);/g, (escaped) => escapes[escaped] ?? escaped)
    .replaceAll('\u00a0', ' ')
    .trim();
}

/** Whether the text mentions the user. */
export function mentions(markup: string, userId: string): boolean {
  return markup.includes(`<@${userId}>`) || markup.includes(`<@${userId}|`);
}

/** The user whom the text mentions first, before anything else; null when it begins otherwise. */
export function leadingMention(markup: string): string | null {
  return /^\s*<@([UW][A-Za-z0-9]{1,60})[>|]/.exec(markup)?.[1] ?? null;
}

/** What stands for one `<…>`: its label where it has one; null when it is no markup, as commands may hold. */
function readable(inner: string, botUserId: string | null): string | null {
  const bar = inner.indexOf('|');
  const target = bar === -1 ? inner : inner.slice(0, bar);
  const label = bar === -1 ? '' : inner.slice(bar + 1);
  const name = target.slice(1);
  if (name === '') return null;
  switch (target.charAt(0)) {
    case '@':
      return name === botUserId ? ' ' : withMark('@', label || name);
    case '#':
      return withMark('#', label || name);
    case '!':
      // `<!here>`, `<!subteam^S…|@team>`, `<!date^…|as words>`.
      return label || withMark('@', name.split('^')[1] ?? name);
    default:
      return /^[a-z][a-z0-9+.-]{0,30}:/i.test(target) ? linkText(target, label) : null;
  }
}

/** A link's address stays beside its label, unless the label says the same. */
function linkText(url: string, label: string): string {
  if (label === '') return url.replace(/^(?:mailto|tel):/, '');
  const bare = url.replace(/^(?:https?:\/\/|mailto:|tel:)/, '').replace(/\/$/, '');
  return label === url || label === bare ? label : `${label} (${url.replace(/^mailto:/, '')})`;
}

function withMark(mark: string, name: string): string {
  return name.startsWith(mark) ? name : mark + name;
}
