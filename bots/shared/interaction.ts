/** What a button or form of ours carries, and brings back: read with distrust, it passed through the person's client. */
import type { Intent, SourceMessage, Surface } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import { type Button, type Form, type Interaction, interactionSchema } from '../../src/kernel/message.ts';
import { isObject } from './json.ts';

/** The member of a button's data that holds our `Interaction`, where a platform's data is an object. */
export const interactionKey = 'deskbridge';

/** Nesting of data that is believed to be ours; what our cards carry is a few levels deep. */
const maxDepth = 32;
const maxInputs = 100;
const reserved = new Set(['__proto__', 'constructor', 'prototype']);

/** What pressing the button sends, an `Interaction`; null for a link, which sends nothing. */
export function interactionOf(button: Button): JsonObject | null {
  switch (button.kind) {
    case 'action':
      return { do: 'action', action: button.action, input: button.input, nonce: button.nonce };
    case 'command':
      return { do: 'command', text: button.text, nonce: button.nonce };
    case 'form':
      return { do: 'form', action: button.action, input: button.input, nonce: button.nonce };
    case 'url':
      return null;
  }
}

/** What submitting the form sends besides its fields, an `Interaction`. */
export function interactionOfForm(form: Form): JsonObject {
  const { action, input, nonce, cardMessageId } = form;
  return { do: 'submit', action, input, nonce, card: cardMessageId };
}

/** An interaction as an intent. `cardMessageId`: the message whose card the form was opened from. */
export interface ReadIntent {
  intent: Intent;
  cardMessageId: string | null;
}

/**
 * The intent of what a button or form brought back; null when it is nothing of ours.
 * @param raw our `Interaction` as it came back
 * @param filled the form's inputs by name; what is no plain value is left out
 * @param surface where it was used
 */
export function intentOfInteraction(
  raw: unknown,
  filled: JsonObject,
  surface: Surface,
  source: SourceMessage | null,
): ReadIntent | null {
  if (!isSound(raw)) return null;
  const read = readInteraction(raw);
  if (read === null) return null;
  const { interaction, nonce } = read;
  switch (interaction.do) {
    case 'action': {
      const { action, input } = interaction;
      return { intent: { kind: 'press', action, input, nonce }, cardMessageId: null };
    }
    case 'command':
      return { intent: { kind: 'press_command', text: interaction.text, nonce }, cardMessageId: null };
    case 'form': {
      const { action, input } = interaction;
      const asked = { kind: 'open_form' as const, action, input, surface, source };
      return { intent: nonce === null ? asked : { ...asked, nonce }, cardMessageId: null };
    }
    case 'submit': {
      const input = { ...interaction.input, ...plainInputs(filled) };
      const intent: Intent = { kind: 'submit_form', action: interaction.action, input, nonce, surface };
      return { intent, cardMessageId: interaction.card ?? null };
    }
  }
}

interface ReadInteraction {
  interaction: Interaction;
  /** Null when the data held none that passes: an older or altered card, which the inbound chain answers as stale. */
  nonce: string | null;
}

function readInteraction(raw: unknown): ReadInteraction | null {
  if (!isObject(raw)) return null;
  const whole = interactionSchema.safeParse(raw);
  if (whole.success) return { interaction: whole.data, nonce: whole.data.nonce ?? null };
  const input = isObject(raw.input) ? raw.input : {};
  const rest = interactionSchema.safeParse({ ...raw, input, nonce: 'none' });
  return rest.success ? { interaction: rest.data, nonce: null } : null;
}

function plainInputs(filled: JsonObject): JsonObject {
  const inputs: JsonObject = {};
  for (const [name, value] of Object.entries(filled).slice(0, maxInputs)) {
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (!plain || reserved.has(name) || !isPortable(name) || !isPortable(value)) continue;
    inputs[name] = value;
  }
  return inputs;
}

/**
 * Whether the value nests no deeper than allowed and has a canonical form, which is hashed; without recursion, which deep
 * input could exhaust.
 */
function isSound(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth || !level.every(isPortable)) return false;
    level = level.flatMap((item) => {
      if (typeof item !== 'object' || item === null) return [];
      return Array.isArray(item) ? item : [...Object.keys(item), ...Object.values(item)];
    });
  }
  return true;
}

/** I-JSON (RFC 7493) has neither half a surrogate pair nor a number out of range; JSON texts may hold both. */
function isPortable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  return typeof value !== 'number' || Number.isFinite(value);
}
