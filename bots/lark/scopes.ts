/** What the Lark app asks for and listens to: the configuration that people enter and the doctor say the same. */

/** Permissions of the app itself, each with what needs it (https://open.larksuite.com/document, scope list). */
export const tenantScopes = [
  /** Messages to the bot in its chat with one person. */
  'im:message.p2p_msg:readonly',
  /** Mentions of the bot in groups. */
  'im:message.group_at_msg:readonly',
  /** The message that somebody replies to; what people have read; what became of a send, in chats with one person. */
  'im:message:readonly',
  /** Messages and their updates. */
  'im:message:send_as_bot',
  /** That the bot was added to a group or removed. */
  'im:chat.members:bot_access',
  /** That somebody opened the chat with the bot. */
  'im:chat.access_event.bot_p2p_chat:read',
  /** The tenant_key, which is the organization of a registration. */
  'tenant:tenant:readonly',
] as const;

/** Events, by the names under which the console lists them. */
export const events = [
  'im.message.receive_v1',
  'im.chat.member.bot.added_v1',
  'im.chat.member.bot.deleted_v1',
  'im.chat.access_event.bot_p2p_chat_entered_v1',
  'application.bot.menu_v6',
  'im.message.message_read_v1',
] as const;

/** What apps of the app store are told besides: they hear of a first chat by this name alone. */
export const storeEvents = ['app_uninstalled', 'p2p_chat_create'] as const;

/** Callbacks, which wait for their answer. */
export const callbacks = ['card.action.trigger'] as const;
