/** What an activity proves about notifications: a button that was used stood on a message that arrived. */
import { isTransactionLost } from '../actions/run-action.ts';
import type { Activity, Intent } from '../kernel/activity.ts';
import type { PlatformRegistration } from '../kernel/platform.ts';
import type { Log } from '../kernel/ports.ts';
import { type EvidenceOrigin, recordResponse } from '../notify/confirm-delivery.ts';
import type { InboundContextRow } from './inbound-queries.ts';
import type { Scene } from './scene.ts';

/**
 * Records the answer to the notification whose button or form was used; costs nothing where it was none. In a savepoint
 * of its own: a failure here must not cost the person what the button does.
 * @throws only what says that the transaction itself cannot go on
 */
export async function confirmUsed(scene: Scene, log: Log): Promise<void> {
  const { activity, nonces, context } = scene;
  const { tx, now, tenant } = context;
  const nonce = nonceOf(activity.intent);
  const deliveryId = nonce === null ? null : nonces.deliveryOf(nonce);
  if (nonce === null || deliveryId === null || !nonces.isValid(tenant.tenantId, nonce, now)) return;
  try {
    await tx.savepoint(() => recordResponse(tx, { deliveryId, messageId: activity.cardMessageId }, now));
  } catch (error) {
    if (isTransactionLost(error)) throw error;
    log.error({ delivery_id: deliveryId, err: error }, 'the answer to a notification was not recorded');
  }
}

/** Who and where, as far as evidence tells. */
export function originOf(
  { person, reference }: Activity,
  { registrationId }: PlatformRegistration,
  row: InboundContextRow,
): EvidenceOrigin {
  const ids = [person?.platformUserId, person?.otherId, reference?.platformConversationId];
  const destinationIds = reference === null ? null : ids.filter((id) => id !== undefined);
  return { registrationId, userId: row.user_id, destinationIds };
}

function nonceOf(intent: Intent): string | null {
  switch (intent.kind) {
    case 'press':
    case 'press_command':
    case 'submit_form':
      return intent.nonce;
    case 'open_form':
      return intent.nonce ?? null;
    default:
      return null;
  }
}
