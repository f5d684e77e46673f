/** A form in the terminal: asks for each input of a card, one line each. */
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { cleanLine } from '../kernel/plain-text.ts';

/** How a form talks with the person. */
export interface FormTalk {
  /** Asks and waits for a line; null at the end of the input. */
  ask(prompt: string): Promise<string | null>;
  say(text: string): void;
}

interface Field {
  id: string;
  label: string;
  kind: 'text' | 'choice' | 'toggle';
  required: boolean;
  value: string;
  choices: { title: string; value: string }[];
}

/** What leaves a form without sending it. */
export const cancelWord = '/cancel';

/** Whether the card has anything to fill in. */
export function hasInputs(card: JsonObject): boolean {
  return fieldsOf(card).length > 0;
}

/**
 * Asks for every input of the card. An empty line keeps what the form holds already.
 * @returns values by the inputs' ids; null when the person left the form
 */
export async function fillForm(card: JsonObject, talk: FormTalk): Promise<Record<string, string> | null> {
  const filled: Record<string, string> = {};
  for (const field of fieldsOf(card)) {
    const value = await askField(field, talk);
    if (value === null) return null;
    filled[field.id] = value;
  }
  return filled;
}

/** The card without what is asked for and without buttons: its texts, among them what was wrong. */
export function withoutInputs(card: JsonObject): JsonObject {
  const body = Array.isArray(card.body) ? card.body : [];
  return { ...card, actions: [], body: body.filter((element) => !isInput(element)) };
}

async function askField(field: Field, talk: FormTalk): Promise<string | null> {
  field.choices.forEach(({ title }, index) => void talk.say(`  ${index + 1}. ${title}`));
  for (;;) {
    const line = await talk.ask(promptOf(field));
    if (line === null || line.trim() === cancelWord) return null;
    const value = line.trim() === '' ? field.value : readValue(field, line.trim());
    if (value === null) talk.say('  That is none of the choices.');
    else if (value === '' && field.required) talk.say('  Something has to stand here.');
    else return value;
  }
}

function promptOf({ label, kind, required, value, choices }: Field): string {
  const shown = choices.find((choice) => choice.value === value)?.title ?? value;
  const kept = kind === 'toggle' ? (value === 'true' ? 'yes' : 'no') : cleanLine(shown);
  const hint = kept !== '' ? ` [${kept}]` : required ? '' : ' (optional)';
  return `  ${label}${hint}: `;
}

/** Null: none of the choices. */
function readValue(field: Field, text: string): string | null {
  const wanted = text.toLowerCase();
  if (field.kind === 'toggle') {
    if (['yes', 'y', 'true', '1'].includes(wanted)) return 'true';
    return ['no', 'n', 'false', '0'].includes(wanted) ? 'false' : null;
  }
  if (field.kind === 'text') return text;
  return chosen(field.choices, text, wanted)?.value ?? null;
}

/** By its words, its value or its number, else by the beginning that it alone has. */
function chosen(
  choices: Field['choices'],
  text: string,
  wanted: string,
): Field['choices'][number] | undefined {
  const exact = choices.find(({ title, value }) => title.toLowerCase() === wanted || value === text);
  if (exact !== undefined) return exact;
  if (/^\d+$/.test(text)) return choices[Number(text) - 1];
  const begun = choices.filter(({ title }) => title.toLowerCase().startsWith(wanted));
  return begun.length === 1 ? begun[0] : undefined;
}

/** Inputs of the body in their order; forms of the bot have them on its first level. */
function fieldsOf(card: JsonObject): Field[] {
  const body = Array.isArray(card.body) ? card.body : [];
  return body.filter(isInput).map((input) => ({
    id: String(input.id),
    label: cleanLine(textOf(input.label) || textOf(input.title) || String(input.id)),
    kind: input.type === 'Input.ChoiceSet' ? 'choice' : input.type === 'Input.Toggle' ? 'toggle' : 'text',
    required: input.isRequired === true,
    value: textOf(input.value),
    choices: choicesOf(input),
  }));
}

function choicesOf(input: JsonObject): Field['choices'] {
  const choices = Array.isArray(input.choices) ? input.choices : [];
  return choices.filter(isObject).map(({ title, value }) => ({
    title: cleanLine(textOf(title)),
    value: textOf(value),
  }));
}

function isInput(element: JsonValue): element is JsonObject {
  return isObject(element) && typeof element.type === 'string' && element.type.startsWith('Input.');
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
