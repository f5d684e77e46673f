/** Translation of a verified Lark payload into our own activity: pure, and never throwing, whatever the shape. */
import { z } from 'zod';
import type { Activity, Intent } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Translation } from '../../src/kernel/platform.ts';
import { isObject } from '../shared/json.ts';
import { cardAction, cardCallback } from './card-action.ts';
import { type Draft, ignored } from './draft.ts';
import { type Envelope, keyOf, personOf, readEnvelope, text } from './envelope.ts';
import { receivedMessage, version1Message } from './messages.ts';
import { toDirectReference, toReference } from './reference.ts';

/** Events that need no handling, with the metric label that they are counted under. */
const ignoredEvents: ReadonlyMap<string, string> = new Map([
  ['message_read', 'message_read'],
  ['im.message.reaction.created_v1', 'reaction'],
  ['im.message.reaction.deleted_v1', 'reaction'],
  ['im.message.recalled_v1', 'deletion'],
  ['im.message.updated_v1', 'edit'],
  ['im.chat.updated_v1', 'chat_update'],
  ['im.chat.member.user.added_v1', 'join'],
  ['im.chat.member.user.deleted_v1', 'leave'],
  ['im.chat.member.user.withdrawn_v1', 'leave'],
  ['app_open', 'app_started'],
]);

const chatSchema = z.object({
  chat_id: text(200),
  open_chat_id: text(200),
  operator_id: z.unknown().optional(),
  operator_open_id: text(100),
  operator_name: text(300),
  user: z.unknown().optional(),
});
const menuSchema = z.object({
  event_key: text(200),
  operator: z
    .object({ operator_name: text(300), operator_id: z.unknown().optional() })
    .optional()
    .catch(undefined),
});

const maxReadMessages = 1000;
const readSchema = z.object({
  reader: z.object({ reader_id: z.unknown().optional() }).optional().catch(undefined),
  message_id_list: z.array(z.unknown()).catch([]),
});

/**
 * The activity that a verified payload stands for. Refused, with a metric label, when it names no organization, or when
 * an event that has to be deduplicated has no id, or a withdrawal no time.
 */
export function toActivity(payload: JsonObject, appId: string): Translation {
  const envelope = readEnvelope(payload);
  const { organization, eventKey } = envelope;
  if (organization === null) return { ok: false, reason: 'organization_missing' };
  const draft = translate(envelope, payload, organization, appId);
  if (draft === null) return { ok: false, reason: 'time_missing' };
  const { intent, messageId, quotedMessageId, callback } = draft;
  if (intent.kind !== 'ignored' && eventKey === null) return { ok: false, reason: 'id_missing' };
  const activity: Activity = {
    platform: 'lark',
    appId,
    organization,
    eventKeys: intent.kind === 'ignored' ? [] : eventKeys(eventKey, messageId),
    reference: draft.reference,
    person: draft.person,
    messageId: messageId ?? null,
    cardMessageId: draft.cardMessageId ?? null,
    replyBy: callback === undefined ? 'message' : 'answer',
    intent,
  };
  if (quotedMessageId !== undefined) activity.quotedMessageId = quotedMessageId;
  if (callback !== undefined) Object.assign(activity, { invoke: callback, deliveredOnce: true });
  return { ok: true, activity };
}

/** Null for a withdrawal whose time is not known. */
function translate(
  envelope: Envelope,
  payload: JsonObject,
  organization: string,
  appId: string,
): Draft | null {
  switch (envelope.type) {
    case 'im.message.receive_v1':
      return receivedMessage(envelope, organization, appId);
    case 'message':
      return version1Message(envelope, organization);
    case cardCallback:
      return cardAction(envelope.event, payload, organization);
    case 'application.bot.menu_v6':
      return menuEntry(envelope, organization);
    case 'im.chat.member.bot.added_v1':
    case 'add_bot':
      return inGroup(envelope, organization, { kind: 'installed' });
    case 'im.chat.member.bot.deleted_v1':
    case 'remove_bot':
    case 'im.chat.disbanded_v1':
    case 'chat_disband':
      return inGroup(envelope, organization, { kind: 'uninstalled' });
    case 'im.chat.access_event.bot_p2p_chat_entered_v1':
      return enteredChat(envelope, organization);
    case 'p2p_chat_create':
      return firstChat(envelope, organization);
    case 'im.message.message_read_v1':
      return messagesRead(envelope);
    case 'app_uninstalled':
      return revoked(envelope);
    case 'app_status_change':
      // What an administrator stopped is started again by another such event; nothing would revive what was retired.
      return ignored(envelope.event.status === 'start_by_tenant' ? 'app_started' : 'app_stopped');
    default:
      return ignored(ignoredEvents.get(envelope.type) ?? 'other');
  }
}

