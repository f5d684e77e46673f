/** The chat grammar: typed text → the action that is meant, in whichever of our languages it was typed. */
import { type CommandId, type CommandWords, matchLanguage } from '../words/index.ts';
import { expandPattern, isFreeText, isSlotName, type SlotName, type Variant } from './command-pattern.ts';
import { type CommandText, readCommandText } from './command-text.ts';
import { matchVariant, type VariantMatch } from './match-command.ts';
import { type Confirmation, suggestCorrection } from './suggest-correction.ts';

/** One chat command of an action, as its definition names it; the words stand in the language files. */
export interface CommandSpec {
  readonly id: CommandId;
  /** Input that this command implies, e.g. `response: 'approve'`. */
  readonly constants?: Readonly<Record<string, string>>;
}

export type CommandInput = Record<string, string>;

/** `locale` is the language of the words that matched: the answer's language. */
export type ParsedCommand =
  | {
      kind: 'command';
      action: string;
      command: CommandId;
      /** Slots by name, plus the command's constants; texts as typed, references and durations folded. */
      input: CommandInput;
      /**
       * The input if a text that was ended by a word (`new ticket <title> for <client>`) was meant to go on: to be
       * used when the record that the first reading names does not exist. Null where there is one reading only.
       */
      alternative: CommandInput | null;
      locale: string;
    }
  | {
      /** The command is recognised; an argument is missing, or what stands in its place is not one. */
      kind: 'missing';
      action: string;
      command: CommandId;
      slot: SlotName;
      /** A command that can be sent as it is, in the language of the words that matched. */
      example: string;
      /** The same by language code, for a person who is answered in another one. */
      examples: Readonly<Record<string, string>>;
      /** What was understood so far. */
      input: CommandInput;
      locale: string;
    }
  /** A near miss; `text` parses as a command, or as one with something missing. */
  | { kind: 'suggestion'; text: string; locale: string }
  /** Nothing was typed: shows the help. */
  | { kind: 'empty' }
  /** Longer than `maxCommandLength`, and not looked at. */
  | { kind: 'too_long' }
  | { kind: 'unknown' };

export interface CommandParser {
  /**
   * @param text as it was typed, mentions stripped
   * @param preferredLocale BCP 47 tag whose words are tried first
   */
  parse(text: string, preferredLocale: string | null): ParsedCommand;
}

/** What the parser needs of an action's definition. */
interface ActionCommands {
  readonly id: string;
  readonly commands: readonly CommandSpec[];
}

/** What the parser needs of a language file. */
interface CommandLanguage {
  readonly code: string;
  readonly commands: Readonly<Partial<Record<CommandId, CommandWords>>>;
}

/** In UTF-16 units, before cleaning. */
export const maxCommandLength = 10_000;

/**
 * Compiles the words of these actions' commands.
 * @throws SyntaxError for a faulty pattern; Error for a command that two actions claim
 */
export function createCommandParser(
  actions: readonly ActionCommands[],
  languages: readonly CommandLanguage[],
): CommandParser {
  const commands = listCommands(actions);
  const grammars = languages.map((language) => new Grammar(language, commands));
  return {
    parse(typed, preferredLocale) {
      if (typed.length > maxCommandLength) return { kind: 'too_long' };
      const message = readCommandText(typed);
      if (message.text === '') return { kind: 'empty' };
      const preferred = matchLanguage(grammars, preferredLocale);
      const inOrder = preferred ? [preferred, ...grammars.filter((other) => other !== preferred)] : grammars;
      return parseInOrder(message, inOrder);
    },
  };
}

/** A command in any language goes before half a command in the preferred one, and that before a guess. */
function parseInOrder(message: CommandText, grammars: Grammar[]): ParsedCommand {
  let missing: Unfinished | null = null;
  for (const grammar of grammars) {
    const parsed = grammar.read(message);
    if (parsed?.kind === 'command') return parsed;
    missing ??= parsed;
  }
  if (missing) return withExamples(missing, grammars);
  for (const grammar of grammars) {
    const text = suggestCorrection(message, grammar.heads, (candidate) => grammar.judge(candidate));
    if (text !== null) return { kind: 'suggestion', text, locale: grammar.code };
  }
  return { kind: 'unknown' };
}

function withExamples(missing: Unfinished, grammars: Grammar[]): ParsedCommand {
  const { command, slot, locale } = missing;
  const examples: Record<string, string> = {};
  for (const grammar of grammars) {
    const example = grammar.exampleWith(command, slot);
    if (example !== null) examples[grammar.code] = example;
  }
  return { ...missing, example: examples[locale] ?? '', examples };
}

interface Command {
  readonly action: string;
  readonly id: CommandId;
  readonly constants: Readonly<Record<string, string>>;
}

function listCommands(actions: readonly ActionCommands[]): Command[] {
  const commands = new Map<CommandId, Command>();
  for (const action of actions) {
    for (const { id, constants = {} } of action.commands) {
      if (commands.has(id)) throw new Error(`command ${id} belongs to two actions`);
      commands.set(id, { action: action.id, id, constants });
    }
  }
  return [...commands.values()];
}

interface Reading extends VariantMatch {
  readonly command: Command;
}

type Finished = Extract<ParsedCommand, { kind: 'command' }>;
type Unfinished = Omit<Extract<ParsedCommand, { kind: 'missing' }>, 'example' | 'examples'>;

