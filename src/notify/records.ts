/** What the notifier keeps: categories, content, states of a delivery. */
import type { Destination, DestinationType } from '../kernel/notification.ts';

export const categories = [
  'assignment',
  'customer_reply',
  'approval_request',
  'escalation',
  'sla_risk',
  'operation_result',
  'announcement',
  'test',
] as const;
export type Category = (typeof categories)[number];

/** `hold`: stop and ask an administrator; `resend`: alerts are better doubled than lost. */
export const unknownPolicies = ['hold', 'resend'] as const;
export type UnknownPolicy = (typeof unknownPolicies)[number];

/** What becomes of a send that nobody can prove, where nothing else was asked for. */
export function defaultOnUnknown(category: Category): UnknownPolicy {
  return category === 'escalation' || category === 'sla_risk' ? 'resend' : 'hold';
}

/** 1 goes first; one level counts like an hour of waiting. */
export type Priority = 0 | 1;

/** What one level of priority counts for, in milliseconds of waiting. */
export const priorityMs = 3_600_000;

/** Alerts go before everything else. */
export function defaultPriority(category: Category): Priority {
  return category === 'escalation' || category === 'sla_risk' ? 1 : 0;
}

export const deliveryStatuses = ['queued', 'sent', 'delivered', 'failed', 'skipped'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** Why a delivery was skipped. */
export const skipReasons = [
  'cancelled',
  'withdrawn',
  'superseded',
  'muted',
  'expired',
  'user_not_mapped',
  'blocked_by_user',
  'not_in_conversation',
  'tenant_suspended',
  'registration_inactive',
  'registration_misconfigured',
  'category_disabled',
  'quiet_hours_expired',
] as const;
export type SkipReason = (typeof skipReasons)[number];

export const deliveryErrorCodes = [
  'throttled',
  'unauthorized',
  'not_found',
  'server_error',
  'transient',
  'blocked_by_user',
  'not_in_conversation',
  'payload_rejected',
  'user_not_mapped',
  'tenant_suspended',
  'registration_inactive',
  'registration_misconfigured',
  'category_disabled',
  'quiet_hours_expired',
  'outcome_unknown',
  'unknown',
] as const;
export type DeliveryErrorCode = (typeof deliveryErrorCodes)[number];

/** The error code that goes with a reason: causes that somebody can mend have one. */
export function errorCodeOfSkip(reason: SkipReason): DeliveryErrorCode | null {
  return deliveryErrorCodes.find((code) => code === reason) ?? null;
}

/** One way to reach the recipient: a destination by a registration. */
export interface Channel extends Destination {
  registrationId: string;
  platform: string;
}

/** A delivery as it is enqueued. Skipped ones have a reason, and no channel where none was found. */
export interface NewDelivery {
  /** A UUIDv7 made at `createdAt`: its time finds the partition. */
  deliveryId: string;
  createdAt: Date;
  notificationId: string;
  category: Category;
  userId: string | null;
  channel: Channel | null;
  /** Channels that are tried after a definite failure, in this order. */
  fallback: readonly Channel[];
  fallbackOf: string | null;
  skipped: SkipReason | null;
  dueAt: Date;
  expiresAt: Date | null;
  priority: Priority;
  onUnknown: UnknownPolicy;
}

/** A ticket as it was when something happened to it. Texts are people's own. */
export interface TicketSnapshot {
  ticketId: string;
  number: number;
  title: string;
  statusName: string;
  statusKind: 'new' | 'open' | 'waiting' | 'closed';
  priority: 'low' | 'normal' | 'high' | 'urgent';
  clientName: string | null;
  assigneeId: string | null;
  assigneeName: string | null;
  /** RFC 3339. */
  dueAt: string | null;
  /** Its page in another desk. */
  url: string | null;
}

/** What a notification says; the words around it are made at each delivery, in its reader's language. */
export type NotificationContent =
  | { kind: 'text'; title: string; text: string; ticket: TicketSnapshot | null }
  /** Waits for its snapshot, which is taken when the audience is worked through. */
  | { kind: 'event'; noteId: string | null }
  | { kind: 'ticket'; ticket: TicketSnapshot; actorName: string | null; excerpt: string | null }
  | {
      kind: 'approval';
      approvalId: string;
      title: string;
      description: string;
      requesterName: string | null;
      ticketNumber: number | null;
    }
  | { kind: 'test' };

/** What a notification may be about. */
export interface NotificationTarget {
  kind: 'ticket' | 'approval';
  id: string;
}

export type { Destination, DestinationType };
