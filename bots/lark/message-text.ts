/** What a person typed, out of Lark's forms of it: mentions, links, rich text and the markup of version 1 become plain text. */
import { z } from 'zod';
import { isObject, parseJson } from '../shared/json.ts';
import { text as textMember } from './envelope.ts';

/** Mentions of one message that are looked at; real ones have a handful. */
const maxMentions = 100;
const maxSpans = 5_000;

export interface Mention {
  /** What stands for it in the text, e.g. `@_user_1`. */
  key: string;
  name: string;
  openId: string | undefined;
  /** It names our bot. */
  bot: boolean;
}

const mentionSchema = z.object({
  key: z.string().min(1).max(100),
  name: z.string().max(300).catch(''),
  id: z.object({ open_id: textMember(100) }).catch({ open_id: undefined }),
  mentioned_type: textMember(50),
  bot_info: z
    .object({ app_id: textMember(200) })
    .optional()
    .catch(undefined),
});

const textSchema = z.object({ text: z.string() });
const spanSchema = z.object({
  tag: z.string(),
  text: z.string().catch(''),
  href: z.string().catch(''),
  user_id: z.string().catch(''),
  user_name: z.string().catch(''),
});

/**
 * Who is mentioned in the message, and which of them is our bot. No event tells the bot's own id. A bot's mention says
 * so in `mentioned_type`, some also whose app it is in `bot_info`. Where no mention says what it is (as in the example of
 * the documentation) the first one of a group message is taken for the bot's: with the usual permission an app gets no
 * others than those that mention it.
 * Sources: https://open.feishu.cn/document/server-docs/im-v1/message/events/receive; `mentioned_type` from the types of
 * @larksuiteoapi/node-sdk 1.74.0.
 */
export function mentionsOf(raw: unknown, appId: string, inGroup: boolean): Mention[] {
  const listed = Array.isArray(raw) ? raw.slice(0, maxMentions) : [];
  const mentions = listed.flatMap((item) => {
    const mention = mentionSchema.safeParse(item);
    return mention.success ? [mention.data] : [];
  });
  const typed = mentions.some((mention) => mention.mentioned_type !== undefined);
  return mentions.map((mention, index) => {
    const app = mention.bot_info?.app_id;
    const ours = mention.mentioned_type === 'bot' && (app === undefined || app === appId);
    const bot = typed ? ours : inGroup && index === 0;
    return { key: mention.key, name: mention.name, openId: mention.id.open_id, bot };
  });
}

/**
 * The typed text of a message. Mentions of the bot go, others stay as names.
 * @param content the message's content: JSON in a text
 * @returns null for kinds that hold no text (images, files, cards …) and for content that cannot be read
 * Source: https://open.feishu.cn/document/server-docs/im-v1/message-content-description/message_content
 */
export function typedText(kind: string, content: string, mentions: Mention[]): string | null {
  const value = parseJson(content);
  if (kind === 'text') {
    const read = textSchema.safeParse(value);
    return read.success ? linksToText(withNames(read.data.text, mentions)).trim() : null;
  }
  return kind === 'post' ? postToText(value, mentions) : null;
}

/** The text of a message of version 1, where mentions stand as `<at open_id="…">@Ann</at>` and rich text is HTML. */
export function textOfVersion1(kind: 'text' | 'post', text: string): string {
  const named = text.replace(/<at\b[^<>]*>\s*@?([^<]*)<\/at>/gi, '$1');
  if (kind === 'text') return named.trim();
  return named
    .replace(/<(?:br|\/p|\/div|\/li)\b[^<>]*>/gi, '\n')
    .replace(/<\/?(?:p|div|li|ul|ol|b|i|u|s|strong|em|a|span|figure|img)\b[^<>]*>/gi, '')
    .trim();
}

/** Rich text: its title and its lines. Sent ones are wrapped in a language, received ones are not; both are read. */
function postToText(value: unknown, mentions: Mention[]): string | null {
  const post = postOf(value);
  if (post === null) return null;
  const lines = typeof post.title === 'string' && post.title !== '' ? [post.title] : [];
  let spans = 0;
  for (const line of post.content) {
    if (!Array.isArray(line)) continue;
    const taken = line.slice(0, maxSpans - spans);
    spans += taken.length;
    lines.push(
      taken
        .map((span) => spanToText(span, mentions))
        .join('')
        .trim(),
    );
  }
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function postOf(value: unknown): { title: unknown; content: unknown[] } | null {
  if (!isObject(value)) return null;
  for (const post of [value, ...Object.values(value)]) {
    if (isObject(post) && Array.isArray(post.content)) return { title: post.title, content: post.content };
  }
  return null;
}

function spanToText(raw: unknown, mentions: Mention[]): string {
  const read = spanSchema.safeParse(raw);
  if (!read.success) return '';
  const { tag, text, href, user_id, user_name } = read.data;
  switch (tag) {
    case 'text':
    case 'md':
    case 'code_block':
      return text;
    case 'a':
      return linkToText(text, href);
    case 'at':
      return mentionToText(user_id, user_name, mentions);
    default:
      return '';
  }
}

function mentionToText(id: string, name: string, mentions: Mention[]): string {
  const mention = mentions.find(({ key, openId }) => key === id || openId === id);
  if (mention === undefined) return id === 'all' || id === '@_all' ? '@all' : name;
  return mention.bot ? ' ' : mention.name || name;
}

/** The text with names in the place of mentions. One pass, so that a name that looks like a mention stays a name. */
function withNames(text: string, mentions: Mention[]): string {
  const byKey = new Map(mentions.map((mention) => [mention.key, mention]));
  return text.replace(/@_(?:user_\d{1,6}|all)/g, (key) => {
    const mention = byKey.get(key);
    if (mention === undefined) return key === '@_all' ? '@all' : key;
    return mention.bot ? ' ' : mention.name;
  });
}

/** Lark writes the links and e-mail addresses of a text message as `[label](address)`, typed ones too. */
function linksToText(text: string): string {
  return text.replace(
    /\[([^[\]\n]{1,500})\]\(((?:https?:\/\/|mailto:)[^\s()]{1,2000})\)/g,
    (_, label, href) => linkToText(label, href),
  );
}

/** The label alone where it is the address already. */
function linkToText(label: string, href: string): string {
  if (href === '' || label === '') return label === '' ? href : label;
  const same = bareAddress(label) === bareAddress(href);
  return same ? label : `${label} (${href})`;
}

function bareAddress(address: string): string {
  return address.replace(/^(?:mailto:|https?:\/\/)/, '').replace(/\/$/, '');
}
