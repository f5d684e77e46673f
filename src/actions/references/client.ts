/** The client, contact and board that an input names. */
import { findBoardByText } from '../../desk/board-queries.ts';
import { findClients } from '../../desk/client-queries.ts';
import { findContacts } from '../../desk/contact-queries.ts';
import type { BoardRecord, ClientRecord, ContactRecord } from '../../desk/records.ts';
import type { ActionContext } from '../define-action.ts';
import { askWhich, choiceLookUp } from './choice.ts';
import { refuseField } from './present.ts';

/**
 * By id, by name, or by the beginning of a name.
 * @param command the whole command with this client in it, for the buttons of a question
 * @throws DeskbridgeError not_found when none fits; AskBack when several do
 */
export async function resolveClient(
  context: ActionContext,
  text: string,
  command: (client: string) => string,
): Promise<ClientRecord> {
  const { tx, say } = context;
  const clients = await findClients(tx, text, choiceLookUp);
  const [client] = clients;
  if (client === undefined) throw refuseField('not_found', 'client', say('not_found.client', { text }));
  if (clients.length === 1) return client;
  const choices = clients.map(({ name, clientId }) => {
    const unique = clients.filter((other) => other.name.toLowerCase() === name.toLowerCase()).length === 1;
    return { label: name, command: command(unique ? name : clientId) };
  });
  throw askWhich(context, say('ask.ambiguous.client', { text }), choices);
}

/**
 * By id, e-mail or whole name.
 * @throws DeskbridgeError validation_error when none fits, or several do: only forms and programs name contacts
 */
export async function resolveContact(context: ActionContext, text: string): Promise<ContactRecord> {
  const { tx, say } = context;
  const [contact, other] = await findContacts(tx, text, 2);
  if (contact === undefined) {
    throw refuseField('validation_error', 'contact', say('not_found.contact', { text }));
  }
  if (other !== undefined) throw refuseField('ambiguous', 'contact', say('ask.ambiguous.contact', { text }));
  return contact;
}

/** By id or name. @throws DeskbridgeError validation_error when none fits */
export async function resolveBoard(context: ActionContext, text: string): Promise<BoardRecord> {
  const board = await findBoardByText(context.tx, text);
  if (board !== null) return board;
  throw refuseField('validation_error', 'board', context.say('not_found.board', { text }));
}
