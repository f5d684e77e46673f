/** Notifications: telling people something, following how far it is, taking it back. */
import { z } from 'zod';
import { limits, requiredLine, requiredText } from '../../actions/input-fields.ts';
import { findApproval } from '../../desk/approval-queries.ts';
import { findTicket } from '../../desk/ticket-queries.ts';
import type { Transaction } from '../../infra/database.ts';
import type { JsonObject } from '../../kernel/canonical-json.ts';
import { DeskbridgeError, type FieldError } from '../../kernel/errors.ts';
import { destinationTypes } from '../../kernel/notification.ts';
import {
  type DeliveryRow,
  listDeliveriesOf,
  type NotificationRow,
  type Progress,
  readNotification,
  readProgress,
} from '../../notify/delivery-queries.ts';
import type { Enqueued } from '../../notify/enqueue.ts';
import { earliestInstant } from '../../notify/local-time.ts';
import { notifyNow } from '../../notify/notify-now.ts';
import {
  categories,
  deliveryStatuses,
  type NotificationContent,
  type NotificationTarget,
  skipReasons,
  unknownPolicies,
} from '../../notify/records.ts';
import { withdrawNotification } from '../../notify/withdraw-notification.ts';
import {
  anyInstant,
  found,
  id,
  idIn,
  instant,
  mutationRoute,
  noBody,
  type Principal,
  type Route,
  readRoute,
  recordId,
} from '../route.ts';
import { given } from './fields.ts';
import { planningOf } from './planning.ts';

/** Recipients of one request. */
const maxRecipients = 200_000;
/** Audiences up to here are worked through at once, and their deliveries listed. */
const maxListed = 1_000;

const recipient = z.union([
  z.strictObject({ user: recordId }),
  z.strictObject({ conversation: recordId }),
  z.strictObject({ registration: recordId, address: z.string().trim().min(1).max(300) }),
  z.strictObject({ group: recordId }),
  z.strictObject({ everyone: z.literal(true) }),
]);

const localTime = z
  .string()
  .refine((text) => earliestInstant(text) !== null, 'a time such as 2026-11-21T09:00, without an offset');

const body = z.strictObject({
  category: z.enum(categories),
  message: z
    .strictObject({ title: requiredLine(limits.title), text: requiredText(limits.note) })
    .optional()
    .describe('Needed but for the category test, which has words of its own'),
  target: z
    .strictObject({ kind: z.enum(['ticket', 'approval']), id: recordId })
    .optional()
    .describe('What it is about'),
  to: z.array(recipient).min(1).max(maxRecipients),
  on_unknown: z
    .enum(unknownPolicies)
    .optional()
    .describe('When nobody can tell whether it was posted: wait for an administrator, or send again'),
  send_at: z
    .union([anyInstant, localTime])
    .optional()
    .describe('Not before; without an offset goes with time_zone'),
  time_zone: z.literal('recipient').optional().describe("send_at is meant in each recipient's own time zone"),
  expires_at: anyInstant.optional().describe('Not after'),
  priority: z.enum(['normal', 'high']).optional(),
  collapse_key: z.string().min(1).max(200).optional().describe('Replaces what is unsent under the same key'),
});
type Body = z.output<typeof body>;

const listed = z.object({
  delivery_id: id,
  status: z.enum(deliveryStatuses),
  reason: z.enum(skipReasons).nullable(),
  user_id: id.nullable(),
  platform: z.string().nullable(),
  destination: z.object({ type: z.enum(destinationTypes), id: z.string() }).nullable(),
});

const counts = z.object({
  queued: z.int(),
  sent: z.int(),
  delivered: z.int(),
  failed: z.int(),
  skipped: z.int(),
});

const progress = {
  notification_id: id,
  recipients: z.int().describe('People, conversations and addresses, each counted once'),
  waiting: z.int().describe('Recipients that no delivery was made for yet'),
  counts: counts.describe('Deliveries by status'),
};

const notification = z.object({
  ...progress,
  category: z.enum(categories),
  target: z.object({ kind: z.enum(['ticket', 'approval']), id }).nullable(),
  on_unknown: z.enum(unknownPolicies),
  priority: z.enum(['normal', 'high']),
  collapse_key: z.string().nullable(),
  send_at: z.string().nullable().describe("Without an offset: in each recipient's own time zone"),
  expires_at: instant.nullable(),
  created_by: z.object({ kind: z.string(), id: z.string().nullable() }),
  expanded_at: instant.nullable().describe('When every recipient had a delivery'),
  withdrawn_at: instant.nullable(),
  created_at: instant,
});

function presentListed(row: DeliveryRow): JsonObject {
  const { destination_type: type, destination_id } = row;
  return {
    delivery_id: row.delivery_id,
    status: row.status,
    reason: row.reason,
    user_id: row.user_id,
    platform: row.platform,
    destination: type === null || destination_id === null ? null : { type, id: destination_id },
  };
}

async function present(tx: Transaction, row: NotificationRow): Promise<JsonObject> {
  const { waiting, counts } = await readProgress(tx, row);
  return {
    notification_id: row.notification_id,
    category: row.category,
    target: row.target_kind === null ? null : { kind: row.target_kind, id: row.target_id },
    recipients: row.recipients,
    waiting,
    counts: { ...counts },
    on_unknown: row.on_unknown,
    priority: row.priority === 1 ? 'high' : 'normal',
    collapse_key: row.collapse_key,
    send_at: row.send_at?.toISOString() ?? row.send_at_local,
    expires_at: row.expires_at?.toISOString() ?? null,
    created_by: { kind: row.created_by_kind, id: row.created_by },
    expanded_at: row.expanded_at?.toISOString() ?? null,
    withdrawn_at: row.withdrawn_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  };
}

