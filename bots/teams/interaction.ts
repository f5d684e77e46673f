/** What a button or form of ours brings back, read with distrust: it passed through the person's client. */
import type { Intent, SourceMessage, Surface } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { type Interaction, interactionSchema } from '../../src/kernel/message.ts';
import { interactionKey } from './card-elements.ts';

/** Nesting of data that is believed to be ours; what our cards carry is a few levels deep. */
const maxDepth = 32;
const maxInputs = 100;
const reserved = new Set([interactionKey, 'msteams', '__proto__', 'constructor', 'prototype']);

interface ReadInteraction {
  interaction: Interaction;
  /** Null when the data held none that passes: an older or altered card, which the inbound chain answers as stale. */
  nonce: string | null;
}

/** The intent of a button's or form's data; null when it holds nothing of ours. `surface` is where it was used. */
export function intentOfData(data: unknown, surface: Surface, source: SourceMessage | null): Intent | null {
  if (!isObject(data) || !isShallow(data)) return null;
  const read = readInteraction(data[interactionKey]);
  if (read === null) return null;
  const { interaction, nonce } = read;
  switch (interaction.do) {
    case 'action':
      return { kind: 'press', action: interaction.action, input: interaction.input, nonce };
    case 'command':
      return { kind: 'press_command', text: interaction.text, nonce };
    case 'form':
      return { kind: 'open_form', action: interaction.action, input: interaction.input, surface, source };
    case 'submit': {
      const input = { ...interaction.input, ...filledInputs(data) };
      return { kind: 'submit_form', action: interaction.action, input, nonce, surface };
    }
  }
}

function readInteraction(raw: unknown): ReadInteraction | null {
  if (!isObject(raw)) return null;
  const whole = interactionSchema.safeParse(raw);
  if (whole.success)
    return { interaction: whole.data, nonce: 'nonce' in whole.data ? whole.data.nonce : null };
  const input = isObject(raw.input) ? raw.input : {};
  const rest = interactionSchema.safeParse({ ...raw, input, nonce: 'none' });
  return rest.success ? { interaction: rest.data, nonce: null } : null;
}

/** What the person filled in: the client puts it beside our own member, keyed by the inputs' ids. */
function filledInputs(data: JsonObject): JsonObject {
  const inputs: JsonObject = {};
  for (const [name, value] of Object.entries(data).slice(0, maxInputs)) {
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (plain && !reserved.has(name)) inputs[name] = value;
  }
  return inputs;
}

/** Whether the value is a JSON object. Payloads come from JSON.parse, so that every object is one. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the value nests no deeper than allowed; without recursion, which deep input could exhaust. */
function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return false;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return true;
}
