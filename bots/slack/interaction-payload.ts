/** The fields of an interaction payload that we read, and what reading one yields. */
import { z } from 'zod';
import type { Activity } from '../../src/kernel/activity.ts';
import { flag, id, object, text } from './envelope.ts';

/** https://docs.slack.dev/reference/interaction-payloads */
export const interactionSchema = z.object({
  type: text(50),
  callback_id: text(255),
  team: object({ id: id(), domain: text(100), enterprise_id: id() }),
  enterprise: object({ id: id() }),
  is_enterprise_install: flag(),
  user: object({ id: id(), name: text(300), username: text(300) }),
  trigger_id: text(500),
  response_url: text(500),
  channel: object({ id: id(), name: text(100) }),
  container: object({ message_ts: id(), channel_id: id(), thread_ts: id(), is_ephemeral: flag() }),
  message: object({
    ts: id(),
    thread_ts: id(),
    user: id(),
    username: text(300),
    bot_id: id(),
    bot_profile: object({ name: text(300) }),
    text: text(Number.MAX_SAFE_INTEGER),
    attachments: z.array(z.unknown()).catch([]),
  }),
  view: object({
    type: text(30),
    callback_id: text(255),
    app_installed_team_id: id(),
    private_metadata: text(3000),
    state: object({ values: z.unknown().optional() }),
  }),
  actions: z.array(z.unknown()).catch([]),
});
export type SlackInteraction = z.infer<typeof interactionSchema>;

/** What one kind of interaction adds to what all have in common. */
export type Reading = Pick<Activity, 'intent'> & Partial<Activity>;

/** Who acts, and for whom. */
export interface Actor {
  organization: string;
  userId: string;
}
