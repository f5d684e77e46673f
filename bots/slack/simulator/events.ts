/** Builders of the events that Slack sends to an app, in the shape it sends them. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { typedText } from './mrkdwn.ts';
import type { Scene } from './world.ts';

const channelTypes = { personal: 'im', group: 'mpim', channel: 'channel' } as const;

/** `Ev…`; the retries of an event keep it. */
export function nextEventId(): string {
  return `Ev0${randomBytes(8).toString('hex').toUpperCase().slice(0, 9)}`;
}

/**
 * What a typed message arrives as: in a direct conversation `message`, elsewhere `app_mention`, since only mentions
 * reach a bot that does not subscribe to everything. https://docs.slack.dev/reference/events/app_mention
 */
export function typedEvent(scene: Scene, text: string, ts: string): JsonObject {
  if (scene.conversation.kind === 'personal') return messageEvent(scene, typedText(text), ts);
  const { channel_type: _none, ...event } = messageEvent(scene, mentioning(scene, text), ts);
  return { ...event, type: 'app_mention' };
}

/** The text of a message that mentions the bot, as Slack writes it. */
export function mentioning(scene: Scene, text: string): string {
  return `<@${scene.installation.botUserId}> ${typedText(text)}`;
}

/** An event of type `message`. `text` is in Slack's own escaped form. */
export function messageEvent(scene: Scene, text: string, ts: string, fields: JsonObject = {}): JsonObject {
  const { conversation, person, team } = scene;
  return {
    type: 'message',
    user: person.platformUserId,
    ts,
    client_msg_id: randomUUID(),
    text,
    team: team.id,
    ...(scene.threadTs === null ? {} : { thread_ts: scene.threadTs }),
    channel: conversation.id,
    event_ts: ts,
    channel_type: channelTypes[conversation.kind],
    blocks: [richTextOf(text)],
    ...fields,
  };
}

/** An event of the bot's or its memberships' own kind, e.g. `member_joined_channel`. */
export function membershipEvent(scene: Scene, type: string, userId: string, ts: string): JsonObject {
  const { conversation, team } = scene;
  const channelType = conversation.kind === 'channel' ? 'C' : 'G';
  return {
    type,
    user: userId,
    channel: conversation.id,
    channel_type: channelType,
    team: team.id,
    event_ts: ts,
  };
}

/** Somebody brought the bot into a channel or group. */
export function botJoinedEvent(scene: Scene, ts: string): JsonObject {
  const event = membershipEvent(scene, 'member_joined_channel', scene.installation.botUserId, ts);
  return { ...event, inviter: scene.person.platformUserId };
}

/**
 * Somebody removed the bot. `member_left_channel` goes to those who are still inside.
 * https://github.com/slackapi/node-slack-sdk/issues/931
 */
export function botLeftEvent({ conversation, person }: Scene, ts: string): JsonObject {
  const type = conversation.kind === 'channel' ? 'channel_left' : 'group_left';
  return { type, channel: conversation.id, actor_id: person.platformUserId, event_ts: ts };
}

/** The envelope of an event; https://docs.slack.dev/apis/events-api */
export function eventCallback(
  scene: Pick<Scene, 'installation' | 'team'>,
  event: JsonObject,
  options: { eventId?: string; at?: Date; envelope?: JsonObject } = {},
): JsonObject {
  const { installation, team } = scene;
  const { enterprise } = installation;
  const eventId = options.eventId ?? nextEventId();
  return {
    token: 'retired-verification-token',
    team_id: team.id,
    ...(enterprise === null ? {} : { enterprise_id: enterprise.id }),
    context_team_id: team.id,
    context_enterprise_id: enterprise?.id ?? null,
    api_app_id: installation.appId,
    event,
    type: 'event_callback',
    event_id: eventId,
    event_time: Math.floor((options.at ?? new Date()).getTime() / 1000),
    authorizations: [
      {
        enterprise_id: enterprise?.id ?? null,
        team_id: enterprise === null ? team.id : null,
        user_id: installation.botUserId,
        is_bot: true,
        is_enterprise_install: enterprise !== null,
      },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${eventId.slice(2)}`,
    ...options.envelope,
  };
}

function richTextOf(text: string): JsonObject {
  const elements = [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }];
  return { type: 'rich_text', block_id: 'typed', elements };
}
