/** "Did you mean …": the command that a mistyped message was probably meant to be. */
import { type CommandText, hasUnspaced, joins } from './command-text.ts';
import { prefixDistances } from './edit-distance.ts';

/** How many slips (a letter wrong, missing, too many, or two swapped) a near miss may have. */
const maxDistance = 2;
/** The same where one character is a syllable or a word: of `我的工单`, two others make `我的电脑`. */
const maxUnspacedDistance = 1;

/** How much the rest of a message confirms a guess at its beginning. */
export type Confirmation =
  /** A command that is complete without arguments, or with one that checks its form. */
  | 'sure'
  /** Complete with any text, or ending where an argument should be. */
  | 'open'
  /** Something else stands where an argument should be. */
  | 'doubtful';

interface Candidate {
  readonly text: string;
  readonly distance: number;
  readonly headLength: number;
}

/**
 * The message with its beginning replaced by that of the nearest command, the rest kept.
 * @param heads beginnings of commands: their words up to the first argument
 * @param judge what a text would be as a command; null = none
 * @returns null where nothing is near that can be read
 */
export function suggestCorrection(
  message: CommandText,
  heads: readonly string[],
  judge: (text: string) => Confirmation | null,
): string | null {
  const candidates = heads.flatMap((head) => candidatesFor(head, message));
  candidates.sort((a, b) => a.distance - b.distance || b.headLength - a.headLength);
  let likely: Candidate | null = null;
  for (const candidate of candidates) {
    if (likely && candidate.distance > likely.distance) break;
    const confirmation = judge(candidate.text);
    if (confirmation === 'sure') return candidate.text;
    if (confirmation !== null && isConvincing(candidate, confirmation)) likely ??= candidate;
  }
  return likely?.text ?? null;
}

/** One for each place where the message's first words may end. */
function candidatesFor(head: string, message: CommandText): Candidate[] {
  const limit = hasUnspaced(head) ? maxUnspacedDistance : maxDistance;
  const beginning = message.shadow.slice(0, head.length + limit);
  // Half of the characters must agree: heads of another script are not looked at closely.
  if (![...head].some((char) => beginning.includes(char))) return [];
  return prefixDistances(head, beginning).flatMap((distance, length) => {
    const near = distance > 0 && distance <= limit && distance * 2 <= Math.min(length, head.length);
    if (!near || joins(message.shadow[length - 1], message.shadow[length])) return [];
    // A space that was swallowed by the mistake must not run the words together.
    const glue = joins(head.at(-1), message.shadow[length]) ? ' ' : '';
    return [
      { text: `${head}${glue}${message.text.slice(length)}`.trim(), distance, headLength: head.length },
    ];
  });
}

/** Where nothing definite confirms the guess, `done` must not become `note`, nor `lot of …` become `log on …`. */
function isConvincing({ distance, headLength }: Candidate, confirmation: Confirmation): boolean {
  if (confirmation === 'doubtful') return headLength > 4 && distance === 1;
  return headLength > 4 || (headLength === 4 && distance === 1);
}
