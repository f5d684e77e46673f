/** The desk's records for programs: snake_case, ids as strings, times in RFC 3339 UTC. */
import type { JsonObject } from '../kernel/canonical-json.ts';
import type {
  ApprovalRecord,
  BoardRecord,
  ClientRecord,
  ContactRecord,
  NoteRecord,
  StatusRecord,
  TicketRecord,
  TimeEntryRecord,
} from './records.ts';

type TicketUrl = (ticket: { number: number; url: string | null }) => string;

/** @param url gives the ticket's page, its own or ours */
export function ticketItem(ticket: TicketRecord, url: TicketUrl): JsonObject {
  return {
    ticket_id: ticket.ticketId,
    number: ticket.number,
    title: ticket.title,
    description: ticket.description,
    priority: ticket.priority,
    board_id: ticket.boardId,
    board: ticket.boardName,
    status_id: ticket.statusId,
    status: ticket.statusName,
    status_kind: ticket.statusKind,
    client_id: ticket.clientId,
    client: ticket.clientName,
    contact_id: ticket.contactId,
    contact: ticket.contactName,
    assignee_id: ticket.assigneeId,
    assignee: ticket.assigneeName,
    created_by: ticket.createdBy,
    due_at: time(ticket.dueAt),
    url: url(ticket),
    source_url: ticket.sourceUrl,
    external_id: ticket.externalId,
    closed_at: time(ticket.closedAt),
    created_at: time(ticket.createdAt),
    updated_at: time(ticket.updatedAt),
  };
}

export function approvalItem(approval: ApprovalRecord): JsonObject {
  return {
    approval_id: approval.approvalId,
    title: approval.title,
    description: approval.description,
    status: approval.status,
    ticket_id: approval.ticketId,
    ticket_number: approval.ticketNumber,
    requester_id: approval.requesterId,
    requester: approval.requesterName,
    approver_id: approval.approverId,
    approver: approval.approverName,
    comment: approval.comment,
    responded_at: time(approval.respondedAt),
    external_id: approval.externalId,
    created_at: time(approval.createdAt),
    updated_at: time(approval.updatedAt),
  };
}

export function noteItem(note: NoteRecord): JsonObject {
  return {
    note_id: note.noteId,
    ticket_id: note.ticketId,
    kind: note.kind,
    text: note.text,
    author_user_id: note.authorUserId,
    author_contact_id: note.authorContactId,
    author: note.authorName,
    source_url: note.sourceUrl,
    external_id: note.externalId,
    created_at: time(note.createdAt),
  };
}

export function timeEntryItem(entry: TimeEntryRecord): JsonObject {
  return {
    time_entry_id: entry.timeEntryId,
    ticket_id: entry.ticketId,
    ticket_number: entry.ticketNumber,
    user_id: entry.userId,
    user: entry.userName,
    minutes: entry.minutes,
    started_at: time(entry.startedAt),
    note: entry.note,
    billable: entry.billable,
    created_at: time(entry.createdAt),
  };
}

export function contactItem(contact: ContactRecord): JsonObject {
  return {
    contact_id: contact.contactId,
    name: contact.name,
    email: contact.email,
    client_id: contact.clientId,
    client: contact.clientName,
    external_id: contact.externalId,
    created_at: time(contact.createdAt),
    updated_at: time(contact.updatedAt),
  };
}

export function clientItem(client: ClientRecord): JsonObject {
  return {
    client_id: client.clientId,
    name: client.name,
    external_id: client.externalId,
    created_at: time(client.createdAt),
    updated_at: time(client.updatedAt),
  };
}

/** @param statuses in their order */
export function boardItem(board: BoardRecord, statuses: readonly StatusRecord[]): JsonObject {
  return {
    board_id: board.boardId,
    name: board.name,
    default: board.isDefault,
    statuses: statuses.map(({ statusId, name, kind }) => ({ status_id: statusId, name, kind })),
    external_id: board.externalId,
    created_at: time(board.createdAt),
    updated_at: time(board.updatedAt),
  };
}

function time(at: Date | null): string | null {
  return at?.toISOString() ?? null;
}
