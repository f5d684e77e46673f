/** A message that somebody replied to, as the platform gives it back: rich text and cards become plain text. */
import { z } from 'zod';
import type { SourceMessage } from '../../src/kernel/activity.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { isObject, parseJson } from '../shared/json.ts';
import { type Mention, typedText } from './message-text.ts';
import { readAnswer } from './open-api.ts';

const maxMentions = 100;

const mentionSchema = z.object({ key: z.string().min(1).max(100), name: z.string().max(300).catch('') });
const itemSchema = z.object({
  msg_type: z.string(),
  chat_id: z.string().optional().catch(undefined),
  deleted: z.boolean().catch(false),
  body: z.object({ content: z.string() }),
  mentions: z.array(z.unknown()).catch([]),
  // In the types of @larksuiteoapi/node-sdk 1.74.0; the documentation does not name it.
  sender: z
    .object({ sender_name: z.string().min(1).max(300) })
    .optional()
    .catch(undefined),
});
const answerSchema = z.object({ data: z.object({ items: z.array(z.unknown()).min(1) }) });

/**
 * The message in an answer to GET /open-apis/im/v1/messages/{id}; null when it is gone, holds no text or belongs to
 * another chat than `chatId`. Never throws.
 * Source: https://open.feishu.cn/document/server-docs/im-v1/message/get
 */
export function readSourceMessage(result: HttpResult, chatId: string | null): SourceMessage | null {
  const answer = readAnswer(result);
  if (answer?.code !== 0) return null;
  const items = answerSchema.safeParse(answer.body);
  const item = itemSchema.safeParse(items.data?.data.items[0]);
  if (!item.success || item.data.deleted) return null;
  const { msg_type, body, mentions, sender, chat_id } = item.data;
  if (chatId !== null && chat_id !== undefined && chat_id !== chatId) return null;
  const text = textOf(msg_type, body.content, mentionsOf(mentions));
  if (text === null || text === '') return null;
  return { text, authorName: sender?.sender_name ?? null, url: null };
}

/** A card comes back as lines of spans, like a rich text, but under another name. */
function textOf(kind: string, content: string, mentions: Mention[]): string | null {
  if (kind !== 'interactive') return typedText(kind, content, mentions);
  const card = parseJson(content);
  if (!isObject(card)) return null;
  return typedText('post', JSON.stringify({ title: card.title, content: card.elements }), mentions);
}

/** Mentions stay in what is quoted, the bot's too. */
function mentionsOf(raw: unknown[]): Mention[] {
  return raw.slice(0, maxMentions).flatMap((entry) => {
    const mention = mentionSchema.safeParse(entry);
    return mention.success ? [{ ...mention.data, openId: undefined, bot: false }] : [];
  });
}
