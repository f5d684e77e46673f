/** What an activity asks for (pure): an action to run, a form to open, a question to ask back, or nothing. */
import type { AnyAction } from '../actions/define-action.ts';
import type { CommandParser, ParsedCommand } from '../actions/parse-command.ts';
import type { Activity, SourceMessage, Surface } from '../kernel/activity.ts';
import type { JsonObject } from '../kernel/canonical-json.ts';
import type { Message } from '../kernel/message.ts';
import type { Say } from '../words/index.ts';

export type Interpretation =
  | {
      kind: 'run';
      definition: AnyAction;
      input: JsonObject;
      alternative: JsonObject | null;
      surface: Surface;
      /** Null: typed, nothing to use up. */
      guard: { nonce: string | null } | null;
      /** Language of the words that matched; null where nothing was typed. */
      locale: string | null;
    }
  | { kind: 'form'; definition: AnyAction; input: JsonObject; surface: Surface }
  /** The answer is a question or an example; nothing runs. */
  | { kind: 'ask'; question: (say: Say, nonce: () => string) => Message; locale: string | null }
  | { kind: 'home' }
  | { kind: 'installed' }
  | { kind: 'uninstalled' }
  | { kind: 'revoked'; reason: string; at: Date }
  | Extract<Activity['intent'], { kind: 'evidence' }>
  | { kind: 'ignored' }
  | { kind: 'unsupported' };

export interface Interpreter {
  parser: CommandParser;
  actions: ReadonlyMap<string, AnyAction>;
  publicUrl: string;
}

/** Reads the activity's intent. @param personLocale language whose command words are tried first */
export function interpret(
  activity: Activity,
  interpreter: Interpreter,
  personLocale: string | null,
): Interpretation {
  const { intent } = activity;
  switch (intent.kind) {
    case 'command':
      return interpretCommand(intent, null, interpreter, personLocale);
    case 'press_command':
      return interpretCommand(intent, { nonce: intent.nonce }, interpreter, personLocale);
    case 'press':
      return run(interpreter, intent.action, intent.input, intent.surface ?? 'card', { nonce: intent.nonce });
    case 'submit_form':
      return run(interpreter, intent.action, intent.input, intent.surface, { nonce: intent.nonce });
    case 'open_form': {
      const definition = interpreter.actions.get(intent.action);
      if (definition?.form === undefined) return { kind: 'unsupported' };
      return { kind: 'form', definition, input: intent.input, surface: intent.surface };
    }
    case 'search': {
      const { text, skip, count } = intent;
      return run(interpreter, 'search_records', { text, skip, count }, 'message_extension', null);
    }
    case 'unfurl': {
      const number = ticketNumberOf(intent.url, interpreter.publicUrl);
      if (number === null) return { kind: 'ignored' };
      return run(interpreter, 'open_record', { ticket: `#${number}` }, 'message_extension', null);
    }
    case 'revoked':
    case 'evidence':
      return intent;
    case 'home':
    case 'installed':
    case 'uninstalled':
    case 'ignored':
    case 'unsupported':
      return { kind: intent.kind };
  }
}

/** Whether the typed text asks for a ticket, which a message that it replies to would be the source of. */
export function wantsQuotedMessage(text: string, interpreter: Interpreter): boolean {
  const parsed = interpreter.parser.parse(text, null);
  const action = parsed.kind === 'command' || parsed.kind === 'missing' ? parsed.action : null;
  return action === 'create_ticket';
}

function interpretCommand(
  typed: { text: string; source?: SourceMessage | null },
  guard: { nonce: string | null } | null,
  interpreter: Interpreter,
  personLocale: string | null,
): Interpretation {
  const parsed = fromMessage(interpreter.parser.parse(typed.text, personLocale), typed.source ?? null);
  switch (parsed.kind) {
    case 'command': {
      const { action, input, alternative, locale } = parsed;
      const reading = run(interpreter, action, input, 'bot', guard);
      return reading.kind === 'run' ? { ...reading, alternative, locale } : reading;
    }
    case 'empty':
      return run(interpreter, 'help', {}, 'bot', null);
    default:
      return {
        kind: 'ask',
        question: questionFor(parsed),
        locale: 'locale' in parsed ? parsed.locale : null,
      };
  }
}

/** A ticket that is asked for in reply to a message is made from it: its first line stands in for a missing title. */
function fromMessage(parsed: ParsedCommand, source: SourceMessage | null): ParsedCommand {
  if (source === null || !('action' in parsed) || parsed.action !== 'create_ticket') return parsed;
  const { kind, command, input, locale } = parsed;
  if (kind === 'missing' && (parsed.slot !== 'title' || source.text.trim() === '')) return parsed;
  const alternative = kind === 'command' ? parsed.alternative : null;
  return { kind: 'command', action: 'create_ticket_from_message', command, input, alternative, locale };
}

function run(
  interpreter: Interpreter,
  action: string,
  input: JsonObject,
  surface: Surface,
  guard: { nonce: string | null } | null,
): Interpretation {
  const definition = interpreter.actions.get(action);
  if (definition === undefined) return { kind: 'unsupported' };
  return { kind: 'run', definition, input, alternative: null, surface, guard, locale: null };
}

function questionFor(
  parsed: Exclude<ParsedCommand, { kind: 'command' | 'empty' }>,
): (say: Say, nonce: () => string) => Message {
  switch (parsed.kind) {
    case 'missing':
      return (say) => ({
        title: say(`ask.slot.${parsed.slot}`),
        text: say('ask.missing.text', { example: parsed.examples[say.locale] ?? parsed.example }),
      });
    case 'suggestion':
      return (say, nonce) => ({
        title: say('ask.suggestion.title', { command: parsed.text }),
        buttons: [{ kind: 'command', label: parsed.text, text: parsed.text, nonce: nonce() }],
      });
    case 'too_long':
      return (say) => ({
        title: say('ask.too_long.title'),
        text: say('ask.too_long.text'),
        tone: 'attention',
      });
    case 'unknown':
      return (say) => ({ title: say('ask.unknown.title'), text: say('ask.unknown.text') });
  }
}

/** The number in one of our ticket URLs: `{publicUrl}/t/{slug}/tickets/{number}`. */
function ticketNumberOf(url: string, publicUrl: string): number | null {
  if (!url.startsWith(`${publicUrl}/t/`)) return null;
  const match = /^[a-z0-9-]+\/tickets\/(\d{1,9})(?:[?#].*)?$/.exec(url.slice(publicUrl.length + 3));
  return match?.[1] === undefined ? null : Number(match[1]);
}