/** @throws DeskbridgeError validation_error for times that contradict one another or the clock */
function timesOf({ send_at, time_zone, expires_at }: Body, now: Date) {
  const fields: FieldError[] = [];
  const local = send_at !== undefined && earliestInstant(send_at) !== null;
  if (local && time_zone === undefined) {
    fields.push({ path: 'send_at', message: 'needs an offset, or "time_zone":"recipient"' });
  }
  if (!local && time_zone !== undefined) {
    fields.push({ path: 'time_zone', message: 'goes with a send_at without an offset' });
  }
  const sendAt = send_at === undefined ? null : local ? earliestInstant(send_at) : new Date(send_at);
  const expiresAt = expires_at === undefined ? null : new Date(expires_at);
  if (expiresAt !== null && expiresAt <= now) fields.push({ path: 'expires_at', message: 'is over' });
  else if (expiresAt !== null && sendAt !== null && expiresAt <= sendAt) {
    fields.push({ path: 'expires_at', message: 'is not after send_at' });
  }
  if (fields.length > 0) throw new DeskbridgeError('validation_error', { fields });
  return { sendAt: local ? null : sendAt, sendAtLocal: local ? (send_at ?? null) : null, expiresAt };
}

/** What it says; the ticket is added when the audience is worked through. @throws DeskbridgeError validation_error */
async function contentOf(
  tx: Transaction,
  { category, message, target }: Body,
): Promise<{ content: NotificationContent; target: NotificationTarget | null }> {
  const ticket = target?.kind === 'ticket' ? await findTicket(tx, target.id) : null;
  const approval = target?.kind === 'approval' ? await findApproval(tx, target.id) : null;
  if (target !== undefined && ticket === null && approval === null) {
    throw new DeskbridgeError('validation_error', {
      fields: [{ path: 'target.id', message: `is no ${target.kind}` }],
    });
  }
  if (message === undefined && category !== 'test') {
    throw new DeskbridgeError('validation_error', { fields: [{ path: 'message', message: 'is missing' }] });
  }
  const content: NotificationContent =
    message === undefined ? { kind: 'test' } : { kind: 'text', ...message, ticket: null };
  return { content, target: target ?? null };
}

/** Who sends it, as the notification keeps it. */
export function creatorOf(principal: Principal): { kind: 'key' | 'operator'; id: string | null } {
  return principal.kind === 'key' ? { kind: 'key', id: principal.id } : { kind: 'operator', id: null };
}

/** Small audiences are listed; large ones are followed by their counts. */
async function accepted(
  tx: Transaction,
  { notificationId, recipients, repeated }: Enqueued,
): Promise<JsonObject> {
  const isSmall = recipients <= maxListed;
  const row = found(await readNotification(tx, notificationId));
  const isNew = !isSmall && !repeated;
  const { waiting, counts } = isNew ? untouched(recipients) : await readProgress(tx, row);
  const deliveries = isSmall ? await listDeliveriesOf(tx, row, maxListed) : [];
  return {
    notification_id: notificationId,
    recipients,
    waiting,
    counts: { ...counts },
    deliveries: deliveries.map(presentListed),
  };
}

function untouched(recipients: number): Progress {
  return { waiting: recipients, counts: { queued: 0, sent: 0, delivered: 0, failed: 0, skipped: 0 } };
}

/** Bodies of this path alone may be large. */
export const notificationsPath = '/v1/tenants/{tenant}/notifications';
const one = `${notificationsPath}/{notification_id}`;
const tag = 'Notifications';

export const notificationRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path: notificationsPath,
    tag,
    summary: `Tell people something; the deliveries of up to ${maxListed.toLocaleString('en')} recipients are listed`,
    capability: 'notification:send',
    action: 'notification.send',
    body,
    response: z.object({ ...progress, deliveries: z.array(listed) }),
    status: 202,
    fixedPlans: true,
    handle: async (tx, { body, principal, idempotency, services, now }) => {
      const request = {
        category: body.category,
        ...(await contentOf(tx, body)),
        ...timesOf(body, now),
        actorUserId: null,
        to: body.to,
        collapseKey: body.collapse_key ?? null,
        createdBy: creatorOf(principal),
        ...given({ onUnknown: body.on_unknown, request: idempotency ?? undefined }),
        ...(body.priority === undefined
          ? {}
          : { priority: body.priority === 'high' ? (1 as const) : (0 as const) }),
      };
      const notified = await notifyNow(tx, planningOf(services), request, maxListed, now);
      return {
        body: await accepted(tx, notified),
        target: { kind: 'notification', id: notified.notificationId },
        changed: !notified.repeated,
      };
    },
  }),
  readRoute({
    method: 'get',
    path: one,
    tag,
    summary: 'How far a notification is',
    capability: 'notification:read',
    response: notification,
    handle: async (tx, { params }) =>
      await present(tx, found(await readNotification(tx, idIn(params, 'notification_id')))),
  }),
  mutationRoute({
    method: 'post',
    path: `${one}/withdraw`,
    tag,
    summary:
      'Take it back: unsent deliveries are skipped, sent ones deleted or replaced where the platform can',
    capability: 'notification:send',
    action: 'notification.withdraw',
    body: noBody,
    response: notification,
    handle: async (tx, { params, now }) => {
      const notificationId = idIn(params, 'notification_id');
      const row = found(await readNotification(tx, notificationId));
      const changed = await withdrawNotification(tx, row, now);
      const after = found(await readNotification(tx, notificationId));
      return {
        body: await present(tx, after),
        target: { kind: 'notification', id: notificationId },
        changed,
      };
    },
  }),
];
