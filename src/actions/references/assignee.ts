/** The person whom an input names as assignee. */
import { findPeople } from '../../desk/person-queries.ts';
import type { PersonRecord } from '../../desk/records.ts';
import { isMe } from '../../words/typed-words.ts';
import { type ActionContext, requireActor } from '../define-action.ts';
import { askWhich, choiceLookUp } from './choice.ts';
import { refuseField } from './present.ts';

/**
 * `me` in any of our languages, a name or its beginning, an e-mail address or an id of an active user. Nothing means me.
 * @param command the whole command with this person's e-mail in it, for the buttons of a question
 * @throws DeskbridgeError validation_error when nobody fits; AskBack when several do
 */
export async function resolveAssignee(
  context: ActionContext,
  text: string | undefined,
  command: (email: string) => string,
): Promise<PersonRecord> {
  const { actor } = requireActor(context);
  const { say, tx } = context;
  if (text === undefined || isMe(text)) return actor;
  const people = await findPeople(tx, text, choiceLookUp);
  const [person] = people;
  if (person === undefined) {
    throw refuseField('validation_error', 'assignee', say('not_found.assignee', { text }));
  }
  // One letter is a slip of the finger more often than a name, even where it fits one person only.
  if (people.length === 1 && text.length > 1) return person;
  const choices = people.map(({ name, email }) => ({ label: `${name} (${email})`, command: command(email) }));
  throw askWhich(context, say('ask.ambiguous.assignee', { text }), choices);
}
