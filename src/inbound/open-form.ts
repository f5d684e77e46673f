/** Forms of actions: opened prefilled, opened again with faults. */

import { switchedOff } from '../actions/action-policy.ts';
import { type AnyAction, requireActor } from '../actions/define-action.ts';
import { withSourceUrl } from '../actions/message-source.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import { DeskbridgeError } from '../kernel/errors.ts';
import type { Form, Message, Reply } from '../kernel/message.ts';
import type { Interpretation } from './interpret.ts';
import { formWithFaults, refusalMessage, refuseWith } from './present-outcome.ts';
import type { Scene } from './scene.ts';

/** Opens the form, or says why not: an unlinked person or a missing permission learns so before typing. */
export async function openForm(
  scene: Scene,
  reading: Extract<Interpretation, { kind: 'form' }>,
): Promise<Reply> {
  const { context, policy, say, activity } = scene;
  const { definition, input } = reading;
  if (scene.groupChatOff) {
    return refuseWith(
      activity,
      refusalMessage(say, new DeskbridgeError('surface_disabled', { detail: 'group_chat' })),
    );
  }
  if (context.actor === null) return refuseWith(activity, await scene.linkInvitation());
  const { permission } = definition;
  const denied = permission !== null && !context.actor.capabilities.has(permission) ? 'forbidden' : null;
  const fault = switchedOff(policy, definition, reading.surface) ?? denied;
  if (fault !== null) return refuseWith(activity, refusalMessage(say, new DeskbridgeError(fault)));
  const source = context.chat?.source ?? null;
  const form = await buildForm(scene, definition, withSourceUrl(definition.id, input, source));
  if (scene.capabilities.modal) return { answer: { kind: 'form', form } };
  // A message of its own: the card that it was opened from goes on showing the record.
  const message: Message = { title: form.title, form };
  return activity.replyBy === 'answer' ? { answer: { kind: 'none' }, message } : { message };
}

/** The form again with its faults and what was typed; null where the action has no form. */
export async function reopenForm(
  scene: Scene,
  reading: Extract<Interpretation, { kind: 'run' }>,
  error: DeskbridgeError,
): Promise<Reply | null> {
  if (reading.definition.form === undefined || scene.activity.replyBy !== 'answer') return null;
  const form = await buildForm(scene, reading.definition, reading.input);
  const nonce = reading.guard?.nonce ?? form.nonce;
  return { answer: { kind: 'form', form: formWithFaults({ ...form, nonce }, scene.say, error) } };
}

async function buildForm(scene: Scene, definition: AnyAction, input: JsonObject): Promise<Form> {
  const { context, say } = scene;
  const fields = (await definition.form?.(requireActor(context), input)) ?? [];
  const asked = new Set(fields.map((field) => field.name));
  const hidden = Object.fromEntries(Object.entries(input).filter(([name]) => !asked.has(name)));
  return {
    action: definition.id,
    title: say(`action.${definition.id}.title`),
    input: hidden,
    fields,
    submitLabel: say('button.save'),
    requiredHint: say('invalid.required'),
    nonce: context.nonce(),
    ...(scene.activity.cardMessageId === null ? {} : { cardMessageId: scene.activity.cardMessageId }),
  };
}
