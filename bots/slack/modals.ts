/** Submitted modals: what our own private metadata says, and what the person filled in. */
import { z } from 'zod';
import type { ConversationReference, Surface } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { intentOfInteraction } from '../shared/interaction.ts';
import { isObject, parseObject } from '../shared/json.ts';
import { id, text } from './envelope.ts';
import type { Actor, Reading, SlackInteraction } from './interaction-payload.ts';
import { channelReference } from './reference.ts';
import { shortcutActions } from './shortcuts.ts';

/** The `callback_id` of our modals. */
export const modalCallbackId = 'deskbridge';
/** The `action_id` of the element in each field's input block; the block's id is the field's name. */
export const fieldActionId = 'value';

const maxFields = 100;

/** Where the form was opened, for the message that tells of its outcome. */
const metadataSchema = z.object({
  interaction: z.unknown().optional(),
  channel: id(),
  type: z.enum(['personal', 'group', 'channel']).optional().catch(undefined),
  thread: id(),
});
type Metadata = z.infer<typeof metadataSchema>;

/** https://docs.slack.dev/reference/block-kit/block-elements: the member that holds an element's value. */
const elementSchema = z.object({
  type: text(50),
  value: z.string().nullish().catch(null),
  selected_option: z.object({ value: z.string() }).nullish().catch(null),
  selected_options: z.array(z.unknown()).optional().catch(undefined),
  selected_user: z.string().nullish().catch(null),
  selected_conversation: z.string().nullish().catch(null),
  selected_channel: z.string().nullish().catch(null),
  selected_date: z.string().nullish().catch(null),
  selected_time: z.string().nullish().catch(null),
});

/** A submission of a modal of ours; anything else is `unsupported`. */
export function readSubmission({ view }: SlackInteraction, actor: Actor): Reading {
  const raw =
    view?.callback_id === modalCallbackId && view.private_metadata !== undefined
      ? parseObject(view.private_metadata)
      : null;
  const metadata = metadataSchema.parse(raw ?? {});
  const filled = filledIn(view?.state?.values);
  const read = intentOfInteraction(metadata.interaction, filled, 'quick_action', null);
  if (read?.intent.kind !== 'submit_form') return { intent: { kind: 'unsupported', name: 'modal' } };
  const intent = { ...read.intent, surface: surfaceOf(read.intent.action) };
  const replyReference = replyReferenceOf(metadata, actor);
  return {
    intent,
    cardMessageId: read.cardMessageId,
    ...(replyReference === null ? {} : { replyReference }),
  };
}

/** Actions that start from a message have no other gesture than its shortcuts. */
function surfaceOf(action: string): Surface {
  return shortcutActions.has(action) ? 'shortcut' : 'quick_action';
}

/** The fields by name. Empty ones come as empty texts, a toggle as `true` or `false`. */
function filledIn(values: unknown): JsonObject {
  const filled: JsonObject = {};
  if (!isObject(values)) return filled;
  for (const [name, elements] of Object.entries(values).slice(0, maxFields)) {
    const element = isObject(elements) ? elements[fieldActionId] : undefined;
    // As an own member: the name comes from outside.
    if (isObject(element))
      Object.defineProperty(filled, name, { value: elementValue(element), enumerable: true });
  }
  return filled;
}

function elementValue(raw: JsonObject): string {
  const element = elementSchema.parse(raw);
  if (element.type === 'checkboxes') return (element.selected_options?.length ?? 0) > 0 ? 'true' : 'false';
  return (
    element.value ??
    element.selected_option?.value ??
    element.selected_user ??
    element.selected_conversation ??
    element.selected_channel ??
    element.selected_date ??
    element.selected_time ??
    ''
  );
}

/** The conversation in which the button stood that opened the form; null when it was the person's own anyway. */
function replyReferenceOf(metadata: Metadata, actor: Actor): ConversationReference | null {
  const { channel, type, thread } = metadata;
  if (channel === undefined || channel === actor.userId) return null;
  const hint = type === 'personal' ? 'im' : type === 'group' ? 'mpim' : undefined;
  return channelReference({ channel, hint, ...actor, botId: null, threadTs: thread });
}
