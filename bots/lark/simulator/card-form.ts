/** Forms on Lark cards: what a person sees of one, and what submitting it sends. */
import type { JsonObject } from '../../../src/kernel/canonical-json.ts';
import type { SeenForm } from '../../../src/kernel/simulated-chat.ts';
import { childrenOf, contentOf, findAll, inputTags, isSubmit, objectsOf, walk } from './card-elements.ts';
import { drawMarkdown } from './card-text.ts';

type SeenField = SeenForm['fields'][number];

/** Which form of which version of a message: what `SeenForm.handle` holds. */
export interface FormHandle {
  messageId: string;
  version: number;
  form: string;
}

/**
 * The form as it is drawn. A text above an input without a label of its own is its label; red text is the fault of the
 * field before it or, under a label, after it; before every field it is the form's own.
 */
export function drawForm(form: JsonObject, title: string, handle: Omit<FormHandle, 'form'>): SeenForm {
  const fields: SeenField[] = [];
  let label: string | null = null;
  let fault: string | null = null;
  let error: string | null = null;
  walk(childrenOf(form), (element) => {
    for (const { text, red } of textsOf(element)) {
      const last = fields.at(-1);
      if (!red) label = text;
      else if (label !== null) fault = text;
      else if (last === undefined) error = error === null ? text : `${error}\n${text}`;
      else last.error ??= text;
    }
    if (!inputTags.has(String(element.tag))) return;
    fields.push({ ...fieldOf(element, label), error: fault });
    label = null;
    fault = null;
  });
  const submit = findAll(childrenOf(form), 'button').find(isSubmit);
  const name: FormHandle = { ...handle, form: String(form.name) };
  return {
    title,
    fields,
    submitLabel: contentOf(submit?.text),
    error: error ?? fault,
    handle: JSON.stringify(name),
  };
}

/** @throws Error for a handle that `drawForm` did not make */
export function readHandle(handle: string): FormHandle {
  const { messageId, version, form } = JSON.parse(handle) as Partial<FormHandle>;
  if (messageId === undefined || version === undefined || form === undefined)
    throw new Error('this is no handle of a form');
  return { messageId, version, form };
}

/** Lines of text that stand in a form by themselves. */
function textsOf(element: JsonObject): { text: string; red: boolean }[] {
  const isDiv = element.tag === 'div';
  const content = isDiv ? contentOf(element.text) : element.tag === 'markdown' ? String(element.content) : '';
  const lines = content.split('\n').filter((line) => line.trim() !== '');
  const allRed = isDiv && typeof element.text === 'object' && JSON.stringify(element.text).includes('"red"');
  return lines.map((line) => {
    const { text, red } = drawMarkdown(line);
    return { text, red: red || allRed };
  });
}

function fieldOf(element: JsonObject, textAbove: string | null): Omit<SeenField, 'error'> {
  const own = contentOf(element.tag === 'checker' ? element.text : element.label);
  const label = (own === '' ? textAbove : own) ?? (contentOf(element.placeholder) || String(element.name));
  const common = { name: String(element.name), label, required: element.required === true, choices: [] };
  switch (element.tag) {
    case 'select_static': {
      const choices = objectsOf(element.options).map((option) => ({
        label: contentOf(option.text),
        value: String(option.value),
      }));
      // The index counts from 1.
      const index = typeof element.initial_index === 'number' ? element.initial_index - 1 : -1;
      const initial = typeof element.initial_option === 'string' ? element.initial_option : '';
      return { ...common, kind: 'choice', value: choices[index]?.value ?? initial, choices };
    }
    case 'checker':
      return { ...common, kind: 'toggle', value: String(element.checked === true) };
    default: {
      const kind = element.input_type === 'multiline_text' ? 'multiline' : 'text';
      const value = typeof element.default_value === 'string' ? element.default_value : '';
      return { ...common, kind, value };
    }
  }
}

export type Filled =
  | { ok: true; submit: JsonObject; formValue: JsonObject }
  /** The client does not send it: faults by field name. */
  | { ok: false; faults: Readonly<Record<string, string>> };

/**
 * Fills a form and presses its button, as a client does: it refuses empty required fields and texts that are too long.
 * A choice may be given by its value or its label.
 * @throws Error for a field or a choice that the form does not have
 */
export function fillForm(form: JsonObject, values: Readonly<Record<string, string>>): Filled {
  const inputs: JsonObject[] = [];
  walk(childrenOf(form), (element) => {
    if (inputTags.has(String(element.tag))) inputs.push(element);
  });
  for (const name of Object.keys(values)) {
    if (!inputs.some((input) => input.name === name)) throw new Error(`the form has no field "${name}"`);
  }
  const formValue: JsonObject = {};
  const faults: Record<string, string> = {};
  for (const input of inputs) {
    const field = fieldOf(input, null);
    const value = chosen(field, values[field.name] ?? field.value);
    if (field.required && value === '') faults[field.name] = 'This field is required';
    if (typeof input.max_length === 'number' && value.length > input.max_length)
      faults[field.name] = `No more than ${input.max_length} characters`;
    // A list from which nothing was chosen is not in the callback; an empty input is, as an empty text.
    if (field.kind === 'toggle') formValue[field.name] = value === 'true';
    else if (field.kind !== 'choice' || value !== '') formValue[field.name] = value;
  }
  const submit = findAll(childrenOf(form), 'button').find(isSubmit);
  if (submit === undefined) throw new Error('the form has no submit button');
  return Object.keys(faults).length > 0 ? { ok: false, faults } : { ok: true, submit, formValue };
}

function chosen(field: Omit<SeenField, 'error'>, value: string): string {
  if (field.kind !== 'choice' || value === '') return value;
  const choice = field.choices.find((one) => one.value === value || one.label === value);
  if (choice === undefined) throw new Error(`"${field.label}" has no choice "${value}"`);
  return choice.value;
}
