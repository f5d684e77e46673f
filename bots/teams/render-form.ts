/** Draws a form as an Adaptive Card with inputs, for a dialog or in place of a card in the chat. */
import type { JsonObject } from '../../src/kernel/canonical-json.ts';
import type { Form, FormField } from '../../src/kernel/message.ts';
import { cleanLine, cleanText } from '../../src/kernel/plain-text.ts';
import { interactionKey, interactionOfForm } from '../shared/interaction.ts';
import type { CardPlace } from './card-elements.ts';
import { actionStyle, executeAction, textLine, textLines } from './card-elements.ts';
import { cardFrame } from './render.ts';

/** From this many choices on the list can be searched by typing. */
const searchableChoices = 12;

/**
 * The form as an Adaptive Card 1.5. Each field is an input with the field's name as id; its submit action carries the
 * `Interaction` {do:'submit'}. A dialog has its own title bar, so that the card shows the title only in the chat.
 */
export function renderForm(form: Form, place: CardPlace = 'dialog'): JsonObject {
  const body: JsonObject[] = [];
  if (place === 'chat') body.push(textLine(form.title, { size: 'Medium', weight: 'Bolder' }));
  if (form.error) {
    body.push({ type: 'Container', style: 'attention', bleed: true, items: textLines(form.error) });
  }
  for (const field of form.fields) body.push(...fieldElements(form, field));
  const title = cleanLine(form.submitLabel) || '…';
  const data: JsonObject = { [interactionKey]: interactionOfForm(form) };
  const style = actionStyle('primary');
  const submit: JsonObject =
    place === 'chat'
      ? executeAction(title, form.action, data, style, true)
      : { type: 'Action.Submit', title, style, data };
  return { ...cardFrame(body, cleanText(form.title)), actions: [submit] };
}

/** The input and, below it, what was wrong with it. */
function fieldElements(form: Form, field: FormField): JsonObject[] {
  const input = inputOf(field, {
    id: field.name,
    label: cleanLine(field.label),
    isRequired: field.required || undefined,
    errorMessage: field.required ? cleanLine(form.requiredHint ?? field.label) : undefined,
  });
  if (!field.error) return [input];
  return [input, textLine(field.error, { color: 'Attention', size: 'Small' }, 'None')];
}

function inputOf(field: FormField, common: JsonObject): JsonObject {
  const choices = field.choices ?? [];
  if (field.kind === 'toggle') {
    return {
      type: 'Input.Toggle',
      ...common,
      label: undefined,
      title: common.label,
      value: field.value === 'true' ? 'true' : 'false',
    };
  }
  // A choice without choices is no valid element; a text can still be typed.
  if (field.kind === 'choice' && choices.length > 0) {
    return {
      type: 'Input.ChoiceSet',
      ...common,
      style: choices.length >= searchableChoices ? 'filtered' : 'compact',
      placeholder: placeholderOf(field),
      value: choices.some((choice) => choice.value === field.value) ? field.value : undefined,
      choices: choices.map((choice) => ({ title: cleanLine(choice.label) || '…', value: choice.value })),
    };
  }
  return {
    type: 'Input.Text',
    ...common,
    isMultiline: field.kind === 'multiline' || undefined,
    maxLength: field.maxLength,
    placeholder: placeholderOf(field),
    value: field.value === undefined ? undefined : cleanText(field.value),
  };
}

function placeholderOf(field: FormField): string | undefined {
  return field.placeholder === undefined ? undefined : cleanLine(field.placeholder);
}
