/** Fills a form of the bot in a terminal: one question a field, as a dialog would show them below one another. */
import { cleanLine } from '../kernel/plain-text.ts';
import type { SeenCard, SeenForm } from '../kernel/simulated-chat.ts';
import type { ChatGesture } from './remote-chat.ts';

/** How a form talks with the person. */
export interface FormTalk {
  /** Asks and waits for a line; null at the end of the input. */
  ask(prompt: string): Promise<string | null>;
  say(text: string): void;
}

type Field = SeenForm['fields'][number];

/** What leaves a form without sending it. */
const cancelWord = '/cancel';

/**
 * Fills and sends a form, again and again until it does not come back with faults.
 * @param send null: it was not taken, which is said already
 * @returns what it brought; null when it was left or not taken
 */
export async function completeForm(
  first: SeenForm,
  talk: FormTalk,
  send: (form: SeenForm, values: Record<string, string>) => Promise<ChatGesture | null>,
): Promise<ChatGesture | null> {
  let form = first;
  for (;;) {
    talk.say(`${form.title} (${cancelWord} leaves)`);
    const values = await fillForm(form, talk);
    if (values === null) {
      talk.say('Nothing was sent.');
      return null;
    }
    const gesture = await send(form, values);
    if (gesture === null || gesture.form === null) return gesture;
    form = gesture.form;
  }
}

/**
 * Says what is wrong with the form, and asks for every field. An empty line keeps what the form holds already.
 * @returns values by the fields' names; null when the person left the form
 */
export async function fillForm(form: SeenForm, talk: FormTalk): Promise<Record<string, string> | null> {
  if (form.error !== null) talk.say(form.error);
  const filled: Record<string, string> = {};
  for (const field of form.fields) {
    const value = await askField(field, talk);
    if (value === null) return null;
    filled[field.name] = value;
  }
  return filled;
}

/** A form on a card has the card's title, where it has none of its own. */
export function titled(form: SeenForm, card: SeenCard): SeenForm {
  return form.title === '' ? { ...form, title: card.lines[0]?.text ?? form.submitLabel } : form;
}

async function askField(field: Field, talk: FormTalk): Promise<string | null> {
  if (field.error !== null) talk.say(`  ${field.error}`);
  field.choices.forEach(({ label }, index) => void talk.say(`  ${index + 1}. ${cleanLine(label)}`));
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
  const shown = choices.find((choice) => choice.value === value)?.label ?? value;
  const kept = kind === 'toggle' ? (value === 'true' ? 'yes' : 'no') : cleanLine(shown);
  const hint = kept !== '' ? ` [${kept}]` : required ? '' : ' (optional)';
  return `  ${cleanLine(label)}${hint}: `;
}

/** Null: none of the choices. */
function readValue(field: Field, text: string): string | null {
  const wanted = text.toLowerCase();
  if (field.kind === 'toggle') {
    if (['yes', 'y', 'true', '1'].includes(wanted)) return 'true';
    return ['no', 'n', 'false', '0'].includes(wanted) ? 'false' : null;
  }
  return field.kind === 'choice' ? (chosen(field.choices, text, wanted)?.value ?? null) : text;
}

/** By its words, its value or its number, else by the beginning that it alone has. */
function chosen(
  choices: Field['choices'],
  text: string,
  wanted: string,
): Field['choices'][number] | undefined {
  const exact = choices.find(
    ({ label, value }) => cleanLine(label).toLowerCase() === wanted || value === text,
  );
  if (exact !== undefined) return exact;
  if (/^\d+$/.test(text)) return choices[Number(text) - 1];
  const begun = choices.filter(({ label }) => cleanLine(label).toLowerCase().startsWith(wanted));
  return begun.length === 1 ? begun[0] : undefined;
}
