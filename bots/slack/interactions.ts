/** Interactions of Slack: buttons of messages and of App Home, modals, shortcuts. */
import { z } from 'zod';
import type { Activity, Intent } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Translation } from '../../src/kernel/platform.ts';
import { intentOfInteraction } from '../shared/interaction.ts';
import { isObject, parseObject } from '../shared/json.ts';
import { callableUrl, type SlackPayload, text, translated } from './envelope.ts';
import { type Actor, interactionSchema, type Reading, type SlackInteraction } from './interaction-payload.ts';
import { readSubmission } from './modals.ts';
import { channelReference, personalReference } from './reference.ts';
import { readShortcut } from './shortcuts.ts';

const actionSchema = z.object({ type: text(50), value: text(3000), url: text(3000) });

/** Types that we do not use; any other counts as `unknown`, since the name becomes a metric label. */
const knownTypes = new Set([
  'block_suggestion',
  'dialog_cancellation',
  'dialog_submission',
  'dialog_suggestion',
  'interactive_message',
  'workflow_step_edit',
]);

/** Types whose answers have a form of their own. */
const answered = new Set(['block_actions', 'view_submission', 'shortcut', 'message_action']);

export function activityOfInteraction(payload: SlackPayload, appId: string): Translation {
  const interaction = interactionSchema.parse(payload.body);
  const organization = organizationOf(interaction);
  if (organization === undefined) return { ok: false, reason: 'organization_missing' };
  const { user, trigger_id: trigger } = interaction;
  if (user?.id === undefined) return { ok: false, reason: 'person_missing' };
  const actor = { organization, userId: user.id };
  return translated(appId, {
    organization,
    eventKeys: [trigger ?? payload.requestKey],
    reference: personalReference(organization, user.id),
    person: { platformUserId: user.id, name: user.name ?? user.username ?? null },
    replyBy: 'answer',
    deliveredOnce: true,
    invoke: answered.has(interaction.type ?? '') ? (interaction.type ?? '') : 'other',
    ...(trigger === undefined ? {} : { answerHandle: trigger }),
    ...read(interaction, actor),
  });
}

/**
 * The customer is whoever installed the app. A modal that was opened in a channel shared with another organization
 * names the installing workspace itself; `team` is none in an installation for the whole enterprise.
 */
function organizationOf({ is_enterprise_install, enterprise, team, view }: SlackInteraction) {
  if (is_enterprise_install === true) return enterprise?.id ?? team?.enterprise_id;
  return view?.app_installed_team_id ?? team?.id;
}

function read(interaction: SlackInteraction, actor: Actor): Reading {
  switch (interaction.type) {
    case 'block_actions':
      return readButton(interaction, actor);
    case 'view_submission':
      return readSubmission(interaction, actor);
    case 'view_closed':
      return { intent: { kind: 'ignored', reason: 'view_closed' } };
    case 'shortcut':
    case 'message_action':
      return { ...readShortcut(interaction), ...responseUrlOf(interaction) };
    default: {
      const { type = '' } = interaction;
      return unsupported(knownTypes.has(type) ? type : 'unknown');
    }
  }
}

/**
 * A pressed button. One on a message for everybody belongs to its channel; one on a message that only the person sees,
 * or on the person's own page, to the person, since the bot need not be where that was.
 */
function readButton(interaction: SlackInteraction, actor: Actor): Reading {
  const pressed = interaction.actions[0];
  const action = actionSchema.parse(isObject(pressed) ? pressed : {});
  // A link opens in the person's browser, and Slack tells of the click all the same. Buttons of ours have a value.
  const isLink = action.url !== undefined || (isObject(pressed) && pressed.value === undefined);
  if (isLink) return { intent: { kind: 'ignored', reason: 'link' } };
  const value = action.value === undefined ? null : parseObject(action.value);
  const intent = intentOfInteraction(value, noInputs, 'quick_action', null)?.intent ?? null;
  if (intent === null || intent.kind === 'submit_form') return unsupported('card');
  const replyBy = intent.kind === 'open_form' ? 'answer' : 'message';
  if (interaction.view?.type === 'home') return { intent, replyBy, onHome: true };
  return { intent, replyBy, ...placeOf(interaction, intent, actor) };
}

const noInputs: JsonObject = {};

/** Where the card is that the button stands on. */
function placeOf(interaction: SlackInteraction, intent: Intent, actor: Actor): Partial<Activity> {
  const { container, channel, message } = interaction;
  const ts = container?.message_ts ?? message?.ts;
  const opensForm = intent.kind === 'open_form';
  if (container?.is_ephemeral === true) {
    // A message for one person can be replaced by the gesture's own address alone, which a form outlives.
    const card = opensForm ? {} : { cardMessageId: ts ?? null };
    return { ...card, ...responseUrlOf(interaction) };
  }
  const channelId = container?.channel_id ?? channel?.id;
  if (channelId === undefined) return {};
  const reference = channelReference({
    channel: channelId,
    // Group direct messages are known by their name alone; any other name says nothing of the kind.
    hint: channel?.name?.startsWith('mpdm-') ? 'mpim' : undefined,
    ...actor,
    botId: message?.bot_id === undefined ? null : (message.user ?? null),
    ts,
    threadTs: container?.thread_ts ?? message?.thread_ts,
  });
  // A refusal to open a form is for the person's eyes: it goes by the gesture's own address.
  return { reference, cardMessageId: ts ?? null, ...(opensForm ? responseUrlOf(interaction) : {}) };
}

function responseUrlOf({ response_url }: SlackInteraction): { responseUrl?: string } {
  const responseUrl = callableUrl(response_url);
  return responseUrl === null ? {} : { responseUrl };
}

function unsupported(name: string): Reading {
  return { intent: { kind: 'unsupported', name } };
}
