/** The status that an input names, on the ticket's board. */
import { listStatuses } from '../../desk/board-queries.ts';
import { type StatusRecord, statusKinds, type TicketRecord } from '../../desk/records.ts';
import { sayStatus } from '../../words/index.ts';
import { foldWord, statusKindOf } from '../../words/typed-words.ts';
import type { ActionContext } from '../define-action.ts';
import { refuseField } from './present.ts';

/**
 * By id or name; else by what it means (`closed`: the board's first status of that kind); else by the beginning of
 * one name; else by a word of any of our languages (`done`, `已解决`).
 * @throws DeskbridgeError validation_error naming the statuses that there are
 */
export async function resolveStatus(
  context: ActionContext,
  ticket: TicketRecord,
  text: string,
): Promise<StatusRecord> {
  const { tx, say } = context;
  const statuses = await listStatuses(tx, ticket.boardId);
  const found = matchStatus(statuses, foldWord(text));
  if (found !== null) return found;
  const choices = say.choices(statuses.map((status) => sayStatus(say, status)));
  throw refuseField('validation_error', 'status', say('not_found.status', { text, choices }));
}

function matchStatus(statuses: readonly StatusRecord[], word: string): StatusRecord | null {
  const exact = statuses.find((status) => foldWord(status.name) === word || status.statusId === word);
  if (exact) return exact;
  const ofKind = (kind: string | null) => statuses.find((status) => status.kind === kind) ?? null;
  const meant = ofKind(statusKinds.find((kind) => kind === word) ?? null);
  if (meant) return meant;
  const begun = statuses.filter((status) => foldWord(status.name).startsWith(word));
  return begun.length === 1 ? (begun[0] ?? null) : ofKind(statusKindOf(word));
}
