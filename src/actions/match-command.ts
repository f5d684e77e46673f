/** Matches a message with one sequence of a command pattern, in time linear in the message's length. */
import { matchDuration } from '../desk/duration.ts';
import {
  isFreeText,
  type PatternElement,
  type SlotName,
  slotTypes,
  type Variant,
} from './command-pattern.ts';
import { type CommandText, joins, sliceCommandText } from './command-text.ts';
import { parseReference } from './parse-reference.ts';

/** What the slots took. */
export type Captured = Partial<Record<SlotName, string>>;

export interface VariantMatch {
  /** Everything fits; otherwise the command is recognised and `missing` is the slot that could not be filled. */
  readonly missing: SlotName | null;
  /** The message ends where the missing slot should be, rather than holding something else there. */
  readonly atEnd: boolean;
  /** Characters that are the command's own words: the more, the surer. */
  readonly literals: number;
  readonly captured: Captured;
  /** A text ended at the command's words; it might have meant to go on. */
  readonly split: boolean;
}

/** Null where the message is not this command. */
export function matchVariant(variant: Variant, message: CommandText): VariantMatch | null {
  if (variant.body === null) return matchElements({ elements: variant.elements, message }, 0, 0);
  const lineEnd = message.shadow.indexOf('\n');
  if (lineEnd === -1) return null;
  const body = message.text.slice(lineEnd).trim();
  const line = sliceCommandText(message, 0, lineEnd);
  const match = matchElements({ elements: variant.elements, message: line }, 0, 0);
  if (match === null || body === '') return match;
  return { ...match, captured: { ...match.captured, [variant.body]: body } };
}

interface Matching {
  readonly elements: readonly PatternElement[];
  readonly message: CommandText;
}

/** Matches the elements from `first` on with the message from `start` on. */
function matchElements(matching: Matching, first: number, start: number): VariantMatch | null {
  const { elements, message } = matching;
  const captured: Captured = {};
  let literals = 0;
  let position = start;
  for (let index = first; index < elements.length; index++) {
    const element = elements[index];
    if (element === undefined) break;
    if (position > 0 && joins(message.shadow[position - 1], message.shadow[position])) return null;
    const at = skip(whiteSpace, message.shadow, position);
    if (element.kind === 'literal') {
      if (!message.shadow.startsWith(element.text, at))
        return stopped(matching, index, at, literals, captured);
      literals += element.text.length;
      position = at + element.text.length;
      continue;
    }
    if (isFreeText(element.name) && index + 1 < elements.length) {
      const rest = splitText(matching, index, at);
      if (rest === null) return stopped(matching, index, at, literals, captured);
      return { ...rest, literals: literals + rest.literals, captured: { ...captured, ...rest.captured } };
    }
    const taken = take(element.name, message, at);
    if (taken === null) return stopped(matching, index, at, literals, captured);
    captured[element.name] = taken.value;
    position = taken.end;
  }
  const end = skip(closing, message.shadow, position);
  if (end < message.shadow.length) return null;
  return { missing: null, atEnd: true, literals, captured, split: false };
}

/** The element at `index` does not fit at `at`: is the command recognised all the same? */
function stopped(
  matching: Matching,
  index: number,
  at: number,
  literals: number,
  captured: Captured,
): VariantMatch | null {
  const { elements, message } = matching;
  const atEnd = skip(closing, message.shadow, at) === message.shadow.length;
  const wordsComplete = elements.slice(0, index + 1).some((element) => element.kind === 'slot');
  // One character alone announces no command: without spaces, many a sentence begins like `把 <ticket> 给 …`.
  if (literals < 2 || !(atEnd || wordsComplete)) return null;
  const missing = elements.slice(index).find((element) => element.kind === 'slot');
  return missing ? { missing: missing.name, atEnd, literals, captured, split: false } : null;
}

/** Ends the text at the last place where everything after it fits. */
function splitText(matching: Matching, index: number, at: number): VariantMatch | null {
  const { elements, message } = matching;
  const element = elements[index];
  const next = elements[index + 1];
  if (element?.kind !== 'slot' || next?.kind !== 'literal') return null;
  const { shadow } = message;
  let place = shadow.lastIndexOf(next.text);
  while (place > at) {
    const rest = matchElements(matching, index + 1, place);
    if (rest?.missing === null) {
      const value = tidy(element.name, message.text.slice(at, place));
      if (value === '') return null;
      return { ...rest, captured: { ...rest.captured, [element.name]: value }, split: true };
    }
    place = shadow.lastIndexOf(next.text, place - 1);
  }
  return null;
}

const whiteSpace = /\s*/y;
/** What may close a command without meaning anything. */
const closing = /[\s.!?。…]*/y;
const reference = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|#?\d{1,12}/iy;
const token = /[^\s.,:;!?。、]{1,64}/y;

function skip(what: RegExp, text: string, at: number): number {
  what.lastIndex = at;
  what.exec(text);
  return what.lastIndex;
}

/** What a slot takes at a position; a free text takes all that is left. */
function take(slot: SlotName, message: CommandText, at: number): { value: string; end: number } | null {
  switch (slotTypes[slot]) {
    case 'reference': {
      const found = takeMatch(reference, message, at);
      return found && parseReference(found.value) ? found : null;
    }
    case 'duration': {
      const found = matchDuration(message.shadow, at);
      return found && { value: message.folded.slice(at, found.end), end: found.end };
    }
    case 'token':
      return takeMatch(token, message, at);
    case 'line':
    case 'text': {
      const value = tidy(slot, message.text.slice(at));
      return value === '' ? null : { value, end: message.text.length };
    }
  }
}

function takeMatch(what: RegExp, message: CommandText, at: number): { value: string; end: number } | null {
  what.lastIndex = at;
  const found = what.exec(message.folded);
  return found && { value: found[0], end: what.lastIndex };
}

/** What a slot took, without the commas that people put around an argument: `note 12, called`, `Jam, for Contoso`. */
function tidy(slot: SlotName, value: string): string {
  const isLine = slotTypes[slot] === 'line';
  let start = 0;
  let end = value.length;
  while (start < end && isComma(value[start])) start++;
  while (isLine && start < end && isComma(value[end - 1])) end--;
  const kept = value.slice(start, end).trim();
  return isLine ? kept.replace(/\s+/g, ' ') : kept;
}

function isComma(char: string | undefined): boolean {
  return char !== undefined && /[\s,，、;；]/.test(char);
}
