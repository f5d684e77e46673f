/** What Slack tells an app of the metadata of its own messages, where the app subscribes to it. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import { eventCallback } from './events.ts';
import type { OracleMessage } from './oracle.ts';
import type { Installation, SlackConversation } from './world.ts';

/**
 * The event of a new message, in its envelope; null where the app does not subscribe to it.
 * https://docs.slack.dev/reference/events/message_metadata_posted
 */
export function metadataPosted(
  installation: Installation,
  conversation: SlackConversation,
  message: OracleMessage,
  at: Date,
): JsonObject | null {
  const { metadata } = message.content;
  const type = metadata?.event_type;
  const { app, appId, botId, teams } = installation;
  const team = teams.find(({ id }) => id === conversation.teamId) ?? teams[0];
  if (metadata === null || team === undefined || message.onlyFor !== null) return null;
  if (typeof type !== 'string' || !app.metadataEvents?.includes(type)) return null;
  const event = {
    type: 'message_metadata_posted',
    app_id: appId,
    bot_id: botId,
    user_id: message.userId,
    team_id: team.id,
    channel_id: conversation.id,
    metadata,
    message_ts: message.ts,
    event_ts: message.ts,
  };
  return eventCallback({ installation, team }, event, { at });
}
