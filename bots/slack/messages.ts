/** Which messages are for us: what people write to the bot, and nothing that programs write or that tells of changes. */
import type { Intent } from '../../src/kernel/activity.ts';
import type { SlackEvent } from './event-payload.ts';
import { leadingMention, mentions, plainText } from './message-text.ts';
import { conversationType } from './reference.ts';

/** Subtypes of what people write. https://docs.slack.dev/reference/events/message#subtypes */
const writtenByPeople = new Set(['file_share', 'thread_broadcast', 'me_message']);

/** Other subtypes, with the metric label that they are counted under. */
const noise = new Map([
  ['message_changed', 'edit'],
  ['message_deleted', 'deletion'],
  ['message_replied', 'thread'],
  ['bot_message', 'bot'],
  ['channel_join', 'join'],
  ['group_join', 'join'],
  ['channel_leave', 'leave'],
  ['group_leave', 'leave'],
]);

/** The user that Slack itself speaks as. */
const slackbot = 'USLACKBOT';

/**
 * A command, or why there is none. In channels and group chats only what mentions the bot is for it.
 * @param botUserId null when it is not known: a mention event then begins with it.
 */
export function intentOfMessage(event: SlackEvent, appId: string, botUserId: string | null): Intent {
  const reason = noiseOf(event, appId, botUserId);
  if (reason !== null) return { kind: 'ignored', reason };
  const { text = '', channel = '', channel_type: hint } = event;
  if (event.type === 'app_mention') {
    return { kind: 'command', text: plainText(text, botUserId ?? leadingMention(text)), source: null };
  }
  const personal = conversationType(channel, hint) === 'personal';
  if (!personal && (botUserId === null || !mentions(text, botUserId))) {
    return { kind: 'ignored', reason: 'no_mention' };
  }
  return { kind: 'command', text: plainText(text, botUserId), source: null };
}

function noiseOf(event: SlackEvent, appId: string, botUserId: string | null): string | null {
  const { subtype, user } = event;
  const app = event.app_id ?? event.bot_profile?.app_id;
  if (app === appId || (user !== undefined && user === botUserId)) return 'echo';
  if (subtype !== undefined && !writtenByPeople.has(subtype)) return noise.get(subtype) ?? 'subtype';
  if (event.bot_id !== undefined || app !== undefined || user === slackbot) return 'bot';
  // An edit that adds a mention comes as a new mention of an old message.
  if (event.edited !== undefined && event.edited !== null) return 'edit';
  return user === undefined ? 'no_author' : null;
}
