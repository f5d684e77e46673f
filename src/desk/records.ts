/** The desk's records as the rest of the program sees them; times are instants, ids are UUIDs. */

export const ticketPriorities = ['low', 'normal', 'high', 'urgent'] as const;
export type TicketPriority = (typeof ticketPriorities)[number];

/** What a status means for the flow, whatever its name. */
export const statusKinds = ['new', 'open', 'waiting', 'closed'] as const;
export type StatusKind = (typeof statusKinds)[number];

export const approvalStatuses = ['pending', 'approved', 'changes_requested', 'cancelled'] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];

/** `customer_reply`: ours to the contact; `contact_note`: the contact's own words. */
export type NoteKind = 'internal_note' | 'customer_reply' | 'contact_note';

/** A ticket with the names of what it refers to. */
export interface TicketRecord {
  ticketId: string;
  /** Per tenant, from 1001 on. */
  number: number;
  title: string;
  description: string;
  priority: TicketPriority;
  boardId: string;
  boardName: string;
  statusId: string;
  statusName: string;
  statusKind: StatusKind;
  clientId: string | null;
  clientName: string | null;
  contactId: string | null;
  contactName: string | null;
  assigneeId: string | null;
  assigneeName: string | null;
  createdBy: string | null;
  dueAt: Date | null;
  /** Its page in another desk, where it is mirrored. */
  url: string | null;
  /** The chat message that it was made from. */
  sourceUrl: string | null;
  externalId: string | null;
  /** When the sweep raised `sla_risk` and `escalation` for the present due time. */
  slaRiskAt: Date | null;
  escalatedAt: Date | null;
  closedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface StatusRecord {
  statusId: string;
  boardId: string;
  name: string;
  kind: StatusKind;
  position: number;
}

export interface BoardRecord {
  boardId: string;
  name: string;
  isDefault: boolean;
  externalId: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface ClientRecord {
  clientId: string;
  name: string;
  externalId: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface ContactRecord {
  contactId: string;
  clientId: string | null;
  clientName: string | null;
  name: string;
  email: string | null;
  externalId: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface NoteRecord {
  noteId: string;
  ticketId: string;
  kind: NoteKind;
  text: string;
  authorUserId: string | null;
  authorContactId: string | null;
  authorName: string | null;
  sourceUrl: string | null;
  externalId: string | null;
  createdAt: Date;
}

export interface TimeEntryRecord {
  timeEntryId: string;
  ticketId: string;
  ticketNumber: number;
  ticketTitle: string;
  ticketUrl: string | null;
  userId: string;
  userName: string;
  minutes: number;
  startedAt: Date;
  note: string | null;
  billable: boolean;
  createdAt: Date;
}

export interface ApprovalRecord {
  approvalId: string;
  /** The ticket that it belongs to, if any, with its number, title and own page. */
  ticketId: string | null;
  ticketNumber: number | null;
  ticketTitle: string | null;
  ticketUrl: string | null;
  title: string;
  description: string;
  requesterId: string | null;
  requesterName: string | null;
  approverId: string;
  approverName: string;
  status: ApprovalStatus;
  comment: string | null;
  respondedAt: Date | null;
  externalId: string | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A user of the tenant, as far as the desk shows people. */
export interface PersonRecord {
  userId: string;
  name: string;
  email: string;
}

/** What an upsert by external id did. */
export interface Upserted<Record> {
  record: Record;
  outcome: 'created' | 'updated' | 'unchanged';
}
