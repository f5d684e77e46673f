/** What pressing a button sends, by the kind of its action, and what its answer does to the card. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import { isObject } from '../../shared/json.ts';
import { invokeActivity, messageActivity, type Scene, submitActivity } from './activities.ts';
import { pressedData } from './cards.ts';

/** What the press of a button sends, by the kind of its action. */
export function pressActivity(
  scene: Scene,
  card: JsonObject,
  button: JsonObject,
  filled: Record<string, string>,
  cardMessageId: string,
): JsonObject {
  const data = pressedData(card, button, filled);
  const replyToId = cardMessageId;
  if (button.type === 'Action.Execute') {
    const action = { type: 'Action.Execute', verb: button.verb, data };
    return invokeActivity(scene, 'adaptiveCard/action', { action, trigger: 'manual' }, { replyToId });
  }
  if (button.type !== 'Action.Submit') throw new Error(`${String(button.type)} sends nothing to the bot`);
  const teams = isObject(data.msteams) ? data.msteams : {};
  switch (teams.type) {
    case 'task/fetch':
      return invokeActivity(scene, 'task/fetch', { data, context: { theme: 'default' } }, { replyToId });
    case 'imBack':
      return messageActivity(scene, String(teams.value));
    case 'messageBack':
      return messageActivity(scene, String(teams.text ?? ''), { value: teams.value, replyToId });
    default:
      return submitActivity(scene, data, cardMessageId);
  }
}

/** The button that sends a dialog. @throws Error when it has none. */
export function firstSubmit(card: JsonObject): JsonObject {
  const actions = Array.isArray(card.actions) ? card.actions : [];
  const submit = actions.find((action) => isObject(action) && action.type === 'Action.Submit');
  if (!isObject(submit)) throw new Error('the dialog has no submit button');
  return submit;
}

/** The card that an answer to a button replaces the message's with; null when it brings none. */
export function replacementCard(body: JsonValue): JsonObject | null {
  if (!isObject(body) || body.type !== 'application/vnd.microsoft.card.adaptive') return null;
  return isObject(body.value) ? body.value : null;
}
