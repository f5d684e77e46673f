/** Builders of the events and callbacks that Lark sends to a bot, version 2, in the shape it sends them. */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { Noise } from '../../../src/kernel/simulated-chat.ts';
import { type LarkChat, nextMessageId, textContent } from './chats.ts';
import type { LarkPerson } from './people.ts';

/** Who acts where, towards which bot. */
export interface Scene {
  person: LarkPerson;
  /** The person towards this app. */
  openId: string;
  chat: LarkChat;
  appId: string;
  organization: string;
  verificationToken: string;
  botName: string;
  botOpenId: string;
  /** The message that is replied to, and the first of its thread. */
  parentId: string | null;
  rootId: string | null;
  now: Date;
}

/** 32 hexadecimal digits, never the same twice. */
export function nextEventId(): string {
  return randomUUID().replaceAll('-', '');
}

/** Any event, by its type. `event_id` is what receivers dedupe by. */
export function eventOf(scene: Scene, type: string, event: JsonObject): JsonObject {
  return {
    schema: '2.0',
    header: {
      event_id: nextEventId(),
      event_type: type,
      create_time: String(scene.now.getTime()),
      token: scene.verificationToken,
      app_id: scene.appId,
      tenant_key: scene.organization,
    },
    event,
  };
}

/** How a message differs from a person's plain text. */
export interface MessageFields {
  messageId?: string;
  messageType?: string;
  /** JSON, in place of the text's. */
  content?: string;
  senderType?: 'user' | 'app';
  /** open_id of the sender. */
  senderId?: string;
}

/**
 * A typed message; in groups it mentions the bot, since only such messages reach one.
 * @see https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/events/receive
 */
export function messageEvent(scene: Scene, text: string, fields: MessageFields = {}): JsonObject {
  const { chat, parentId, rootId } = scene;
  const time = String(scene.now.getTime());
  const inGroup = chat.type === 'group';
  return eventOf(scene, 'im.message.receive_v1', {
    sender: {
      sender_id: { ...idsOf(scene), ...(fields.senderId === undefined ? {} : { open_id: fields.senderId }) },
      sender_type: fields.senderType ?? 'user',
      tenant_key: scene.organization,
    },
    message: {
      message_id: fields.messageId ?? nextMessageId(),
      ...(parentId === null ? {} : { parent_id: parentId, root_id: rootId ?? parentId }),
      create_time: time,
      update_time: time,
      chat_id: chat.id,
      chat_type: chat.type,
      message_type: fields.messageType ?? 'text',
      content: fields.content ?? textContent(inGroup ? `@_user_1 ${text}` : text),
      ...(inGroup ? { mentions: [mentionOf(scene)] } : {}),
      user_agent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Lark/7.30.0',
    },
  });
}

/** What a press or a submitted form says. */
export interface PressFields {
  messageId: string;
  /** `c-…`, for an update of the card after the callback's response. */
  updateToken: string;
  /** The button's value, its name in a form, and what was filled in there. */
  value: JsonObject | string | undefined;
  name?: string;
  formValue?: JsonObject;
}

/**
 * A button of a card was pressed; the response may bring a toast and another card.
 * @see https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
 */
export function pressEvent(scene: Scene, fields: PressFields): JsonObject {
  const { value, name, formValue } = fields;
  return eventOf(scene, 'card.action.trigger', {
    operator: { ...idsOf(scene), tenant_key: scene.organization },
    token: fields.updateToken,
    action: {
      ...(value === undefined ? {} : { value }),
      tag: 'button',
      timezone: 'Europe/Berlin',
      ...(name === undefined ? {} : { name }),
      ...(formValue === undefined ? {} : { form_value: formValue }),
    },
    host: 'im_message',
    context: { open_message_id: fields.messageId, open_chat_id: scene.chat.id },
  });
}

