/** Messages that people wrote, in both versions of the event. */
import { z } from 'zod';
import type { Intent } from '../../src/kernel/activity.ts';
import { type Draft, ignored } from './draft.ts';
import { type Envelope, personOf, text } from './envelope.ts';
import { mentionsOf, textOfVersion1, typedText } from './message-text.ts';
import { conversationType, toReference } from './reference.ts';

const ids = z.unknown().optional();

const receivedSchema = z.object({
  sender: z
    .object({ sender_id: ids, sender_type: text(50) })
    .catch({ sender_id: undefined, sender_type: undefined }),
  message: z
    .object({
      message_id: text(200),
      parent_id: text(200),
      thread_id: text(200),
      chat_id: text(200),
      chat_type: text(50),
      message_type: text(50),
      content: z.string().catch(''),
      mentions: z.unknown().optional(),
    })
    .optional()
    .catch(undefined),
});

const version1Schema = z.object({
  open_message_id: text(200),
  parent_id: text(200),
  open_chat_id: text(200),
  chat_type: text(50),
  msg_type: text(50),
  is_mention: z.boolean().catch(false),
  title: z.string().catch(''),
  text: z.string().catch(''),
  text_without_at_bot: z.string().optional().catch(undefined),
});

/**
 * `im.message.receive_v1`. In a group only what mentions the bot is for it, also where the app may read all messages.
 * Source: https://open.feishu.cn/document/server-docs/im-v1/message/events/receive
 */
export function receivedMessage(envelope: Envelope, organization: string, appId: string): Draft {
  const { sender, message } = receivedSchema.parse(envelope.event);
  if (sender.sender_type !== 'user') return ignored('bot');
  if (message?.message_id === undefined) return ignored('other_message');
  const type = conversationType(message.chat_type);
  if (type === null) return ignored('other_chat');
  const mentions = mentionsOf(message.mentions, appId, type !== 'personal');
  if (type !== 'personal' && !mentions.some(({ bot }) => bot)) return ignored('not_mentioned');
  const typed = typedText(message.message_type ?? '', message.content, mentions);
  if (typed === null) return ignored('other_message');
  const person = personOf(sender.sender_id);
  const place = { chatId: message.chat_id, type, organization, threadId: message.thread_id };
  return {
    intent: command(typed),
    person,
    reference: toReference(place, person),
    messageId: message.message_id,
    quotedMessageId: message.parent_id,
  };
}

/**
 * `message` of version 1, which apps that were made before the second version still get.
 * Source: https://open.larksuite.com/document/ukTMukTMukTM/uMTNxYjLzUTM24yM1EjN
 */
export function version1Message(envelope: Envelope, organization: string): Draft {
  const message = version1Schema.parse(envelope.event);
  const type = conversationType(message.chat_type);
  if (type === null) return ignored('other_chat');
  if (message.open_message_id === undefined) return ignored('other_message');
  if (type !== 'personal' && !message.is_mention) return ignored('not_mentioned');
  if (message.msg_type !== 'text' && message.msg_type !== 'post') return ignored('other_message');
  const body = textOfVersion1(message.msg_type, message.text_without_at_bot ?? message.text);
  const person = personOf(envelope.event);
  return {
    intent: command(message.title === '' ? body : `${message.title}\n${body}`.trim()),
    person,
    reference: toReference({ chatId: message.open_chat_id, type, organization }, person),
    messageId: message.open_message_id,
    quotedMessageId: message.parent_id,
  };
}

function command(typed: string): Intent {
  return { kind: 'command', text: typed, source: null };
}
