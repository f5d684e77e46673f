/** Draws a form as a modal, and the message that a submitted form ends with as its last page. */
import type { InputBlock, KnownBlock, ModalView, PlainTextOption } from '@slack/types';
import type { ConversationReference } from '../../src/kernel/activity.ts';
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Form, FormField, Message } from '../../src/kernel/message.ts';
import { cleanLine, cleanText, truncateText } from '../../src/kernel/plain-text.ts';
import { interactionOfForm } from '../shared/interaction.ts';
import { plainLine, textSections } from './block-elements.ts';
import { limits } from './block-limits.ts';
import { fieldActionId, modalCallbackId } from './modals.ts';
import { renderBlocks } from './render.ts';

/** `block_id` of the refusal that belongs to no field; no field of ours has a hyphen in its name. */
export const errorBlockId = 'deskbridge-error';

const maxErrorBlocks = 2;

/**
 * The form as a modal. Faults stand beneath their fields, the form's own at the top. `private_metadata` brings back what
 * the form answers to, and `reference` (where it was opened), since a submission names no conversation.
 */
export function renderForm(form: Form, reference: ConversationReference | null): ModalView {
  const error = form.error ? textSections(truncateText(form.error, limits.text)) : [];
  const blocks: KnownBlock[] = error
    .slice(0, maxErrorBlocks)
    .map((block, index) => (index === 0 ? { ...block, block_id: errorBlockId } : block));
  for (const field of drawnFields(form)) {
    const below: KnownBlock[] = field.error?.trim()
      ? [{ type: 'context', elements: [plainLine(field.error, limits.text)] }]
      : [];
    if (blocks.length + 1 + below.length > limits.blocksPerView) break;
    blocks.push(inputBlock(field), ...below);
  }
  // A modal without any block is not allowed.
  if (blocks.length === 0) blocks.push({ type: 'section', text: plainLine(form.title, limits.text) });
  return {
    type: 'modal',
    callback_id: modalCallbackId,
    title: plainLine(form.title, limits.viewTitle),
    submit: plainLine(form.submitLabel, limits.viewTitle),
    private_metadata: metadataOf(form, reference),
    blocks,
  };
}

/** The last page of a modal: nothing to submit, and links only, since a press there reaches no conversation. */
export function renderClosing(message: Message): ModalView {
  return {
    type: 'modal',
    callback_id: modalCallbackId,
    title: plainLine(message.title, limits.viewTitle),
    blocks: renderBlocks(message, { pressable: false }),
  };
}

/** The form's fields that a modal can have: names are ids there, so that each is short and occurs once. */
export function drawnFields(form: Form): FormField[] {
  const names = new Set<string>();
  return form.fields.slice(0, limits.blocksPerView).filter(({ name }) => {
    const usable = name !== '' && name.length <= limits.blockId && name !== errorBlockId && !names.has(name);
    if (usable) names.add(name);
    return usable;
  });
}

function inputBlock(field: FormField): InputBlock {
  return {
    type: 'input',
    block_id: field.name,
    label: plainLine(field.label, limits.inputLabel),
    // A switch that is off counts as left empty, which is an answer too.
    optional: field.kind === 'toggle' || !field.required,
    element: inputOf(field),
  };
}

function inputOf(field: FormField): InputBlock['element'] {
  if (field.kind === 'toggle') return toggle(field);
  const placeholder = field.placeholder?.trim()
    ? { placeholder: plainLine(field.placeholder, limits.placeholder) }
    : {};
  if (field.kind === 'choice') {
    const options = optionsOf(field);
    const chosen = options.find((option) => option.value === field.value);
    // A select without options is no valid element; a text can still be typed.
    if (options.length > 0) {
      const initial = chosen === undefined ? {} : { initial_option: chosen };
      return { type: 'static_select', action_id: fieldActionId, options, ...initial, ...placeholder };
    }
  }
  const max = Math.min(Math.max(Math.floor(field.maxLength ?? limits.inputText), 1), limits.inputText);
  const clean = field.kind === 'multiline' ? cleanText : cleanLine;
  const value = truncateText(clean(field.value ?? ''), max);
  return {
    type: 'plain_text_input',
    action_id: fieldActionId,
    max_length: max,
    ...(field.kind === 'multiline' ? { multiline: true } : {}),
    ...(value === '' ? {} : { initial_value: value }),
    ...placeholder,
  };
}

/** A switch as a single box to tick, whose value is `true`. */
function toggle(field: FormField): InputBlock['element'] {
  const option: PlainTextOption = { text: plainLine(field.label, limits.optionLabel), value: 'true' };
  const ticked = field.value === 'true' ? { initial_options: [option] } : {};
  return { type: 'checkboxes', action_id: fieldActionId, options: [option], ...ticked };
}

/** At most 100 options, the chosen one among them. */
function optionsOf(field: FormField): PlainTextOption[] {
  const seen = new Set<string>();
  const usable = (field.choices ?? []).filter(({ value }) => {
    const fits = value !== '' && value.length <= limits.optionValue && !seen.has(value);
    seen.add(value);
    return fits;
  });
  const chosenAt = usable.findIndex(({ value }) => value === field.value);
  const max = limits.optionsPerSelect;
  const chosen = usable[chosenAt];
  const kept =
    chosen !== undefined && chosenAt >= max ? [...usable.slice(0, max - 1), chosen] : usable.slice(0, max);
  return kept.map(({ label, value }) => ({ text: plainLine(label, limits.optionLabel), value }));
}

/**
 * What the submission brings back. Too much loses first the place, so that the reply goes to the person, then the
 * longest values, which the action then asks for or does without.
 */
function metadataOf(form: Form, reference: ConversationReference | null): string {
  const interaction = interactionOfForm(form);
  const whole = JSON.stringify({ interaction, ...placeOf(reference) });
  if (whole.length <= limits.viewMetadata) return whole;
  const input: JsonObject = { ...form.input };
  const longestFirst = Object.keys(input).sort((a, b) => sizeOf(input[b]) - sizeOf(input[a]));
  for (const name of [null, ...longestFirst]) {
    if (name !== null) delete input[name];
    const rest = JSON.stringify({ interaction: { ...interaction, input } });
    if (rest.length <= limits.viewMetadata) return rest;
  }
  return JSON.stringify({});
}

function sizeOf(value: unknown): number {
  return JSON.stringify(value ?? null).length;
}

/** A conversation that the bot is part of; a personal reference by user id is where replies go anyway. */
function placeOf(reference: ConversationReference | null): JsonObject {
  if (reference === null || /^[UW]/.test(reference.platformConversationId)) return {};
  const { platformConversationId: channel, type, threadId } = reference;
  return { channel, type, ...(threadId === null ? {} : { thread: threadId }) };
}
