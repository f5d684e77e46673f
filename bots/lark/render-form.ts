/** Draws a form as a form container of a Lark card: inputs named by their fields, and one button that submits them. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Form, FormField } from '../../src/kernel/message.ts';
import { cleanLine, cleanText, truncateText } from '../../src/kernel/plain-text.ts';
import { interactionOfForm } from '../shared/interaction.ts';
import {
  buttonText,
  type CardChat,
  callback,
  plainLine,
  plainText,
  textBlock,
  textLine,
} from './card-elements.ts';
import { maxInputLength, maxPlaceholder } from './card-limits.ts';

/** Names that no field has; a name may stand once in a card. */
const formName = 'deskbridge_form';
const submitName = 'deskbridge_submit';

/** How much of a form is drawn. */
export interface FormDetail {
  /** Choices of one menu; the chosen one is always among them. */
  choices: number;
  /** UTF-16 units of a label, hint or fault; of a prefilled value. */
  lineLength: number;
  valueLength: number;
}

/**
 * The form as a component that stands at the root of a card. Its submit button carries the `Interaction` {do:'submit'},
 * and in it every switch as off: whether Lark reports a switch that is off is not documented, and what it does report
 * counts before that.
 */
export function renderForm(form: Form, chat: CardChat, detail: FormDetail): JsonObject {
  const fields = namedOnce(form.fields);
  const off = fields.filter(({ kind }) => kind === 'toggle').map(({ name }) => [name, false]);
  const input: JsonObject = { ...form.input, ...Object.fromEntries(off) };
  const elements: JsonObject[] = [];
  if (form.error)
    elements.push(textBlock(truncateText(form.error, detail.lineLength), { text_color: 'red' }));
  for (const field of fields) elements.push(...fieldElements(field, detail));
  elements.push({
    tag: 'button',
    name: submitName,
    type: 'primary',
    text: buttonText(form.submitLabel),
    form_action_type: 'submit',
    behaviors: [callback(interactionOfForm({ ...form, input }), chat)],
  });
  return { tag: 'form', name: formName, elements };
}

function namedOnce(fields: FormField[]): FormField[] {
  const names = new Set(['', formName, submitName]);
  return fields.filter(({ name }) => !names.has(name) && names.add(name));
}

/** The input and, below it, what was wrong with it. */
function fieldElements(field: FormField, detail: FormDetail): JsonObject[] {
  const elements = inputOf(field, detail);
  if (!field.error) return elements;
  const fault = truncateText(field.error, detail.lineLength);
  return [...elements, textLine(fault, { text_size: 'notation', text_color: 'red' })];
}

function inputOf(field: FormField, detail: FormDetail): JsonObject[] {
  const label = truncateText(field.label, detail.lineLength);
  if (field.kind === 'toggle') {
    const checked = field.value === 'true';
    return [{ tag: 'checker', name: field.name, checked, text: plainLine(label), overall_checkable: false }];
  }
  const common = {
    name: field.name,
    required: field.required || undefined,
    placeholder: placeholderOf(field),
    width: 'fill',
  };
  const options = field.kind === 'choice' ? optionsOf(field, detail) : [];
  // A menu without choices is no valid component; a text can still be typed.
  if (options.length === 0) return [textInput(field, label, common, detail)];
  const chosen = options.findIndex(({ value }) => value === field.value);
  // Menus have no label of their own. The index counts from 1, and covers the placeholder.
  const initial_index = chosen === -1 ? undefined : chosen + 1;
  return [textLine(label), { tag: 'select_static', ...common, initial_index, options }];
}

function textInput(field: FormField, label: string, common: JsonObject, detail: FormDetail): JsonObject {
  const max_length = lengthOf(field);
  const value = truncateText(cleanText(field.value ?? ''), Math.min(max_length, detail.valueLength));
  return {
    tag: 'input',
    ...common,
    label: plainLine(label),
    label_position: 'top',
    max_length,
    default_value: value === '' ? undefined : value,
    ...(field.kind === 'multiline' ? { input_type: 'multiline_text', rows: 4, auto_resize: true } : {}),
  };
}

/** The longest text that the field takes: its own bound within the format's. */
function lengthOf({ maxLength = maxInputLength }: FormField): number {
  return Number.isFinite(maxLength)
    ? Math.min(Math.max(Math.trunc(maxLength), 1), maxInputLength)
    : maxInputLength;
}

/** At most as many options as there is room for, each value once. */
function optionsOf(field: FormField, detail: FormDetail) {
  const values = new Set(['']);
  const choices = (field.choices ?? []).filter(({ value }) => !values.has(value) && values.add(value));
  const shown = choices.slice(0, detail.choices);
  const chosen = choices.find(({ value }) => value === field.value);
  if (chosen !== undefined && !shown.includes(chosen)) shown.splice(-1, 1, chosen);
  return shown.map(({ label, value }) => ({
    text: plainLine(truncateText(label, detail.lineLength)),
    value,
  }));
}

function placeholderOf({ placeholder = '' }: FormField): JsonObject | undefined {
  const line = cleanLine(truncateText(placeholder, 2 * maxPlaceholder));
  return line === '' ? undefined : plainText(truncateText(line, maxPlaceholder));
}
