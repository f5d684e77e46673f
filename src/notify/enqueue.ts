/** Accepts a notification in the caller's transaction: what it says and who it is for; people's facts come later. */
import type { Transaction } from '../infra/database.ts';
import { DeskbridgeError, type FieldError } from '../kernel/errors.ts';
import { isUuid, newId } from '../kernel/ids.ts';
import { insertAddresses, insertConversations, insertPersons, planAudience } from './audience-store.ts';
import {
  claimRequest,
  findUnknown,
  insertNotification,
  readRequest,
  writeRecipientCount,
} from './enqueue-store.ts';
import { earliestInstant } from './local-time.ts';
import {
  type Category,
  defaultOnUnknown,
  defaultPriority,
  type NotificationContent,
  type NotificationTarget,
  type Priority,
  type UnknownPolicy,
} from './records.ts';

/** `user` and `group` are people, reached as they prefer; a conversation or address is one place. */
export type Recipient =
  | { user: string }
  | { conversation: string }
  | { registration: string; address: string }
  | { group: string }
  | { everyone: true };

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

/** How many faults are named. */
const maxFaults = 20;

/**
 * Writes the notification and its audience, whatever its size by a handful of statements, and lets the notifier know.
 * @throws DeskbridgeError validation_error (`to.N`: no such user, conversation, registration or group; `send_at`),
 *   idempotency_key_reused
 */
export async function enqueueNotification(
  tx: Transaction,
  request: NotificationRequest,
  now: Date,
): Promise<Enqueued> {
  const notificationId = newId();
  if (request.request !== undefined) {
    const repeated = await takeKey(tx, { ...request.request, notificationId }, now);
    if (repeated !== null) return repeated;
  }
  const due = dueFrom(request, now);
  const audience = sortRecipients(request.to);
  await checkRecipients(tx, audience);
  const named = audience.users.size + audience.conversations.size + audience.addresses.size;
  writeNotification(tx, notificationId, request, now, named);
  const recipients = await writeAudience(tx, notificationId, audience);
  if (recipients !== named) writeRecipientCount(tx, notificationId, recipients);
  planExpansion(tx, notificationId, due, now);
  return { notificationId, recipients, repeated: false };
}

/** Writes the notification alone; travels with the next statements. @param recipients where they are known */
export function writeNotification(
  tx: Transaction,
  notificationId: string,
  request: Omit<NotificationRequest, 'to' | 'request'>,
  now: Date,
  recipients = 0,
): void {
  const { category, content, target, actorUserId, createdBy } = request;
  insertNotification(tx, {
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
    recipients,
    createdBy,
    createdAt: now,
  });
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

/** Recipients by kind, each once, with the index at which it was first named. */
interface Audience {
  users: Map<string, number>;
  groups: Map<string, number>;
  conversations: Map<string, number>;
  registrations: Map<string, number>;
  addresses: Map<string, { registration: string; address: string }>;
  everyone: boolean;
}

function sortRecipients(to: readonly Recipient[]): Audience {
  const audience: Audience = {
    users: new Map(),
    groups: new Map(),
    conversations: new Map(),
    registrations: new Map(),
    addresses: new Map(),
    everyone: false,
  };
  const note = (ids: Map<string, number>, id: string, index: number) => {
    const lower = id.toLowerCase();
    if (!ids.has(lower)) ids.set(lower, index);
  };
  for (const [index, recipient] of to.entries()) {
    if ('user' in recipient) note(audience.users, recipient.user, index);
    else if ('group' in recipient) note(audience.groups, recipient.group, index);
    else if ('conversation' in recipient) note(audience.conversations, recipient.conversation, index);
    else if ('everyone' in recipient) audience.everyone = true;
    else {
      const registration = recipient.registration.toLowerCase();
      note(audience.registrations, registration, index);
      const { address } = recipient;
      audience.addresses.set(`${registration} ${address}`, { registration, address });
    }
  }
  return audience;
}

/** @throws DeskbridgeError validation_error that names the first recipients that the tenant does not have */
async function checkRecipients(tx: Transaction, audience: Audience): Promise<void> {
  const faults = await Promise.all([
    unknownOf(tx, 'user', audience.users),
    unknownOf(tx, 'conversation', audience.conversations),
    unknownOf(tx, 'registration', audience.registrations),
    unknownOf(tx, 'group', audience.groups),
  ]);
  const first = faults
    .flat()
    .sort((a, b) => a.index - b.index)
    .slice(0, maxFaults);
  if (first.length === 0) return;
  throw invalid(
    first.map(({ index, kind }) => ({
      path: `to.${index}`,
      message: `is no ${kind}`,
    })),
  );
}

async function unknownOf(
  tx: Transaction,
  kind: 'user' | 'conversation' | 'registration' | 'group',
  ids: ReadonlyMap<string, number>,
): Promise<{ index: number; kind: string }[]> {
  const malformed = [...ids].filter(([id]) => !isUuid(id)).slice(0, maxFaults);
  if (malformed.length > 0) return malformed.map(([, index]) => ({ index, kind }));
  const indexes = [...ids.values()];
  const unknown = await findUnknown(tx, kind, [...ids.keys()], maxFaults);
  return unknown.map((place) => ({ index: indexes[place] ?? 0, kind }));
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
