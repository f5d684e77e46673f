/** Slash commands: `/desk …` is typed text that waits for its answer in the response. */
import { z } from 'zod';
import type { Translation } from '../../src/kernel/platform.ts';
import { callableUrl, flag, id, type SlackPayload, text, translated } from './envelope.ts';
import { plainText } from './message-text.ts';
import { personalReference } from './reference.ts';

/** https://docs.slack.dev/interactivity/implementing-slash-commands */
const commandSchema = z.object({
  text: text(Number.MAX_SAFE_INTEGER),
  user_id: id(),
  user_name: text(300),
  team_id: id(),
  enterprise_id: id(),
  is_enterprise_install: flag(),
  trigger_id: text(500),
  response_url: text(500),
});

/** The command may be used where the bot is no member, so that what is captured is the person's own conversation. */
export function activityOfCommand(payload: SlackPayload, appId: string): Translation {
  const command = commandSchema.parse(payload.body);
  const organization = command.is_enterprise_install === true ? command.enterprise_id : command.team_id;
  if (organization === undefined) return { ok: false, reason: 'organization_missing' };
  const { user_id: userId, trigger_id: trigger } = command;
  if (userId === undefined) return { ok: false, reason: 'person_missing' };
  const responseUrl = callableUrl(command.response_url);
  return translated(appId, {
    organization,
    eventKeys: [trigger ?? payload.requestKey],
    reference: personalReference(organization, userId),
    person: { platformUserId: userId, name: command.user_name ?? null },
    intent: { kind: 'command', text: plainText(command.text ?? '', null), source: null },
    replyBy: 'answer',
    deliveredOnce: true,
    invoke: 'slash_command',
    ...(responseUrl === null ? {} : { responseUrl }),
    ...(trigger === undefined ? {} : { answerHandle: trigger }),
  });
}