/** The bot came into a group, or went. */
export function botMemberEvent(scene: Scene, change: 'added' | 'deleted'): JsonObject {
  return eventOf(scene, `im.chat.member.bot.${change}_v1`, {
    chat_id: scene.chat.id,
    operator_id: idsOf(scene),
    external: false,
    operator_tenant_key: scene.organization,
    name: scene.chat.name,
    i18n_names: { zh_cn: scene.chat.name, en_us: scene.chat.name, ja_jp: scene.chat.name },
  });
}

/** The person opened the chat with the bot; comes each time, not the first time alone. */
export function chatEnteredEvent(scene: Scene): JsonObject {
  return eventOf(scene, 'im.chat.access_event.bot_p2p_chat_entered_v1', {
    chat_id: scene.chat.id,
    operator_id: idsOf(scene),
    last_message_id: '',
    last_message_create_time: '',
  });
}

/** An entry of the bot's menu was chosen. It names no chat. */
export function menuEvent(scene: Scene, eventKey: string): JsonObject {
  return eventOf(scene, 'application.bot.menu_v6', {
    operator: { operator_name: scene.person.name, operator_id: idsOf(scene) },
    event_key: eventKey,
    timestamp: String(Math.floor(scene.now.getTime() / 1000)),
  });
}

/** The person read messages of the bot; in p2p chats only. */
export function messageReadEvent(scene: Scene, messageIds: string[]): JsonObject {
  return eventOf(scene, 'im.message.message_read_v1', {
    reader: {
      reader_id: idsOf(scene),
      read_time: String(scene.now.getTime()),
      tenant_key: scene.organization,
    },
    message_id_list: messageIds,
  });
}

/** A message was recalled by its sender. */
export function recalledEvent(scene: Scene, messageId: string): JsonObject {
  return eventOf(scene, 'im.message.recalled_v1', {
    message_id: messageId,
    chat_id: scene.chat.id,
    recall_time: String(scene.now.getTime()),
    recall_type: 'message_owner',
  });
}

/** The chat's name was edited. */
export function chatUpdatedEvent(scene: Scene): JsonObject {
  return eventOf(scene, 'im.chat.updated_v1', {
    chat_id: scene.chat.id,
    operator_id: idsOf(scene),
    external: false,
    operator_tenant_key: scene.organization,
    before_change: { name: scene.chat.name },
    after_change: { name: `${scene.chat.name}!` },
  });
}

/** The person joined the chat. */
export function personJoinedEvent(scene: Scene): JsonObject {
  return eventOf(scene, 'im.chat.member.user.added_v1', {
    chat_id: scene.chat.id,
    operator_id: idsOf(scene),
    external: false,
    operator_tenant_key: scene.organization,
    name: scene.chat.name,
    users: [{ name: scene.person.name, tenant_key: scene.organization, user_id: idsOf(scene) }],
  });
}

/** Something that the bot must ignore. Lark has no event for an edited message: the edit is one of the chat. */
export function noiseEvent(scene: Scene, kind: Noise): JsonObject {
  switch (kind) {
    case 'bot':
      return messageEvent(scene, 'I am a bot', { senderType: 'app', senderId: `ou_${'b'.repeat(32)}` });
    case 'echo':
      return messageEvent(scene, 'help', { senderType: 'app', senderId: scene.botOpenId });
    case 'edit':
      return chatUpdatedEvent(scene);
    case 'deletion':
      return recalledEvent(scene, nextMessageId());
    case 'join':
      return personJoinedEvent(scene);
  }
}

/** Without the permission to see it, `user_id` is null. */
function idsOf(scene: Scene): JsonObject {
  return { union_id: scene.person.unionId, user_id: null, open_id: scene.openId };
}

function mentionOf(scene: Scene): JsonObject {
  return {
    key: '@_user_1',
    id: { union_id: null, user_id: null, open_id: scene.botOpenId },
    name: scene.botName,
    mentioned_type: 'bot',
    tenant_key: scene.organization,
  };
}
