/** The fields of an event of Slack's Events API that we read. */
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { isObject } from '../shared/json.ts';
import { flag, id, object, text } from './envelope.ts';

/** Seconds since 1970 that a Date can hold. */
const maxEventTime = 8.64e12;

const eventSchema = z.object({
  type: text(100),
  subtype: text(100),
  user: id(),
  inviter: id(),
  text: text(Number.MAX_SAFE_INTEGER),
  ts: id(),
  thread_ts: id(),
  message_ts: id(),
  channel: id(),
  channel_id: id(),
  channel_type: text(30),
  tab: text(30),
  bot_id: id(),
  app_id: id(),
  bot_profile: object({ app_id: id() }),
  metadata: z.unknown().optional(),
  edited: z.unknown().optional(),
  tokens: object({ bot: z.array(z.unknown()).catch([]) }),
});
export type SlackEvent = z.infer<typeof eventSchema>;

/** https://docs.slack.dev/apis/events-api#event-type-structure */
const envelopeSchema = z.object({
  type: text(100),
  team_id: id(),
  enterprise_id: id(),
  context_team_id: id(),
  context_enterprise_id: id(),
  is_enterprise_install: flag(),
  event_id: id(),
  event_time: z.number().int().min(0).max(maxEventTime).optional().catch(undefined),
  authorizations: z.array(z.unknown()).catch([]),
  event: eventSchema.optional().catch(undefined),
});
type Envelope = z.infer<typeof envelopeSchema>;

const authorizationSchema = z.object({
  enterprise_id: id(),
  team_id: id(),
  user_id: id(),
  is_bot: flag(),
  is_enterprise_install: flag(),
});
type Authorization = z.infer<typeof authorizationSchema>;

/** An event with what its envelope says about it. */
export interface SlackEnvelope {
  /** `event_callback`, or a notice of Slack's about the delivery itself. */
  type: string | undefined;
  event: SlackEvent | undefined;
  eventId: string | undefined;
  /** Seconds since 1970. */
  eventTime: number | undefined;
  /** Null when the event names none. */
  organization: string | null;
  /** The bot's own user id; null when the event came by somebody else's token. */
  botUserId: string | null;
}

/** Never throws, whatever the body's shape. */
export function readEnvelope(body: JsonObject): SlackEnvelope {
  const envelope = envelopeSchema.parse(body);
  const first = envelope.authorizations[0];
  const authorization = isObject(first) ? authorizationSchema.parse(first) : null;
  return {
    type: envelope.type,
    event: envelope.event,
    eventId: envelope.event_id,
    eventTime: envelope.event_time,
    organization: organizationOf(envelope, authorization),
    botUserId: authorization?.is_bot === true ? (authorization.user_id ?? null) : null,
  };
}

/**
 * The customer is whoever installed the app: the enterprise, or the workspace. In a channel that organizations share
 * (Slack Connect) `team_id` may be the author's workspace; `authorizations` and `context_team_id` name ours.
 * https://docs.slack.dev/apis/events-api#authorizations
 */
function organizationOf(envelope: Envelope, authorization: Authorization | null): string | null {
  const byEnterprise = authorization?.is_enterprise_install ?? envelope.is_enterprise_install ?? false;
  if (byEnterprise) {
    const { context_enterprise_id: context, enterprise_id: enterprise } = envelope;
    return authorization?.enterprise_id ?? context ?? enterprise ?? null;
  }
  return authorization?.team_id ?? envelope.context_team_id ?? envelope.team_id ?? null;
}
