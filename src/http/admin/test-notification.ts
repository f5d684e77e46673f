/** A test message to one person, with the whole way explained that it takes. */
import { z } from 'zod';
import { destinationTypes } from '../../kernel/notification.ts';
import { explainTest, explanationSteps } from '../../notify/explain-test.ts';
import { notifyNow } from '../../notify/notify-now.ts';
import type { Way } from '../../notify/plan-deliveries.ts';
import { deliveryStatuses, type NewDelivery, skipReasons } from '../../notify/records.ts';
import { readUser } from '../../tenants/user-store.ts';
import { found, id, idIn, instant, mutationRoute, noBody, type Route } from '../route.ts';
import { creatorOf } from './notifications.ts';
import { planningOf } from './planning.ts';

const destination = z.object({ type: z.enum(destinationTypes), id: z.string() });

const explanation = z.object({
  notification_id: id,
  user_id: id,
  steps: z
    .array(
      z.object({
        step: z.enum(explanationSteps),
        status: z.enum(['pass', 'warn', 'fail', 'skipped']),
        detail: z.string(),
        remedy: z.string().optional(),
      }),
    )
    .describe('Everything that had a say, in the order in which it had it'),
  channels: z
    .array(
      z.object({
        registration_id: id,
        platform: z.string(),
        destination,
        state: z.enum(['open', 'retired', 'inactive']),
        last_activity_at: instant.nullable(),
      }),
    )
    .describe('Every way to the person'),
  deliveries: z
    .array(
      z.object({
        delivery_id: id,
        status: z.enum(deliveryStatuses),
        reason: z.enum(skipReasons).nullable(),
        destination: destination.nullable(),
        fallback: z.array(destination),
      }),
    )
    .describe('What was made of it: follow these'),
});

function presentWay({ channel, state, lastActivityAt }: Way) {
  return {
    registration_id: channel.registrationId,
    platform: channel.platform,
    destination: { type: channel.type, id: channel.id },
    state,
    last_activity_at: lastActivityAt?.toISOString() ?? null,
  };
}

function presentDelivery({ deliveryId, channel, skipped, fallback }: NewDelivery) {
  return {
    delivery_id: deliveryId,
    status: skipped === null ? 'queued' : 'skipped',
    reason: skipped,
    destination: channel === null ? null : { type: channel.type, id: channel.id },
    fallback: fallback.map(({ type, id }) => ({ type, id })),
  };
}

export const testNotificationRoutes: Route[] = [
  mutationRoute({
    method: 'post',
    path: '/v1/tenants/{tenant}/users/{user_id}/test-notification',
    tag: 'Notifications',
    summary: 'Send a person a test message and explain the way that it takes',
    capability: 'notification:send',
    action: 'notification.test',
    body: noBody,
    response: explanation,
    status: 202,
    handle: async (tx, { params, services, principal, now }) => {
      const user = found(await readUser(tx, idIn(params, 'user_id')));
      const planning = planningOf(services);
      const request = {
        category: 'test' as const,
        content: { kind: 'test' as const },
        target: null,
        actorUserId: null,
        to: [{ user: user.user_id }],
        createdBy: creatorOf(principal),
      };
      const { notificationId, deliveries } = await notifyNow(tx, planning, request, 1, now);
      const person = { userId: user.user_id, name: user.name };
      const { steps, ways } = await explainTest(tx, planning, person, deliveries);
      return {
        body: {
          notification_id: notificationId,
          user_id: user.user_id,
          steps: steps.map((step) => ({ ...step })),
          channels: ways.map(presentWay),
          deliveries: deliveries.map(presentDelivery),
        },
        target: { kind: 'notification', id: notificationId },
      };
    },
  }),
];
