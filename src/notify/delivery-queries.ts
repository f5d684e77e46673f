/** Reads of notifications, deliveries and their attempts, for administrators. */
import type { Transaction } from '../infra/database.ts';
import { type KeysetPosition, ListConditions, type Page, type PageRequest, toPage } from '../infra/keyset.ts';
import { createdAtOf } from './delivery-id.ts';
import type {
  Category,
  DeliveryErrorCode,
  DeliveryStatus,
  Destination,
  DestinationType,
  NotificationTarget,
  Priority,
  SkipReason,
  UnknownPolicy,
} from './records.ts';

export interface DeliveryRow {
  delivery_id: string;
  notification_id: string;
  category: Category;
  user_id: string | null;
  registration_id: string | null;
  platform: string | null;
  destination_type: DestinationType | null;
  destination_id: string | null;
  status: DeliveryStatus;
  reason: SkipReason | null;
  error_code: DeliveryErrorCode | null;
  error_message: string | null;
  attempts: number;
  provider_message_id: string | null;
  provider_request_id: string | null;
  fallback_of: string | null;
  created_at: Date;
  sent_at: Date | null;
  delivered_at: Date | null;
  responded_at: Date | null;
  withdrawn_at: Date | null;
}

export interface AttemptRow {
  attempt_no: number;
  try_no: number;
  at: Date;
  started_at: Date | null;
  outcome: string;
  error_code: DeliveryErrorCode | null;
  detail: string | null;
  provider_message_id: string | null;
  provider_request_id: string | null;
}

/** Each condition narrows the list. */
export interface DeliveryFilter {
  status?: DeliveryStatus | undefined;
  platform?: string | undefined;
  category?: Category | undefined;
  reason?: SkipReason | undefined;
  error_code?: DeliveryErrorCode | undefined;
  notification_id?: string | undefined;
  user?: string | undefined;
  /** From this instant on. */
  since?: Date | undefined;
  /** Before this instant. */
  until?: Date | undefined;
}

export interface NotificationRow {
  notification_id: string;
  category: Category;
  target_kind: NotificationTarget['kind'] | null;
  target_id: string | null;
  on_unknown: UnknownPolicy;
  priority: Priority;
  collapse_key: string | null;
  send_at: Date | null;
  send_at_local: string | null;
  expires_at: Date | null;
  recipients: number;
  created_by_kind: string;
  created_by: string | null;
  expanded_at: Date | null;
  withdrawn_at: Date | null;
  created_at: Date;
}

const deliveryColumns = `delivery_id, notification_id, category, user_id, registration_id, platform, destination_type,
  destination_id, status, reason, error_code, error_message, attempts, provider_message_id, provider_request_id,
  fallback_of, created_at, sent_at, delivered_at, responded_at, withdrawn_at`;

const notificationColumns = `notification_id, category, target_kind, target_id, on_unknown, priority, collapse_key, send_at,
  send_at_local, expires_at, recipients, created_by_kind, created_by, expanded_at, withdrawn_at, created_at`;

/** How far the clocks of processes may be apart where the time of one record bounds that of another. */
const skewMs = 86_400_000;

/** Deliveries newest first. */
export async function listDeliveries(
  tx: Transaction,
  filter: DeliveryFilter,
  page: PageRequest,
): Promise<Page<DeliveryRow>> {
  const conditions = conditionsOf(tx.tenantId, filter);
  if (page.after !== null) startBefore(conditions, page.after);
  const rows = await tx.query<DeliveryRow>(
    `select ${deliveryColumns} from deliveries where tenant_id = $1${conditions.sql}
      order by delivery_id desc limit ${conditions.parameter(page.limit + 1)}`,
    conditions.values,
  );
  return toPage(rows, page.limit, (row) => ({ createdAt: row.created_at, id: row.delivery_id }));
}

function conditionsOf(tenantId: string, filter: DeliveryFilter): ListConditions {
  const conditions = new ListConditions(tenantId);
  const equal = ['status', 'platform', 'category', 'reason', 'error_code', 'notification_id'] as const;
  for (const column of equal) {
    const value = filter[column];
    if (value !== undefined) conditions.add((p) => `${column} = ${p}`, value);
  }
  if (filter.user !== undefined) conditions.add((p) => `user_id = ${p}`, filter.user);
  // What a partial index says of its rows has to be said for it to serve.
  if (filter.status === 'failed') conditions.addFixed('error_code is not null and reason is null');
  if (filter.status === 'skipped' || filter.reason !== undefined) conditions.addFixed('reason is not null');
  // Whatever is queued has a row in the small table of what is to be sent.
  if (filter.status === 'queued') {
    conditions.addFixed('delivery_id in (select r.delivery_id from delivery_ready r where r.tenant_id = $1)');
  }
  if (filter.since !== undefined) {
    conditions.add((p) => `created_at >= ${p}`, filter.since);
    conditions.add((p) => `delivery_id >= ${p}`, firstIdAt(filter.since));
  }
  if (filter.until !== undefined) {
    conditions.add((p) => `created_at < ${p}`, filter.until);
    conditions.add((p) => `delivery_id < ${p}`, firstIdAt(filter.until));
  }
  return conditions;
}

