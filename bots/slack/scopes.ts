/** What the Slack app asks for and listens to: the install flow, the manifest and the doctor say the same. */

/** Bot scopes, each with what needs it (https://docs.slack.dev/reference/scopes). */
export const botScopes = [
  /** Mentions in channels. */
  'app_mentions:read',
  /** Reading back what was sent, and the message that a thread began with. */
  'channels:history',
  'groups:history',
  'im:history',
  'mpim:history',
  /** That the bot came into a channel or is out of it. */
  'channels:read',
  'groups:read',
  /** Messages, their updates, and what one person of a channel sees. */
  'chat:write',
  /** Slash command and shortcuts. */
  'commands',
  /** Opening a direct message. */
  'im:write',
  /** Names, languages and time zones. */
  'users:read',
] as const;

/** Bot events (https://docs.slack.dev/reference/events). In channels the bot hears mentions alone. */
export const botEvents = [
  'app_home_opened',
  'app_mention',
  'app_uninstalled',
  'channel_deleted',
  'channel_left',
  'group_deleted',
  'group_left',
  'member_joined_channel',
  'message.im',
  'message.mpim',
  'tokens_revoked',
] as const;
