/** Builders of the older events, version 1, which some apps still get, and the app_ticket, which has no newer form. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { nextMessageId } from './chats.ts';
import { nextEventId, type Scene } from './events.ts';

/** Any event of version 1; `uuid` is what receivers dedupe by. */
export function eventV1Of(verificationToken: string, now: Date, event: JsonObject): JsonObject {
  const ts = (now.getTime() / 1000).toFixed(7);
  return { uuid: nextEventId(), token: verificationToken, ts, type: 'event_callback', event };
}

/** A typed message; in groups it mentions the bot. `text` keeps the mention as markup, `text_without_at_bot` does not. */
export function messageEventV1(scene: Scene, text: string, messageId = nextMessageId()): JsonObject {
  const inGroup = scene.chat.type === 'group';
  return eventV1Of(scene.verificationToken, scene.now, {
    type: 'message',
    app_id: scene.appId,
    tenant_key: scene.organization,
    root_id: scene.rootId ?? '',
    parent_id: scene.parentId ?? '',
    open_chat_id: scene.chat.id,
    chat_type: inGroup ? 'group' : 'private',
    msg_type: 'text',
    open_id: scene.openId,
    employee_id: '',
    union_id: scene.person.unionId,
    open_message_id: messageId,
    is_mention: inGroup,
    text: inGroup ? `<at open_id="${scene.botOpenId}">@${scene.botName}</at> ${text}` : text,
    text_without_at_bot: inGroup ? ` ${text}` : text,
  });
}

/** The person's chat with the bot began. */
export function chatCreatedEventV1(scene: Scene): JsonObject {
  const person = { open_id: scene.openId, user_id: '' };
  return eventV1Of(scene.verificationToken, scene.now, {
    type: 'p2p_chat_create',
    app_id: scene.appId,
    tenant_key: scene.organization,
    chat_id: scene.chat.id,
    operator: person,
    user: { ...person, name: scene.person.name },
  });
}

/** The bot came into a group, or went. */
export function botMemberEventV1(scene: Scene, change: 'add_bot' | 'remove_bot'): JsonObject {
  return eventV1Of(scene.verificationToken, scene.now, {
    type: change,
    app_id: scene.appId,
    tenant_key: scene.organization,
    open_chat_id: scene.chat.id,
    chat_name: scene.chat.name,
    chat_owner_open_id: scene.openId,
    operator_name: scene.person.name,
    operator_open_id: scene.openId,
    owner_is_bot: false,
  });
}

/**
 * The ticket that an ISV app needs for its tokens; pushed every hour and on demand.
 * @see https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v6/event/app_ticket-events
 */
export function appTicketEvent(
  appId: string,
  verificationToken: string,
  ticket: string,
  now: Date,
): JsonObject {
  return eventV1Of(verificationToken, now, { type: 'app_ticket', app_id: appId, app_ticket: ticket });
}

/** The organization removed the app. */
export function appUninstalledEventV1(scene: Scene): JsonObject {
  return eventV1Of(scene.verificationToken, scene.now, {
    type: 'app_uninstalled',
    app_id: scene.appId,
    tenant_key: scene.organization,
  });
}
