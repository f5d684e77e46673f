/** Ids of deliveries, which hold their own time, and the keys of their attempts (pure). */
import { createHash } from 'node:crypto';
import { v7 } from 'uuid';
import type { DestinationType } from './records.ts';

/**
 * A UUIDv7 whose time is that instant to the millisecond: the id alone finds the delivery's partition. Ids of one
 * millisecond are in no order.
 */
export function newDeliveryId(createdAt: Date): string {
  return v7({ msecs: createdAt.getTime() });
}

/** When the delivery was created: the first 48 bits of a UUIDv7 are Unix milliseconds (RFC 9562, section 5.7). */
export function createdAtOf(deliveryId: string): Date {
  return new Date(Number.parseInt(deliveryId.replaceAll('-', '').slice(0, 12), 16));
}

/** What one attempt is an attempt at. `user`: somebody for whom there is no destination. */
export interface AttemptedDestination {
  notificationId: string;
  tenantId: string;
  destinationType: DestinationType | 'user';
  destinationId: string;
  /** From 1 on. */
  attemptNo: number;
}

/** The key of an attempt, 64 hex digits; that of attempt 1 makes a delivery unique for its notification and destination. */
export function attemptKey(attempt: AttemptedDestination): string {
  const { notificationId, tenantId, destinationType, destinationId, attemptNo } = attempt;
  return createHash('sha256')
    .update(`${notificationId}|${tenantId}|${destinationType}|${destinationId}|${attemptNo}`)
    .digest('hex');
}
