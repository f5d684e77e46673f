/**
 * The notation in which language files write commands, and its expansion into plain sequences.
 *
 * `assign [ticket] <ticket> [to <assignee>]`: words as they are typed; `[…]` may be left out; `(a|b)` is a choice;
 * `<name>` is a slot of `slotTypes`; `¶ <name>` at the end takes the lines after the first. Spaces in a pattern only
 * part its pieces. A person must type one where two letters or digits would otherwise run together, and never beside
 * punctuation or Chinese characters: `分配 <ticket> 给 <assignee>` reads `分配1002给我`.
 *
 * A pattern is expanded into every sequence that it allows. A sequence is matched from left to right in one pass and
 * has at most one place to choose (where a text ends that words follow), so that matching takes linear time.
 */
import { foldWidth } from '../words/fold-width.ts';
import { joins, lowerCase } from './command-text.ts';

/** What a slot takes; the slot's name is also the name of the input. */
export type SlotType =
  /** `1`, `#1002`, `1002` or a UUID. */
  | 'reference'
  | 'duration'
  /** One run of characters without a space. */
  | 'token'
  /** Everything up to the pattern's next word or the end, on one line. */
  | 'line'
  /** Everything, line breaks kept. */
  | 'text';

export const slotTypes = {
  ticket: 'reference',
  approval: 'reference',
  duration: 'duration',
  code: 'token',
  category: 'line',
  title: 'line',
  query: 'line',
  client: 'line',
  assignee: 'line',
  status: 'line',
  description: 'text',
  note: 'text',
  reply: 'text',
  comment: 'text',
} as const satisfies Record<string, SlotType>;
export type SlotName = keyof typeof slotTypes;

export type PatternElement = { kind: 'literal'; text: string } | { kind: 'slot'; name: SlotName };

/** One sequence that a pattern allows. */
export interface Variant {
  readonly elements: readonly PatternElement[];
  /** Takes the lines after the first. */
  readonly body: SlotName | null;
  /** The words before the first slot, as they are typed. */
  readonly head: string;
}

/** A guard against patterns that expand without measure; they are compiled at start. */
const maxVariants = 64;

type Piece = PatternElement | { kind: 'body' };

/**
 * Every sequence that a pattern allows, without repetition.
 * @throws SyntaxError where the pattern breaks a rule of the notation
 */
export function expandPattern(pattern: string): Variant[] {
  const reader = new PatternReader(pattern);
  const variants = new Map<string, Variant>();
  for (const pieces of reader.read()) variants.set(JSON.stringify(pieces), toVariant(pieces, pattern));
  return [...variants.values()];
}

/** Reads the notation by recursive descent; each method returns the sequences that its part allows. */
class PatternReader {
  readonly #pattern: string;
  readonly #tokens: string[];
  #next = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#tokens = lowerCase(foldWidth(pattern)).match(/<[^<>]*>|[[\]()|:¶]|[^\s[\]()|:¶<>]+/g) ?? [];
  }

  read(): Piece[][] {
    const sequences = this.#sequence();
    if (this.#next < this.#tokens.length)
      throw fault(this.#pattern, `unexpected ${this.#tokens[this.#next]}`);
    return sequences;
  }

  #sequence(): Piece[][] {
    let sequences: Piece[][] = [[]];
    for (;;) {
      const token = this.#tokens[this.#next];
      if (token === undefined || token === ']' || token === ')' || token === '|') return sequences;
      this.#next++;
      const continuations = this.#part(token);
      sequences = sequences.flatMap((start) => continuations.map((rest) => [...start, ...rest]));
      if (sequences.length > maxVariants) throw fault(this.#pattern, `more than ${maxVariants} sequences`);
    }
  }

  #part(token: string): Piece[][] {
    if (token === '[') return [[], ...this.#group(']')];
    if (token === '(') return this.#group(')');
    if (token === '¶') return [[{ kind: 'body' }]];
    if (!token.startsWith('<')) return [[{ kind: 'literal', text: token }]];
    const name = token.slice(1, -1);
    if (!isSlotName(name)) throw fault(this.#pattern, `unknown slot ${token}`);
    return [[{ kind: 'slot', name }]];
  }

  #group(end: ']' | ')'): Piece[][] {
    const choices = this.#sequence();
    while (this.#tokens[this.#next] === '|') {
      this.#next++;
      choices.push(...this.#sequence());
    }
    if (this.#tokens[this.#next] !== end) throw fault(this.#pattern, `${end} is missing`);
    this.#next++;
    return choices;
  }
}

function toVariant(pieces: Piece[], pattern: string): Variant {
  const bodyAt = pieces.findIndex((piece) => piece.kind === 'body');
  const elements = pieces
    .slice(0, bodyAt === -1 ? undefined : bodyAt)
    .filter((piece) => piece.kind !== 'body');
  const after = bodyAt === -1 ? [] : pieces.slice(bodyAt + 1);
  const [body] = after;
  if (bodyAt !== -1 && (after.length !== 1 || body?.kind !== 'slot' || slotTypes[body.name] !== 'text')) {
    throw fault(pattern, '¶ must be followed by one text slot, the last thing');
  }
  checkElements(elements, pattern);
  return { elements, body: body?.kind === 'slot' ? body.name : null, head: headOf(elements) };
}

/** The rules that keep matching linear and commands recognisable. */
function checkElements(elements: PatternElement[], pattern: string): void {
  if (elements[0]?.kind !== 'literal') throw fault(pattern, 'a command begins with a word');
  const followed = elements.filter((element, index) => {
    const next = elements[index + 1];
    if (element.kind !== 'slot' || !isFreeText(element.name) || next === undefined) return false;
    if (next.kind === 'slot') throw fault(pattern, 'words must follow a text that is not the last thing');
    return true;
  });
  if (followed.length > 1) throw fault(pattern, 'more than one text is followed by words');
}

/** Whether the slot takes whatever there is, unlike one that checks its form. */
export function isFreeText(name: SlotName): boolean {
  const type: SlotType = slotTypes[name];
  return type === 'line' || type === 'text';
}

function headOf(elements: PatternElement[]): string {
  let head = '';
  for (const element of elements) {
    if (element.kind === 'slot') break;
    head += joins(head.at(-1), element.text[0]) ? ` ${element.text}` : element.text;
  }
  return head;
}

export function isSlotName(name: string): name is SlotName {
  return Object.hasOwn(slotTypes, name);
}

function fault(pattern: string, reason: string): SyntaxError {
  return new SyntaxError(`command pattern "${pattern}": ${reason}`);
}