/** The commands of one language, compiled. */
class Grammar {
  readonly code: string;
  /** Beginnings of commands, for suggestions. */
  readonly heads: readonly string[];
  readonly #examples = new Map<CommandId, readonly string[]>();
  /** By first word, so that a message is compared with few of them. */
  readonly #variants = new Map<string, { command: Command; variant: Variant }[]>();

  constructor(language: CommandLanguage, commands: readonly Command[]) {
    this.code = language.code;
    const heads = new Set<string>();
    for (const command of commands) {
      const words = language.commands[command.id];
      this.#examples.set(command.id, words?.examples ?? []);
      for (const variant of (words?.patterns ?? []).flatMap(expandPattern)) {
        heads.add(variant.head);
        this.#add(command, variant);
      }
    }
    this.heads = [...heads];
  }

  #add(command: Command, variant: Variant): void {
    const [first] = variant.elements;
    const word = first?.kind === 'literal' ? first.text : '';
    const sameWord = this.#variants.get(word) ?? [];
    sameWord.push({ command, variant });
    this.#variants.set(word, sameWord);
  }

  /** The surest reading as the caller gets it; null where no command of this language is recognised. */
  read(message: CommandText): Finished | Unfinished | null {
    const readings = this.#readings(message);
    const surest = surestOf(readings);
    if (surest === null) return null;
    return surest.missing === null ? this.#command(surest, readings) : this.#missing(surest, surest.missing);
  }

  /** What a correction would be worth. */
  judge(text: string): Confirmation | null {
    if (text.length > maxCommandLength) return null;
    const reading = surestOf(this.#readings(readCommandText(text)));
    if (reading === null) return null;
    if (reading.missing !== null) return reading.atEnd ? 'open' : 'doubtful';
    const slots = slotsOf(reading);
    return slots.length === 0 || slots.some((slot) => !isFreeText(slot)) ? 'sure' : 'open';
  }

  #readings(message: CommandText): Reading[] {
    const readings: Reading[] = [];
    for (const [word, variants] of this.#variants) {
      if (!message.shadow.startsWith(word)) continue;
      for (const { command, variant } of variants) {
        const match = matchVariant(variant, message);
        if (match) readings.push({ ...match, command });
      }
    }
    return readings;
  }

  #command(reading: Reading, readings: Reading[]): Finished {
    const { command, split } = reading;
    const unsplit = best(
      readings.filter((other) => other.command === command && !other.split && !other.missing),
    );
    return {
      kind: 'command',
      action: command.action,
      command: command.id,
      input: inputOf(reading),
      alternative: split && unsplit ? inputOf(unsplit) : null,
      locale: this.code,
    };
  }

  #missing(reading: Reading, slot: SlotName): Unfinished {
    const { command } = reading;
    return {
      kind: 'missing',
      action: command.action,
      command: command.id,
      slot,
      // What was taken before something that does not fit is a guess: `log 30 on 12` names no ticket 30.
      input: reading.atEnd ? inputOf(reading) : { ...command.constants },
      locale: this.code,
    };
  }

  /** The first example that shows how the slot is filled, else the first; null where the language lacks the command. */
  exampleWith(id: CommandId, slot: SlotName): string | null {
    const examples = this.#examples.get(id) ?? [];
    const showing = examples.find((example) => {
      const reading = surestOf(this.#readings(readCommandText(example)));
      return reading?.missing === null && slot in reading.captured;
    });
    return showing ?? examples[0] ?? null;
  }
}

function inputOf(reading: Reading): CommandInput {
  return { ...reading.captured, ...reading.command.constants };
}

function slotsOf(reading: Reading): SlotName[] {
  return Object.keys(reading.captured).filter(isSlotName);
}

/** The surest complete reading, unless an unfinished one has more of its words. */
function surestOf(readings: Reading[]): Reading | null {
  const complete = best(readings.filter((reading) => reading.missing === null));
  const incomplete = best(readings.filter((reading) => reading.missing !== null));
  if (complete === null || incomplete === null) return complete ?? incomplete;
  // `assign 12 to` must not assign to somebody called "to", nor `note 12:` note a colon.
  return incomplete.atEnd && incomplete.literals > complete.literals ? incomplete : complete;
}

function best(readings: Reading[]): Reading | null {
  let winner: Reading | null = null;
  for (const reading of readings) {
    if (winner === null || isSurer(reading, winner)) winner = reading;
  }
  return winner;
}

/** Whether `a` beats `b`; of equals, the one that was declared first stays. */
function isSurer(a: Reading, b: Reading): boolean {
  const ranksA = ranks(a);
  const ranksB = ranks(b);
  const differing = ranksA.findIndex((rank, index) => rank !== ranksB[index]);
  return differing !== -1 && (ranksA[differing] ?? 0) > (ranksB[differing] ?? 0);
}

/** The more of the command's own words, then of slots that check what they take, then of slots, the surer. */
function ranks(reading: Reading): number[] {
  const slots = slotsOf(reading);
  if (reading.missing !== null) slots.push(reading.missing);
  const checked = slots.filter((slot) => !isFreeText(slot));
  return [reading.atEnd ? 1 : 0, reading.literals, checked.length, slots.length];
}
