/** The shape of a language file, and the names that English gives to everything a person reads or types. */
import type { en } from './en.ts';

/** Chat command of one meaning in one language. */
export interface CommandWords {
  /** What may be typed; `actions/command-pattern.ts` explains the notation. */
  readonly patterns: readonly string[];
  /** Commands that can be sent as they are, the most typical first. */
  readonly examples: readonly string[];
}

type EnglishMessages = (typeof en)['messages'];

/** Keys of the messages: English has them all. */
export type MessageKey = keyof EnglishMessages;
/** Ids of the chat commands: English has them all. */
export type CommandId = keyof (typeof en)['commands'];
/** Actions that have a title and a line of help. */
export type ActionName = MessageKey extends infer Key
  ? Key extends `action.${infer Name}.title`
    ? Name
    : never
  : never;
/** Error codes that have words of their own in chat. */
export type WordedErrorCode = MessageKey extends infer Key
  ? Key extends `error.${infer Code}.text`
    ? Code
    : never
  : never;

/** Kinds of messages that people may mute: all but tests, which somebody is waiting for. */
export type MutableCategory =
  | 'assignment'
  | 'customer_reply'
  | 'approval_request'
  | 'escalation'
  | 'sla_risk'
  | 'operation_result'
  | 'announcement';

/** Words inside commands, lower case and half-width; those of all languages are understood everywhere. */
export interface TypedWords {
  /** Units of time; spaces within them may be left out. */
  readonly units: {
    readonly hour: readonly string[];
    readonly minute: readonly string[];
    /** What adds half an hour to the number before it: `1个半小时` is 90 minutes. */
    readonly hourAndHalf: readonly string[];
  };
  /** Durations that are said without a digit, in minutes. */
  readonly durations: Readonly<Record<string, number>>;
  /** What people call themselves: `assign 1002 to me`. */
  readonly me: readonly string[];
  /** What a status may mean, where the board has none of that name; the first is the usual word. */
  readonly statusKinds: Readonly<Record<'new' | 'open' | 'waiting' | 'closed', readonly string[]>>;
  /** What messages of a kind may be called, where they are muted: `mute customer replies`; the first is the usual word. */
  readonly categories: Readonly<Record<MutableCategory, readonly string[]>>;
  /** What this language calls others and itself, by BCP 47 tag, besides the names that Unicode gives them. */
  readonly languageNames: Readonly<Record<string, readonly string[]>>;
}

/** A language file: one exported object. */
export interface Words {
  /** BCP 47 language tag, e.g. `en`. */
  readonly code: string;
  /** The language's name in itself. */
  readonly name: string;
  readonly typed: TypedWords;
  /** ICU MessageFormat by flat key. */
  readonly messages: Readonly<Record<MessageKey, string>>;
  readonly commands: Readonly<Record<CommandId, CommandWords>>;
}

/** A language file that may lack something, as the translator takes it: the gaps are filled with English. */
export type PartialWords = Pick<Words, 'code' | 'name'> & {
  readonly messages: Readonly<Partial<Record<MessageKey, string>>>;
  readonly commands: Readonly<Partial<Record<CommandId, CommandWords>>>;
};

/**
 * Names of the placeholders of an ICU message, read from its literal type: `{name}`, or the name before the comma in
 * `{count, plural, …}`. It sees no placeholder inside a plural's branch; a test keeps messages to that.
 */
type PlaceholderNames<Text extends string> = Text extends `${string}{${infer Inside}}${infer Rest}`
  ? PlaceholderName<Inside> | PlaceholderNames<Rest>
  : never;
type PlaceholderName<Inside extends string> = Inside extends `${infer Name},${string}`
  ? SingleWord<Name>
  : SingleWord<Inside>;
type SingleWord<Text extends string> = Text extends '' | `${string}${' ' | '#' | '{'}${string}`
  ? never
  : Text;

/** The arguments that a message takes after its key: none, or one object with every placeholder. */
export type MessageArguments<Key extends MessageKey> = [PlaceholderNames<EnglishMessages[Key]>] extends [
  never,
]
  ? []
  : [values: Record<PlaceholderNames<EnglishMessages[Key]>, string | number>];
