/** What became of a send whose outcome is unknown: within the hour it may be repeated, later the chat is read. */
import { z } from 'zod';
import type { LookUp, OutboundDelivery, UnknownSend } from '../../src/kernel/notification.ts';
import type { SendOutcome } from '../../src/kernel/platform.ts';
import type { HttpResult } from '../shared/http-call.ts';
import { outcomeOf } from './errors.ts';
import { hasMark, markOf } from './mark.ts';
import { readAnswer } from './open-api.ts';
import { Budget, callWithToken, type Session } from './session.ts';

/** The platform dedupes by uuid for an hour; what is left is for the repeat to arrive in. */
export const repeatableMs = 55 * 60_000;
/** The platform's clock and ours. */
const clockSlackSeconds = 120;
const pageSize = 50;
/** A chat with more messages than these in the time in question is not read to its end. */
const maxPages = 20;

const itemSchema = z.object({
  message_id: z.string().min(1).max(300),
  msg_type: z.string().catch(''),
  deleted: z.boolean().catch(false),
  updated: z.boolean().catch(false),
  sender: z.object({ id: z.string(), sender_type: z.string() }).optional().catch(undefined),
  body: z.object({ content: z.string() }).optional().catch(undefined),
});
const pageSchema = z.object({
  data: z.object({
    items: z.array(z.unknown()).catch([]),
    has_more: z.boolean().catch(false),
    page_token: z.string().max(2000).catch(''),
  }),
});

/** One page: our message, or how it goes on; `unclear`: some message may have been ours. */
type Page = { end: LookUp } | { end: null; unclear: boolean; next: string | null };

/**
 * Within 55 minutes of the first try the answer is `repeatable`. After that the messages of the chat are listed, and ours
 * is known by the mark that `card_msg_content_type=user_card_content` brings back with the card as it was sent. `absent`
 * is said only where every message of the app bore another mark: one that was recalled, changed or not shown whole may
 * have been this one.
 * Sources: https://open.feishu.cn/document/server-docs/im-v1/message/list; the parameter stands in the types of
 * @larksuiteoapi/node-sdk 1.74.0, its values in https://github.com/openclaw/openclaw/pull/78302.
 */
export async function lookUp(
  session: Session,
  delivery: OutboundDelivery,
  send: UnknownSend,
): Promise<LookUp> {
  if (session.clock.now().getTime() - send.firstStartedAt.getTime() < repeatableMs) {
    return { result: 'repeatable' };
  }
  const chatId = chatIdOf(delivery);
  if (chatId === null)
    return unknowable('The id of the chat with this person is not known, so that it cannot be read.');
  const budget = new Budget(delivery.timeoutMs);
  let unclear = false;
  let pageToken: string | null = null;
  for (let count = 0; count < maxPages; count += 1) {
    const page = await readPage(session, delivery, { chatId, send, pageToken, budget });
    if (page.end !== null) return page.end;
    unclear ||= page.unclear;
    if (page.next === null) return unclear ? unknowable(unclearDetail) : { result: 'absent' };
    pageToken = page.next;
  }
  return unknowable('The chat has too many messages of that time to read them all.');
}

const unclearDetail =
  'A message of the app from that time was recalled, changed or not shown whole, and may have been this one.';

/** Only messages of a chat can be listed, and an open_id is none. */
function chatIdOf({ destination, reference }: OutboundDelivery): string | null {
  const ids = [destination.id, reference?.platformConversationId];
  return ids.find((id) => id?.startsWith('oc_')) ?? null;
}

async function readPage(
  session: Session,
  { registration, token }: OutboundDelivery,
  asked: { chatId: string; send: UnknownSend; pageToken: string | null; budget: Budget },
): Promise<Page> {
  const { chatId, send, pageToken, budget } = asked;
  const result = await callWithToken(
    session,
    {
      method: 'GET',
      url: `${session.apiUrl}/open-apis/im/v1/messages`,
      query: {
        container_id_type: 'chat',
        container_id: chatId,
        start_time: String(Math.floor(send.firstStartedAt.getTime() / 1000) - clockSlackSeconds),
        end_time: String(Math.ceil(send.notAfter.getTime() / 1000) + clockSlackSeconds),
        sort_type: 'ByCreateTimeAsc',
        page_size: String(pageSize),
        card_msg_content_type: 'user_card_content',
        ...(pageToken === null ? {} : { page_token: pageToken }),
      },
    },
    budget,
  );
  const refused = 'result' in result ? result : refusalOf(result, session.clock.now());
  if (refused !== null) return { end: notRead(refused, !('result' in result)) };
  return readItems(result as HttpResult, registration.appId, markOf(token));
}

function readItems(result: HttpResult, appId: string, mark: string): Page {
  const page = pageSchema.safeParse(readAnswer(result)?.body);
  if (!page.success) return { end: { result: 'later' } };
  const { items, has_more, page_token } = page.data.data;
  let unclear = false;
  for (const raw of items) {
    const item = itemSchema.safeParse(raw);
    // What is not understood may be anything.
    if (!item.success) unclear = true;
    if (!item.success || !isOwn(item.data, appId)) continue;
    const content = item.data.body?.content ?? '';
    if (content.includes(mark)) return { end: { result: 'found', messageId: item.data.message_id } };
    unclear ||= item.data.deleted || item.data.updated || !hasMark(content);
  }
  if (has_more && page_token === '') return { end: { result: 'later' } };
  return { end: null, unclear, next: has_more ? page_token : null };
}

/** Cards of this app; it sends nothing else. A recalled message does not tell what it was. */
function isOwn({ sender, msg_type, deleted }: z.infer<typeof itemSchema>, appId: string): boolean {
  if (sender?.sender_type !== 'app' || sender.id !== appId) return false;
  return deleted || msg_type === 'interactive';
}

/** Null for a list. */
function refusalOf(result: HttpResult, now: Date): SendOutcome | null {
  const outcome = outcomeOf(result, null, now);
  return outcome.result === 'sent' ? null : outcome;
}

/** @param asked false where not even a token could be had */
function notRead(outcome: SendOutcome, asked: boolean): LookUp {
  if (outcome.result !== 'rejected') return { result: 'later' };
  if (outcome.retryable || outcome.code === 'throttled') {
    const { retryAfterMs } = outcome;
    return { result: 'later', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  const reason = outcome.detail ?? outcome.code;
  if (!asked) return unknowable(`The chat cannot be read: Lark gives the app no token (${reason}).`);
  return unknowable(
    `Lark does not let the app read the chat (${reason}); groups need the permission im:message.group_msg.`,
  );
}

function unknowable(detail: string): LookUp {
  return { result: 'unknowable', detail };
}
