/** The status that an input names, on the ticket's board. */
import { listStatuses } from '../../desk/board-queries.ts';
import { type StatusKind, type StatusRecord, statusKinds, type TicketRecord } from '../../desk/records.ts';
import type { ActionContext } from '../define-action.ts';
import { refuseField } from './present.ts';

/**
 * By id or name; else by what it means (`closed`: the board's first status of that kind); else by the beginning of
 * one name.
 * @throws DeskbridgeError validation_error naming the statuses that there are
 */
export async function resolveStatus(
  context: ActionContext,
  ticket: TicketRecord,
  text: string,
): Promise<StatusRecord> {
  const { tx, say } = context;
  const statuses = await listStatuses(tx, ticket.boardId);
  const found = matchStatus(statuses, text.toLowerCase(), (kind) => say(`status_kind.${kind}`).toLowerCase());
  if (found !== null) return found;
  const choices = say.choices(statuses.map((status) => status.name));
  throw refuseField('validation_error', 'status', say('not_found.status', { text, choices }));
}

function matchStatus(
  statuses: readonly StatusRecord[],
  text: string,
  kindWord: (kind: StatusKind) => string,
): StatusRecord | null {
  const exact = statuses.find((status) => status.name.toLowerCase() === text || status.statusId === text);
  if (exact) return exact;
  const kind = statusKinds.find((name) => name === text || kindWord(name) === text);
  const ofKind = statuses.find((status) => status.kind === kind);
  if (ofKind) return ofKind;
  const begun = statuses.filter((status) => status.name.toLowerCase().startsWith(text));
  return begun.length === 1 ? (begun[0] ?? null) : null;
}
