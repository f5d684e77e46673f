/** Deliveries: what became of each message that was to reach somebody, and what an administrator can do about it. */
import { z } from 'zod';
import { optionalText } from '../../actions/input-fields.ts';
import type { Transaction } from '../../infra/database.ts';
import type { JsonObject } from '../../kernel/canonical-json.ts';
import { destinationTypes } from '../../kernel/notification.ts';
import {
  type AttemptRow,
  type DeliveryRow,
  listAttempts,
  listDeliveries,
  listFallbacks,
  readDelivery,
} from '../../notify/delivery-queries.ts';
import { remedyOf } from '../../notify/delivery-remedies.ts';
import { cancelDelivery, resolveDelivery, retryDelivery } from '../../notify/manage-delivery.ts';
import { categories, deliveryErrorCodes, deliveryStatuses, skipReasons } from '../../notify/records.ts';
import {
  anyInstant,
  found,
  id,
  idIn,
  instant,
  listOf,
  mutationRoute,
  noBody,
  pageQuery,
  type Route,
  readRoute,
  recordId,
  toDeskPage,
} from '../route.ts';
import { planningOf } from './planning.ts';

const nullableText = z.string().nullable();

/** A delivery as lists show it. */
export const delivery = z.object({
  delivery_id: id,
  notification_id: id,
  category: z.enum(categories),
  user_id: id.nullable().describe('The person; null where an address or a conversation was named'),
  registration_id: id.nullable(),
  platform: nullableText,
  destination: z.object({ type: z.enum(destinationTypes), id: z.string() }).nullable(),
  status: z.enum(deliveryStatuses),
  reason: z.enum(skipReasons).nullable().describe('Why it was skipped'),
  error_code: z.enum(deliveryErrorCodes).nullable(),
  error_message: nullableText,
  attempts: z.int(),
  provider_message_id: nullableText,
  provider_request_id: nullableText,
  fallback_of: id.nullable(),
  created_at: instant,
  sent_at: instant.nullable().describe('When the platform accepted it'),
  delivered_at: instant.nullable().describe('When something else than the send proved that it arrived'),
  responded_at: instant.nullable(),
  withdrawn_at: instant.nullable(),
});

const attempt = z.object({
  attempt: z.int().describe('Throttled calls repeat the number: they spend no attempt'),
  at: instant,
  started_at: instant.nullable().describe('When it went onto the wire; null for what is no call'),
  outcome: z.string(),
  error_code: z.enum(deliveryErrorCodes).nullable(),
  detail: nullableText,
  provider_message_id: nullableText,
  provider_request_id: nullableText,
});

const wholeDelivery = delivery.extend({
  remedy: nullableText.describe('What can be done about it; null where nothing has to be'),
  log: z.array(attempt).describe('Calls and findings, oldest first'),
  fallbacks: z.array(delivery).describe('Deliveries that were made because this one did not work'),
});

export function presentDelivery({ destination_type, destination_id, ...row }: DeliveryRow): JsonObject {
  const at = (time: Date | null) => time?.toISOString() ?? null;
  return {
    ...row,
    destination:
      destination_type === null || destination_id === null
        ? null
        : { type: destination_type, id: destination_id },
    created_at: row.created_at.toISOString(),
    sent_at: at(row.sent_at),
    delivered_at: at(row.delivered_at),
    responded_at: at(row.responded_at),
    withdrawn_at: at(row.withdrawn_at),
  };
}

function presentAttempt({ attempt_no, try_no: _, at, started_at, ...row }: AttemptRow): JsonObject {
  return {
    attempt: attempt_no,
    at: at.toISOString(),
    started_at: started_at?.toISOString() ?? null,
    ...row,
  };
}

/** @throws DeskbridgeError not_found */
async function presentWhole(tx: Transaction, deliveryId: string): Promise<JsonObject> {
  const row = found(await readDelivery(tx, deliveryId));
  const [log, fallbacks] = await Promise.all([listAttempts(tx, row), listFallbacks(tx, row)]);
  return {
    ...presentDelivery(row),
    remedy: remedyOf(row),
    log: log.map(presentAttempt),
    fallbacks: fallbacks.map(presentDelivery),
  };
}

async function changed(tx: Transaction, deliveryId: string) {
  return { body: await presentWhole(tx, deliveryId), target: { kind: 'delivery', id: deliveryId } };
}

const moment = anyInstant.transform((value) => new Date(value)).optional();
const path = '/v1/tenants/{tenant}/deliveries';
const one = `${path}/{delivery_id}`;
const tag = 'Notifications';

export const deliveryRoutes: Route[] = [
  readRoute({
    method: 'get',
    path,
    tag,
    summary: 'List deliveries, newest first',
    capability: 'delivery:read',
    query: pageQuery.extend({
      status: z.enum(deliveryStatuses).optional(),
      platform: z.string().max(64).optional(),
      category: z.enum(categories).optional(),
      reason: z.enum(skipReasons).optional(),
      error_code: z.enum(deliveryErrorCodes).optional(),
      notification_id: recordId.optional(),
      user: recordId.optional().describe('Id of the person'),
      since: moment.describe('Made from this instant on'),
      until: moment.describe('Made before this instant'),
    }),
    response: listOf(delivery),
    handle: async (tx, { query }) => {
      const { limit: _limit, cursor: _cursor, ...filter } = query;
      const page = await listDeliveries(tx, filter, toDeskPage(query));
      return { items: page.items.map(presentDelivery), next_cursor: page.nextCursor };
    },
  }),
  readRoute({
    method: 'get',
    path: one,
    tag,
    summary: 'Read a delivery with everything that was tried and found out about it',
    capability: 'delivery:read',
    response: wholeDelivery,
    handle: (tx, { params }) => presentWhole(tx, idIn(params, 'delivery_id')),
  }),
  mutationRoute({
    method: 'post',
    path: `${one}/retry`,
    tag,
    summary: 'Send a failed or skipped delivery after all, as its next attempt',
    capability: 'delivery:manage',
    action: 'delivery.retry',
    body: noBody,
    response: wholeDelivery,
    handle: async (tx, { params, services, now }) => {
      const deliveryId = idIn(params, 'delivery_id');
      await retryDelivery(tx, planningOf(services), deliveryId, now);
      return await changed(tx, deliveryId);
    },
  }),
  mutationRoute({
    method: 'post',
    path: `${one}/resolve`,
    tag,
    summary:
      'Say what became of a delivery of unknown outcome; not_sent opens the next channel of the person',
    capability: 'delivery:manage',
    action: 'delivery.resolve',
    body: z.strictObject({
      outcome: z.enum(['sent', 'not_sent']),
      note: optionalText(1_000).describe('How you know; kept with the attempts'),
    }),
    response: wholeDelivery,
    handle: async (tx, { params, body, services, now }) => {
      const deliveryId = idIn(params, 'delivery_id');
      const found = { outcome: body.outcome, note: body.note ?? null };
      await resolveDelivery(tx, planningOf(services), deliveryId, found, now);
      return await changed(tx, deliveryId);
    },
  }),
  mutationRoute({
    method: 'post',
    path: `${one}/cancel`,
    tag,
    summary: 'Stop a delivery that is not on the wire yet',
    capability: 'delivery:manage',
    action: 'delivery.cancel',
    body: noBody,
    response: wholeDelivery,
    handle: async (tx, { params }) => {
      const deliveryId = idIn(params, 'delivery_id');
      await cancelDelivery(tx, deliveryId);
      return await changed(tx, deliveryId);
    },
  }),
];