/**
 * The bot came into a group, or is there no more.
 * Source: https://open.feishu.cn/document/server-docs/group/chat-member/event/added
 */
function inGroup(envelope: Envelope, organization: string, intent: Intent): Draft {
  const chat = chatSchema.parse(envelope.event);
  const person =
    personOf(chat.operator_id) ?? personOf({ open_id: chat.operator_open_id }, chat.operator_name);
  const chatId = chat.chat_id ?? chat.open_chat_id;
  return { intent, person, reference: toReference({ chatId, type: 'group', organization }, person) };
}

/**
 * Somebody opened the chat with the bot; sent each time, and to custom apps alone.
 * Source: https://open.feishu.cn/document/group/chat-member/event/bot_p2p_chat_entered
 */
function enteredChat(envelope: Envelope, organization: string): Draft {
  const chat = chatSchema.parse(envelope.event);
  const person = personOf(chat.operator_id);
  const reference = toReference({ chatId: chat.chat_id, type: 'personal', organization }, person);
  return { intent: { kind: 'installed' }, person, reference };
}

/**
 * Somebody's chat with the bot came into being; exists in version 1 alone.
 * Source: https://open.feishu.cn/document/server-docs/group/chat-member/event/bot-events
 */
function firstChat(envelope: Envelope, organization: string): Draft {
  const chat = chatSchema.parse(envelope.event);
  const person = personOf(chat.user, isObject(chat.user) ? chat.user.name : null);
  const reference = toReference({ chatId: chat.chat_id, type: 'personal', organization }, person);
  return { intent: { kind: 'installed' }, person, reference };
}

/**
 * An entry of the bot's menu, which stands in personal chats alone; the event names no chat.
 * Source: https://open.feishu.cn/document/client-docs/bot-v3/bot-customized-menu
 */
function menuEntry(envelope: Envelope, organization: string): Draft {
  const { event_key, operator } = menuSchema.parse(envelope.event);
  const intent = intentOfMenu(event_key);
  if (intent === null) return ignored('other_menu');
  const person = personOf(operator?.operator_id, operator?.operator_name);
  return { intent, person, reference: person === null ? null : toDirectReference(person, organization) };
}

/**
 * The organization removed an app of the app store, or was dissolved.
 * Source: https://open.feishu.cn/document/server-docs/application-v6/event/app-uninstalled
 */
function revoked(envelope: Envelope): Draft | null {
  if (envelope.sentAt === null) return null;
  const intent: Intent = { kind: 'revoked', reason: 'app_uninstalled', at: envelope.sentAt };
  return { intent, person: null, reference: null };
}

/**
 * The person saw messages of ours; sent for chats with one person alone, and names no chat.
 * Source: https://open.feishu.cn/document/server-docs/im-v1/message/events/message_read
 */
function messagesRead({ event }: Envelope): Draft {
  const { reader, message_id_list } = readSchema.parse(event);
  const messageIds = message_id_list.filter((id) => typeof id === 'string' && /^[\w-]{1,200}$/.test(id));
  if (messageIds.length === 0) return ignored('message_read');
  const intent: Intent = {
    kind: 'evidence',
    of: 'read',
    tokens: [],
    messageIds: messageIds.slice(0, maxReadMessages).map(String),
    readUpTo: null,
  };
  return { intent, person: personOf(reader?.reader_id), reference: null };
}

/** A message may come in two events: https://open.feishu.cn/document/server-docs/im-v1/message/events/receive says so. */
function eventKeys(eventKey: string | null, messageId: string | undefined): string[] {
  const keys = eventKey === null ? [] : [eventKey];
  return messageId === undefined ? keys : [...keys, keyOf(`msg:${messageId}`)];
}

/** Entries by the `event_key` that the app's configuration gives them; null for one that is not ours. */
function intentOfMenu(key: string | undefined): Intent | null {
  switch (key) {
    case 'help':
    case 'my_tickets':
    case 'my_approvals':
      return { kind: 'press', action: key, input: {}, nonce: null, surface: 'bot' };
    case 'create_ticket':
      return { kind: 'open_form', action: key, input: {}, surface: 'quick_action', source: null };
    default:
      return null;
  }
}
