/** Prepares what slash commands, presses, shortcuts and submissions send, with handles of their own each time. */
import type { JsonObject, JsonValue } from '../../../src/kernel/canonical-json.ts';
import type { SeenForm } from '../../../src/kernel/simulated-chat.ts';
import { isObject, parseJson } from '../../shared/json.ts';
import { type Gestures, nothing, type Prepared } from './gestures.ts';
import type { Responding } from './handles.ts';
import {
  commandForm,
  globalShortcut,
  type Handles,
  interactionForm,
  messagePress,
  messageShortcut,
  viewPress,
  viewSubmission,
} from './interactions.ts';
import type { Platform } from './method.ts';
import type { OracleMessage } from './oracle.ts';
import { blocksOf, type FoundButton } from './read-card.ts';
import type { BotAnswer } from './sender.ts';
import type { View } from './views.ts';
import type { Scene } from './world.ts';

/** What the builders need of the running simulator. */
export interface Workshop {
  platform: Platform;
  gestures: Gestures;
  /** Address of the simulator itself. */
  url: string;
}

export function prepareCommand(shop: Workshop, scene: Scene, text: string): Prepared {
  const { triggerId, responseUrl, responding } = handles(shop, scene, null);
  return {
    body: commandForm(scene, text, { triggerId, responseUrl }),
    triggerId,
    watch: { triggerId },
    read: (answer) => shop.gestures.readCommandAnswer(answer, responding),
  };
}

export function prepareMessagePress(
  shop: Workshop,
  scene: Scene,
  message: OracleMessage,
  button: FoundButton,
): Prepared {
  const made = handles(shop, scene, message);
  const actionTs = shop.platform.oracle.nextTs();
  const opens = opensForm(button);
  return {
    body: interactionForm(messagePress(scene, message, button, made, actionTs)),
    triggerId: made.triggerId,
    watch: opens ? { triggerId: made.triggerId } : null,
    read: opens ? waitAfter200 : () => nothing,
  };
}

/** A button of the App Home page or of an open modal. */
export function prepareViewPress(shop: Workshop, scene: Scene, view: View, button: FoundButton): Prepared {
  const { platform } = shop;
  const inModal = view.type === 'modal' ? view.id : null;
  const triggerId = platform.triggers.create(scene.installation.key, scene.person.platformUserId, inModal);
  return {
    body: interactionForm(viewPress(scene, view, button, triggerId, platform.oracle.nextTs())),
    triggerId,
    watch: { triggerId, home: !opensForm(button), direct: true },
    read: waitAfter200,
  };
}

export function prepareGlobalShortcut(shop: Workshop, scene: Scene, callbackId: string): Prepared {
  const { triggers, oracle } = shop.platform;
  const triggerId = triggers.create(scene.installation.key, scene.person.platformUserId);
  return {
    body: interactionForm(globalShortcut(scene, callbackId, triggerId, oracle.nextTs())),
    triggerId,
    watch: { triggerId, direct: true },
    read: waitAfter200,
  };
}

export function prepareMessageShortcut(
  shop: Workshop,
  scene: Scene,
  callbackId: string,
  message: OracleMessage,
): Prepared {
  const made = handles(shop, scene, message);
  const actionTs = shop.platform.oracle.nextTs();
  return {
    body: interactionForm(messageShortcut(scene, callbackId, message, made, actionTs)),
    triggerId: made.triggerId,
    watch: { triggerId: made.triggerId, direct: true },
    read: waitAfter200,
  };
}

/**
 * A filled form. The client's own check that required fields are filled is left out, so that what the bot makes of an
 * empty one can be seen.
 */
export function prepareSubmission(shop: Workshop, scene: Scene, view: View, state: JsonObject): Prepared {
  const { key } = scene.installation;
  const triggerId = shop.platform.triggers.create(key, scene.person.platformUserId, view.id);
  return {
    body: interactionForm(viewSubmission(scene, view, state, triggerId)),
    triggerId,
    watch: null,
    read: (answer) => shop.gestures.readSubmissionAnswer(answer, view),
  };
}

/**
 * Fills the modal's inputs; what is not in `values` stays as it stands there.
 * @returns the inputs by block_id and action_id
 * @throws Error for a field that the form has not, or a choice that the field does not offer
 */
export function fill(view: View, form: SeenForm, values: Readonly<Record<string, string>>): JsonObject {
  const inputs = blocksOf(view.source).filter(({ type }) => type === 'input');
  for (const name of Object.keys(values)) {
    if (!inputs.some((block) => block.block_id === name)) throw new Error(`the form has no field "${name}"`);
  }
  const state: JsonObject = {};
  const filled: Record<string, string> = {};
  for (const { block_id: id, element } of inputs) {
    if (typeof id !== 'string' || !isObject(element)) continue;
    const shown = form.fields.find((field) => field.name === id)?.value;
    const value = values[id] ?? view.filled[id] ?? shown ?? '';
    filled[id] = value;
    state[id] = { [String(element.action_id)]: stateOf(element, value) };
  }
  view.filled = filled;
  return state;
}

function stateOf(element: JsonObject, value: string): JsonValue {
  const options = Array.isArray(element.options) ? element.options.filter(isObject) : [];
  switch (element.type) {
    case 'checkboxes':
      return { type: 'checkboxes', selected_options: value === 'true' ? options.slice(0, 1) : [] };
    case 'static_select':
    case 'radio_buttons': {
      const option = options.find((candidate) => candidate.value === value);
      if (option === undefined && value !== '') throw new Error(`there is no choice "${value}"`);
      return { type: element.type, selected_option: option ?? null };
    }
    default:
      return { type: 'plain_text_input', value: value === '' ? null : value };
  }
}

/** Whether the button's value asks for a form; its modal comes by a call of the bot's. */
function opensForm({ element }: FoundButton): boolean {
  const value = typeof element.value === 'string' ? parseJson(element.value) : null;
  return isObject(value) && value.do === 'form';
}

function waitAfter200({ status }: BotAnswer) {
  return status === 200 ? null : nothing;
}

function handles(
  { platform, url }: Workshop,
  { installation, person, conversation, threadTs }: Scene,
  source: OracleMessage | null,
): Handles & { responding: Responding } {
  const userId = person.platformUserId;
  const responding = platform.responseUrls.create({
    installation: installation.key,
    userId,
    conversationId: conversation.id,
    threadTs: source?.threadTs ?? threadTs,
    sourceTs: source?.ts ?? null,
  });
  const triggerId = platform.triggers.create(installation.key, userId);
  return { triggerId, responseUrl: `${url}/respond/${responding.id}`, responding };
}