/** The id is the order and carries the time; the time beside it finds the partitions. */
function startBefore(conditions: ListConditions, after: KeysetPosition): void {
  conditions.add((p) => `delivery_id < ${p}`, after.id);
  conditions.add((p) => `created_at <= ${p}`, after.createdAt);
}

/** The smallest UUIDv7 (RFC 9562) of a moment; times that it cannot hold become its first or last. */
export function firstIdAt(moment: Date): string {
  const ms = Math.min(Math.max(moment.getTime(), 0), 2 ** 48 - 1);
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** Null when the tenant has no such delivery. */
export async function readDelivery(tx: Transaction, deliveryId: string): Promise<DeliveryRow | null> {
  // Any other id has no time that a partition could be found by.
  if (deliveryId.charAt(14) !== '7') return null;
  const [row] = await tx.query<DeliveryRow>(
    `select ${deliveryColumns} from deliveries where tenant_id = $1 and delivery_id = $2 and created_at = $3`,
    [tx.tenantId, deliveryId, createdAtOf(deliveryId)],
  );
  return row ?? null;
}

/** What was tried and found out about a delivery, oldest first. */
export async function listAttempts(tx: Transaction, delivery: DeliveryRow): Promise<AttemptRow[]> {
  return await tx.query<AttemptRow>(
    `select attempt_no, try_no, at, started_at, outcome, error_code, detail, provider_message_id, provider_request_id
       from delivery_attempts where tenant_id = $1 and delivery_id = $2 and at >= $3
      order by at, attempt_id`,
    [tx.tenantId, delivery.delivery_id, new Date(delivery.created_at.getTime() - skewMs)],
  );
}

/** Deliveries that were made because this one did not work. */
export async function listFallbacks(tx: Transaction, delivery: DeliveryRow): Promise<DeliveryRow[]> {
  return await tx.query<DeliveryRow>(
    `select ${deliveryColumns} from deliveries
      where tenant_id = $1 and notification_id = $2 and delivery_id > $3 and created_at >= $4 and fallback_of = $3
      order by delivery_id`,
    [tx.tenantId, delivery.notification_id, delivery.delivery_id, delivery.created_at],
  );
}

/** Null when the tenant has no such notification. */
export async function readNotification(
  tx: Transaction,
  notificationId: string,
): Promise<NotificationRow | null> {
  const [row] = await tx.query<NotificationRow>(
    `select ${notificationColumns} from notifications where tenant_id = $1 and notification_id = $2`,
    [tx.tenantId, notificationId],
  );
  return row ?? null;
}

export interface Progress {
  /** Recipients that no delivery was made for yet. */
  waiting: number;
  counts: Record<DeliveryStatus, number>;
}

/** How far a notification is: what waits, and its deliveries by status. */
export async function readProgress(tx: Transaction, notification: NotificationRow): Promise<Progress> {
  const [waiting, rows] = await Promise.all([
    tx.query<{ count: number }>(
      'select count(*) as count from notification_audience where tenant_id = $1 and notification_id = $2',
      [tx.tenantId, notification.notification_id],
    ),
    tx.query<{ status: DeliveryStatus; count: number }>(
      `select status, count(*) as count from deliveries
        where tenant_id = $1 and notification_id = $2 and created_at >= $3 group by status`,
      [tx.tenantId, notification.notification_id, new Date(notification.created_at.getTime() - skewMs)],
    ),
  ]);
  const counts = { queued: 0, sent: 0, delivered: 0, failed: 0, skipped: 0 };
  for (const { status, count } of rows) counts[status] = count;
  return { waiting: waiting[0]?.count ?? 0, counts };
}

/** The first deliveries of a notification, oldest first. */
export async function listDeliveriesOf(
  tx: Transaction,
  notification: NotificationRow,
  limit: number,
): Promise<DeliveryRow[]> {
  return await tx.query<DeliveryRow>(
    `select ${deliveryColumns} from deliveries where tenant_id = $1 and notification_id = $2 and created_at >= $3
      order by delivery_id limit $4`,
    [tx.tenantId, notification.notification_id, new Date(notification.created_at.getTime() - skewMs), limit],
  );
}

/** Where the deliveries of a notification to one person go. */
export async function listDestinations(
  tx: Transaction,
  notification: NotificationRow,
  userId: string,
): Promise<Destination[]> {
  const from = new Date(notification.created_at.getTime() - skewMs);
  return await tx.query<Destination>(
    `select destination_type as type, destination_id as id from deliveries
      where tenant_id = $1 and user_id = $2 and notification_id = $3 and delivery_id >= $4 and created_at >= $5
        and destination_id is not null`,
    [tx.tenantId, userId, notification.notification_id, firstIdAt(from), from],
  );
}
