/** Who is told of what happened in the desk; enqueued in the transaction in which it happened. */
import type { Transaction } from '../infra/database.ts';
import type { JsonObject, JsonValue } from '../kernel/canonical-json.ts';
import { newId } from '../kernel/ids.ts';
import { insertPerson, insertResponsible } from './audience-store.ts';
import { notificationOf, planExpansion } from './enqueue.ts';
import { insertNotification } from './enqueue-store.ts';
import type { NotificationTarget } from './records.ts';

/** A domain event, as far as notifications follow from it. */
export interface HappenedEvent {
  eventId: string;
  type: string;
  target: NotificationTarget;
  /** The user who did it. */
  actorUserId: string | null;
  /** Ids and numbers. */
  data: JsonObject;
  now: Date;
}

/** What an event has people told. */
export interface EventNotice {
  category: 'assignment' | 'customer_reply' | 'approval_request' | 'escalation' | 'sla_risk';
  /** Whom; null: nobody is responsible. */
  userId: string | null;
  /** The admins are told where nobody who is active is responsible. */
  orAdmins: boolean;
  noteId: string | null;
  /** A later notice replaces an earlier one that the same person was not sent yet. */
  collapseKey: string | null;
}

/** Null when nobody is told; nobody is told of what they did themselves. */
export function noticeOf(event: Omit<HappenedEvent, 'now'>): EventNotice | null {
  const notice = noticeOfType(event);
  if (notice === null || notice.orAdmins) return notice;
  return notice.userId === null || notice.userId === event.actorUserId ? null : notice;
}

function noticeOfType({ type, target, data }: Omit<HappenedEvent, 'now'>): EventNotice | null {
  const assignee = { userId: idIn(data.assignee_id), orAdmins: false, noteId: null, collapseKey: null };
  switch (type) {
    case 'assignment':
      return { ...assignee, category: type, collapseKey: `event/assignment/${target.id}` };
    case 'customer_reply':
      return { ...assignee, category: type, noteId: idIn(data.note_id) };
    case 'approval_request':
      return { ...assignee, category: type, userId: idIn(data.approver_id) };
    case 'escalation':
    case 'sla_risk':
      // That it is overdue says more than that it soon will be.
      return { ...assignee, category: type, orAdmins: true, collapseKey: `event/sla/${target.id}` };
    default:
      return null;
  }
}

function idIn(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** Enqueues the notification of an event, where one follows from it. Its writes travel with the next statements. */
export function notifyOfEvent(tx: Transaction, event: HappenedEvent): void {
  const notice = noticeOf(event);
  if (notice === null) return;
  const notificationId = newId();
  const { category, userId, orAdmins, noteId, collapseKey } = notice;
  const { target, actorUserId, eventId, now } = event;
  const request = {
    category,
    content: { kind: 'event', noteId } as const,
    target,
    actorUserId,
    collapseKey,
    createdBy: { kind: 'event', id: eventId } as const,
  };
  insertNotification(tx, notificationOf(notificationId, request, { now, recipients: 1 }));
  if (orAdmins) insertResponsible(tx, notificationId, userId, actorUserId);
  else if (userId !== null) insertPerson(tx, notificationId, userId);
  planExpansion(tx, notificationId, now, now);
}
