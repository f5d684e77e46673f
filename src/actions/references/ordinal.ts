/** The record behind a plain number: a line of the list that this person last saw in this conversation. */
import { type ListKind, ordinalTarget } from '../../conversations/list-views.ts';
import { type ActionContext, AskBack } from '../define-action.ts';

/**
 * The id of the record on that line.
 * @throws AskBack without a list of the last 30 minutes, or when it has no such line
 */
export async function resolveOrdinal(
  context: ActionContext,
  kind: ListKind,
  ordinal: number,
): Promise<string> {
  const { tx, now, chat } = context;
  if (chat === null || chat.conversationId === null) throw askForList(context, kind, ordinal, 'no_list');
  const viewer = { ...chat, conversationId: chat.conversationId };
  const outcome = await ordinalTarget(tx, viewer, { kind, ordinal, now });
  if (outcome.found) return outcome.id;
  throw askForList(context, kind, ordinal, outcome.reason);
}

function askForList(
  context: ActionContext,
  kind: ListKind,
  ordinal: number,
  reason: 'no_list' | 'out_of_range',
): AskBack {
  const { say, nonce } = context;
  const command = kind === 'ticket' ? 'my_tickets' : 'my_approvals';
  const [text] = say.examples(command);
  return new AskBack('validation_error', {
    title: say(`ask.ordinal.${kind}.${reason}`, { ordinal: String(ordinal) }),
    ...(text === undefined
      ? {}
      : { buttons: [{ kind: 'command', label: say(`button.${command}`), text, nonce: nonce() }] }),
  });
}
