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
  /** Being told that a message of ours stands. */
  'metadata.message:read',
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
  // Of our own messages, by `metadata_subscriptions` of the manifest.
  'message_metadata_posted',
  'tokens_revoked',
] as const;

/** What cannot be found out without each scope: whether a message whose outcome is unknown stands there. */
export const readbackScopes = {
  'channels:history': 'public channels',
  'groups:history': 'private channels',
  'mpim:history': 'group messages',
  'im:history': 'direct messages',
  'im:write': 'direct messages',
} as const satisfies Partial<Record<(typeof botScopes)[number], string>>;

/** Without it Slack does not tell that a message was posted. */
export const evidenceScope = 'metadata.message:read' satisfies (typeof botScopes)[number];
