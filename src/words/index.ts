/** The translator: messages, dates and examples in a person's language. */
import { IntlMessageFormat } from 'intl-messageformat';
import type { ErrorCode, FieldError } from '../kernel/errors.ts';
import { en } from './en.ts';
import { matchLanguage } from './match-language.ts';
import type {
  CommandId,
  MessageArguments,
  MessageKey,
  PartialWords,
  TypedWords,
  WordedErrorCode,
  Words,
} from './words.ts';
import { zhHans } from './zh.ts';

export { matchLanguage } from './match-language.ts';
export type {
  ActionName,
  CommandId,
  CommandWords,
  MessageKey,
  MutableCategory,
  WordedErrorCode,
  Words,
} from './words.ts';

/** Every language that can be chosen; English, the fallback, is first. A new language is its file and a line here. */
export const languages: readonly Words[] = [en, zhHans];

/** Says things in one language. */
export interface Say {
  /** The message, filled in. Values are inserted as they are: renderers escape. */
  <Key extends MessageKey>(key: Key, ...values: MessageArguments<Key>): string;
  /** Code of the language that is spoken. */
  readonly locale: string;
  /** Date and time to the minute in an IANA time zone; where it is null or unknown, in UTC, and says so. */
  dateTime(date: Date, timeZone: string | null): string;
  /** The date alone, by the same rule. */
  date(date: Date, timeZone: string | null): string;
  /** Alternatives as one phrase: `low, normal, or high`. */
  choices(values: readonly string[]): string;
  /** Commands that can be sent as they are. */
  examples(command: CommandId): readonly string[];
}

/** The first of these locales that leads to one of our languages; null where none does. */
export function firstSpoken(locales: readonly (string | null | undefined)[]): string | null {
  return locales.find((locale) => matchLanguage(languages, locale ?? null) !== null) ?? null;
}

/** A translator over these languages, of which the first is the fallback for unknown locales. */
export function createTranslator(offered: readonly PartialWords[]): (locale: string | null) => Say {
  const spoken = new Map<string, Say>();
  return (locale) => {
    const words = matchLanguage(offered, locale) ?? offered[0] ?? en;
    const known = spoken.get(words.code);
    if (known) return known;
    const say = createSay(words);
    spoken.set(words.code, say);
    return say;
  };
}

/** The voice for a locale as a platform or a setting gives it; null or an unknown one speaks English. */
export const translator: (locale: string | null) => Say = createTranslator(languages);

/**
 * A status as the person reads it. Statuses are the tenant's own data, but for those that still have the name that a new
 * desk gave them, in whatever language that was.
 */
export function sayStatus(say: Say, status: { name: string; kind: keyof TypedWords['statusKinds'] }): string {
  const key = `desk.default_status.${status.kind}` as const;
  return languages.some(({ messages }) => messages[key] === status.name) ? say(key) : status.name;
}

/**
 * What went wrong and what to do about it, for a person in chat. Codes without words of their own are told as
 * `execution_failed`.
 */
export function sayError(say: Say, code: ErrorCode): { text: string; remedy: string } {
  const worded = hasErrorWords(code) ? code : 'execution_failed';
  return { text: say(`error.${worded}.text`), remedy: say(`error.${worded}.remedy`) };
}

/** A refused field by the name that its form gives it, with what is wrong in the person's language. */
export function sayField(say: Say, field: FieldError): { label: string; value: string } {
  const label = fieldLabels.has(field.path) ? say(`field.${field.path as FieldName}.label`) : field.path;
  return { label, value: sayFault(say, field) };
}

function sayFault(say: Say, { path, message, rule }: FieldError): string {
  if (rule === undefined) return message;
  if (rule.kind === 'required') return say('invalid.required');
  if (rule.kind === 'too_long' && rule.limit !== undefined)
    return say('invalid.too_long', { limit: rule.limit });
  return path === 'duration' ? say('invalid.duration') : say('invalid.other');
}

type FieldName = MessageKey extends infer Key
  ? Key extends `field.${infer Name}.label`
    ? Name
    : never
  : never;

const fieldLabels: ReadonlySet<string> = new Set(
  Object.keys(en.messages).flatMap((key) => /^field\.(\w+)\.label$/.exec(key)?.[1] ?? []),
);

function hasErrorWords(code: ErrorCode): code is WordedErrorCode & ErrorCode {
  return `error.${code}.text` in en.messages;
}

type Values = Readonly<Record<string, string | number>>;

function createSay(words: PartialWords): Say {
  const compiled = new Map<MessageKey, string | IntlMessageFormat>();
  const dates = new DateFormats(words.code);
  const alternatives = new Intl.ListFormat(words.code, { type: 'disjunction' });
  const say = (key: MessageKey, values?: Values): string => {
    let message = compiled.get(key);
    if (message === undefined) {
      message = compile(words, key);
      compiled.set(key, message);
    }
    if (typeof message === 'string') return message;
    const text = message.format(values);
    return typeof text === 'string' ? text : String(text);
  };
  return Object.assign(say, {
    locale: words.code,
    dateTime: (date: Date, timeZone: string | null) => dates.format('dateTime', date, timeZone),
    date: (date: Date, timeZone: string | null) => dates.format('date', date, timeZone),
    choices: (values: readonly string[]) => alternatives.format(values),
    examples: (command: CommandId) => (words.commands[command] ?? en.commands[command]).examples,
  });
}

/** A message without placeholders is itself; ICU is left out of its way. */
function compile(words: PartialWords, key: MessageKey): string | IntlMessageFormat {
  const own = words.messages[key];
  const text = own ?? en.messages[key];
  if (!text.includes('{')) return text;
  // Plural rules go by the language of the text, which is English where the translation is missing.
  return new IntlMessageFormat(text, own === undefined ? en.code : words.code, undefined, {
    ignoreTag: true,
  });
}

type DateStyle = 'dateTime' | 'date';

const dateFields: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'short', day: 'numeric' };
const timeFields: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' };
/** Formatters are costly to make. There are some 600 zones; beyond this many spellings we begin anew. */
const maxDateFormats = 1500;

class DateFormats {
  readonly #locale: string;
  readonly #formats = new Map<string, Intl.DateTimeFormat>();

  constructor(locale: string) {
    this.#locale = locale;
  }

  format(style: DateStyle, date: Date, timeZone: string | null): string {
    const key = `${style} ${timeZone ?? ''}`;
    const format = this.#formats.get(key) ?? this.#create(key, style, timeZone);
    return format.format(date);
  }

  #create(key: string, style: DateStyle, timeZone: string | null): Intl.DateTimeFormat {
    const fields = style === 'date' ? dateFields : { ...dateFields, ...timeFields };
    const format = zonedFormat(this.#locale, fields, timeZone) ?? utcFormat(this.#locale, fields);
    if (this.#formats.size >= maxDateFormats) this.#formats.clear();
    this.#formats.set(key, format);
    return format;
  }
}

/** Null for a zone that the runtime does not know. */
function zonedFormat(
  locale: string,
  fields: Intl.DateTimeFormatOptions,
  timeZone: string | null,
): Intl.DateTimeFormat | null {
  if (timeZone === null) return null;
  try {
    return new Intl.DateTimeFormat(locale, { ...fields, timeZone });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function utcFormat(locale: string, fields: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale, { ...fields, timeZone: 'UTC', timeZoneName: 'short' });
}
