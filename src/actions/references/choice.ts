/** Asks which of several records is meant, with a button for each. */
import type { Button } from '../../kernel/message.ts';
import { type ActionContext, AskBack } from '../define-action.ts';

/** Buttons of a question: more would not be read. */
export const maxChoices = 6;
/** What a look-up asks for, so that it is known whether there are more than the buttons show. */
export const choiceLookUp = 25;

/** One possibility: its label, and the whole command that would have meant it. */
export interface Choice {
  label: string;
  command: string;
}

/** @param choices at least two; @param title the question */
export function askWhich(context: ActionContext, title: string, choices: readonly Choice[]): AskBack {
  const { say, nonce } = context;
  const buttons = choices
    .slice(0, maxChoices)
    .map(({ label, command }): Button => ({ kind: 'command', label, text: command, nonce: nonce() }));
  const more = choices.length - buttons.length;
  return new AskBack('ambiguous', {
    title,
    ...(more > 0 ? { text: say('ask.ambiguous.more', { count: more }) } : {}),
    buttons,
  });
}
