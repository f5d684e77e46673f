/** Accepts a notification in the caller's transaction: what it says and who it is for; people's facts come later. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError, type FieldError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { insertAddresses, insertConversations, insertPersons, planAudience } from './audience-store.ts';
import {
  claimRequest,
  insertNotification,
  type NotificationRow,
  readRequest,
  writeRecipientCount,
} from './enqueue-store.ts';
import { earliestInstant } from './local-time.ts';
import { type Audience, checkRecipients, type Recipient, sortRecipients } from './recipients.ts';
import {
  type Category,
  defaultOnUnknown,
  defaultPriority,
  type NotificationContent,
  type NotificationTarget,
  type Priority,
  type UnknownPolicy,
} from './records.ts';

export interface NotificationRequest {
  category: Category;
  content: NotificationContent;
  target: NotificationTarget | null;
  actorUserId: string | null;
  to: readonly Recipient[];
  onUnknown?: UnknownPolicy;
  priority?: Priority;
  /** A newer notification with the same key replaces unsent older ones, destination by destination. */
  collapseKey?: string | null;
  sendAt?: Date | null;
  /** Local to each recipient, `YYYY-MM-DDTHH:MM[:SS]`; instead of `sendAt`. */
  sendAtLocal?: string | null;
  expiresAt?: Date | null;
  createdBy: { kind: 'event' | 'key' | 'operator' | 'user'; id: string | null };
  /** The caller's idempotency: same key and fingerprint → the first notification again. */
  request?: { key: string; fingerprint: string };
}

export interface Enqueued {
  notificationId: string;
  /** People, conversations and addresses, each counted once. */
  recipients: number;
  /** The key was used before: this is what came of it then. */
  repeated: boolean;
}

/** A notification that may be written, or what came of it when its key was used before. */
export type Accepted =
  | { repeated: Enqueued }
  | { repeated: null; notificationId: string; due: Date; audience: Audience };

/**
 * Takes the caller's key and checks what is asked for.
 * @throws DeskbridgeError validation_error (`to.N`: no such user, conversation, registration or group; `send_at`),
 *   idempotency_key_reused
 */
export async function acceptNotification(
  tx: Transaction,
  request: NotificationRequest,
  now: Date,
): Promise<Accepted> {
  const notificationId = newId();
  if (request.request !== undefined) {
    const repeated = await takeKey(tx, { ...request.request, notificationId }, now);
    if (repeated !== null) return { repeated };
  }
  const due = dueFrom(request, now);
  const audience = sortRecipients(request.to);
  await checkRecipients(tx, audience);
  return { repeated: null, notificationId, due, audience };
}

/**
 * Writes the notification and its audience, whatever its size by a handful of statements, and lets the notifier know.
 * @throws DeskbridgeError as `acceptNotification`
 */
export async function enqueueNotification(
  tx: Transaction,
  request: NotificationRequest,
  now: Date,
): Promise<Enqueued> {
  const accepted = await acceptNotification(tx, request, now);
  return accepted.repeated ?? (await leaveToNotifier(tx, request, accepted, now));
}

/** Writes what was accepted for the notifier to work through. */
export async function leaveToNotifier(
  tx: Transaction,
  request: NotificationRequest,
  { notificationId, due, audience }: Extract<Accepted, { repeated: null }>,
  now: Date,
): Promise<Enqueued> {
  const named = audience.users.size + audience.conversations.size + audience.addresses.size;
  insertNotification(tx, notificationOf(notificationId, request, { now, recipients: named }));
  const recipients = await writeAudience(tx, notificationId, audience);
  if (recipients !== named) writeRecipientCount(tx, notificationId, recipients);
  planExpansion(tx, notificationId, due, now);
  return { notificationId, recipients, repeated: false };
}

/** The row of a notification, with what is not said as it is by default. @param row.expandedAt its deliveries are made then */
export function notificationOf(
  notificationId: string,
  request: Omit<NotificationRequest, 'to' | 'request'>,
  row: { now: Date; recipients: number; expandedAt?: Date },
): NotificationRow {
  const { category, content, target, actorUserId, createdBy } = request;
  return {
    notificationId,
    category,
    content,
    target,
    actorUserId,
    onUnknown: request.onUnknown ?? defaultOnUnknown(category),
    priority: request.priority ?? defaultPriority(category),
    collapseKey: request.collapseKey ?? null,
    sendAt: request.sendAt ?? null,
    sendAtLocal: request.sendAtLocal ?? null,
    expiresAt: request.expiresAt ?? null,
    recipients: row.recipients,
    createdBy,
    createdAt: row.now,
    expandedAt: row.expandedAt ?? null,
  };
}

/** Puts the audience down for the notifier, and lets it know when that is now. */
export function planExpansion(tx: Transaction, notificationId: string, due: Date, now: Date): void {
  planAudience(tx, notificationId, due);
  if (due <= now) tx.announce({ kind: 'audience', tenantId: tx.tenantId, id: notificationId });
}

async function takeKey(
  tx: Transaction,
  request: { key: string; fingerprint: string; notificationId: string },
  now: Date,
): Promise<Enqueued | null> {
  if (await claimRequest(tx, request, now)) return null;
  const first = await readRequest(tx, request.key);
  if (first?.fingerprint !== request.fingerprint) throw new DeskbridgeError('idempotency_key_reused');
  return { notificationId: first.notificationId, recipients: first.recipients, repeated: true };
}

/** When people's facts are looked at: when it is to be sent, or for local times when that begins somewhere. */
function dueFrom({ sendAt, sendAtLocal }: NotificationRequest, now: Date): Date {
  if (sendAt != null && sendAtLocal != null)
    throw invalid([sendAtFault('is either an instant or a local time')]);
  if (sendAtLocal == null) return sendAt != null && sendAt > now ? sendAt : now;
  const earliest = earliestInstant(sendAtLocal);
  if (earliest === null) throw invalid([sendAtFault('is no local time')]);
  return earliest > now ? earliest : now;
}

function sendAtFault(message: string): FieldError {
  return { path: 'send_at', message };
}

function invalid(fields: FieldError[]): DeskbridgeError {
  return new DeskbridgeError('validation_error', { fields });
}

/** @returns how many recipients */
async function writeAudience(tx: Transaction, notificationId: string, audience: Audience): Promise<number> {
  const { users, groups, conversations, addresses, everyone } = audience;
  const named = { userIds: [...users.keys()], groupIds: [...groups.keys()], everyone };
  const persons = await insertPersons(tx, notificationId, named);
  await insertConversations(tx, notificationId, [...conversations.keys()], persons);
  await insertAddresses(tx, notificationId, [...addresses.values()], persons + conversations.size);
  return persons + conversations.size + addresses.size;
}
