/** Events of Slack's Events API: messages, mentions, App Home, and the bot's own posts, comings and goings. */
import type { ConversationReference, Intent } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Translation } from '../../src/kernel/platform.ts';
import { translated } from './envelope.ts';
import { readEnvelope, type SlackEnvelope, type SlackEvent } from './event-payload.ts';
import { intentOfMessage } from './messages.ts';
import { tokenOf } from './metadata.ts';
import { channelReference, personalReference } from './reference.ts';

/** What an event means, before it is put into an activity. */
interface Reading {
  intent: Intent;
  reference: ConversationReference | null;
  /** Who acted; null where the event does not say. */
  userId: string | null;
  /** The message that the event tells of; a person's, or for evidence our own. */
  message?: { channel: string; ts: string };
}

type Outcome = Reading | { refused: string };
/** An envelope whose organization is known. */
type Context = SlackEnvelope & { organization: string; appId: string };

export function activityOfEvent(body: JsonObject, appId: string): Translation {
  const envelope = readEnvelope(body);
  const { organization, eventId } = envelope;
  if (organization === null) return { ok: false, reason: 'organization_missing' };
  const reading = readEvent({ ...envelope, organization, appId });
  if ('refused' in reading) return { ok: false, reason: reading.refused };
  const { intent, reference, userId, message } = reading;
  if (eventId === undefined && intent.kind !== 'ignored') return { ok: false, reason: 'id_missing' };
  // A mention comes as `message` and as `app_mention`, with two event ids: the message itself is the second key.
  const keys = [eventId ?? '', ...(message === undefined ? [] : [`msg:${message.channel}:${message.ts}`])];
  return translated(appId, {
    organization,
    eventKeys: keys,
    reference,
    person: userId === null ? null : { platformUserId: userId, name: null },
    messageId: intent.kind === 'evidence' ? null : (message?.ts ?? null),
    intent,
  });
}

function readEvent(context: Context): Outcome {
  const { type, event } = context;
  if (type === 'app_rate_limited') return ignored('rate_limited');
  if (type !== 'event_callback' || event === undefined) return ignored('other');
  switch (event.type) {
    case 'message':
    case 'app_mention':
      return readMessage(event, context);
    case 'message_metadata_posted':
      return readMetadata(event, context);
    case 'app_home_opened':
      return readHome(event, context);
    case 'member_joined_channel':
      if (!isBot(event, context)) return ignored('join');
      return inChannel({ kind: 'installed' }, event, event.inviter ?? null, context);
    case 'member_left_channel':
      if (!isBot(event, context)) return ignored('leave');
      return inChannel({ kind: 'uninstalled' }, event, null, context);
    // To a bot these tell that the bot itself is out.
    case 'channel_left':
    case 'group_left':
    case 'channel_deleted':
    case 'group_deleted':
      return inChannel({ kind: 'uninstalled' }, event, null, context);
    case 'app_uninstalled':
      return revoked('app_uninstalled', context);
    case 'tokens_revoked': {
      // People's tokens are revoked when somebody leaves; the app lives on.
      const botToo = (event.tokens?.bot.length ?? 0) > 0;
      return botToo ? revoked('tokens_revoked', context) : ignored('tokens_revoked');
    }
    default:
      return ignored('other');
  }
}

function readMessage(event: SlackEvent, context: Context): Outcome {
  const intent = intentOfMessage(event, context.appId, context.botUserId);
  if (intent.kind === 'ignored') {
    const own = intent.reason === 'echo' ? evidenceOf(event, event.channel, event.ts) : null;
    return own ?? ignored(intent.reason);
  }
  const { channel, ts, user = null } = event;
  if (channel === undefined || ts === undefined) return { refused: 'message_incomplete' };
  return { ...inChannel(intent, event, user, context), message: { channel, ts } };
}

/** Our own messages alone are subscribed to. https://docs.slack.dev/reference/events/message_metadata_posted */
function readMetadata(event: SlackEvent, { appId }: Context): Outcome {
  if (event.app_id !== appId) return ignored('metadata');
  return evidenceOf(event, event.channel_id, event.message_ts) ?? ignored('metadata');
}

/** A message of ours stands there; null for one without a token of ours, or not newly posted. */
function evidenceOf(
  { metadata, subtype }: SlackEvent,
  channel: string | undefined,
  ts: string | undefined,
): Reading | null {
  const token = tokenOf(metadata);
  const isNew = subtype === undefined || subtype === 'bot_message';
  if (token === null || channel === undefined || ts === undefined || !isNew) return null;
  const tokens = [{ token, messageId: ts }];
  const intent: Intent = { kind: 'evidence', of: 'posted', tokens, messageIds: [], readUpTo: null };
  return { intent, reference: null, userId: null, message: { channel, ts } };
}

/** The messages tab is where the chat with the bot begins: it greets there, once. */
function readHome(event: SlackEvent, context: Context): Outcome {
  const { user, tab } = event;
  if (user === undefined) return { refused: 'person_missing' };
  if (tab === 'home') {
    const reference = personalReference(context.organization, user);
    return { intent: { kind: 'home' }, reference, userId: user };
  }
  // Apps without a home tab get the event without `tab`.
  if (tab !== undefined && tab !== 'messages') return ignored('home_tab');
  return inChannel({ kind: 'installed' }, event, user, context);
}

function inChannel(intent: Intent, event: SlackEvent, userId: string | null, context: Context): Reading {
  const { channel, channel_type: hint, ts, thread_ts: threadTs } = event;
  const { organization, botUserId: botId } = context;
  const reference =
    channel === undefined
      ? null
      : channelReference({ channel, hint, organization, userId, botId, ts, threadTs });
  return { intent, reference, userId };
}

function isBot(event: SlackEvent, { botUserId }: Context): boolean {
  return event.user !== undefined && event.user === botUserId;
}

function revoked(reason: string, { eventTime }: Context): Outcome {
  if (eventTime === undefined) return { refused: 'time_missing' };
  const at = new Date(eventTime * 1000);
  return { intent: { kind: 'revoked', reason, at }, reference: null, userId: null };
}

function ignored(reason: string): Reading {
  return { intent: { kind: 'ignored', reason }, reference: null, userId: null };
}
