/** What an Adaptive Card brings back: our member of the action's data, and beside it what the person filled in. */
import type { Intent, SourceMessage, Surface } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { intentOfInteraction, interactionKey } from '../shared/interaction.ts';
import { isObject } from '../shared/json.ts';

/** Members that clients or we add beside the inputs. */
const reserved = new Set([interactionKey, 'msteams']);

/** The intent of a button's or form's data; null when it holds nothing of ours. `surface` is where it was used. */
export function intentOfData(data: unknown, surface: Surface, source: SourceMessage | null): Intent | null {
  if (!isObject(data)) return null;
  const filled: JsonObject = {};
  for (const [name, value] of Object.entries(data)) if (!reserved.has(name)) filled[name] = value;
  return intentOfInteraction(data[interactionKey], filled, surface, source)?.intent ?? null;
}
